"""The law files as their authors wrote them: each rule and fact with its place and its own layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from reasoner.program import law_files
from reasoner.reform import Reform


class Statement(NamedTuple):
    """A rule or fact of a text, from ``start`` to ``end``; ``node`` is what clingo reads there."""

    line: int
    start: int
    end: int
    node: Any


class LawText:
    """One law file."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self.text.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return starts

    def offset(self, position: Any) -> int:
        """Where in the text a position of clingo is; its columns count bytes."""
        start: int = self._starts[position.line - 1]
        return start + len(self.text[start:].encode()[: position.column - 1].decode())

    @cached_property
    def statements(self) -> tuple[Statement, ...]:
        """Its rules and facts in their order."""
        return tuple(self._statements())

    def _statements(self) -> Iterator[Statement]:
        from clingo import ast

        nodes: list[Any] = []
        ast.parse_string(self.text, nodes.append)
        for node in nodes:
            if node.ast_type == ast.ASTType.Rule:
                begin, end = node.location.begin, node.location.end
                yield Statement(begin.line, self.offset(begin), self.offset(end), node)

    def written(self, statement: Statement) -> str:
        """A statement with its line breaks."""
        return self.text[statement.start : statement.end]


def law_texts(root: Path, reforms: Sequence[Reform] = ()) -> dict[str, LawText]:
    """The files of a law and of its reforms, by the names that rules give as their place."""
    base = root.resolve()
    found = {
        path.relative_to(base).as_posix(): content for path, content in law_files(root).items() if base in path.parents
    }
    for reform in reforms:
        found |= {f"{reform.name}/{name}": content for name, content in reform.files.items()}
    # The table of contents includes the others, and holds no rule.
    return {name: LawText(content.decode()) for name, content in found.items() if b"#include" not in content}
