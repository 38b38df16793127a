"""Reports made of headings, sentences, trees and verbatim text: as text for a terminal or a pipe, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from reasoner.render.lines import Line
from reasoner.render.markdown import escaped, markdown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

STEP = 2  # columns for each level


class Block(NamedTuple):
    """A part of a report, ``level`` steps in: a sentence with its mark, a heading, verbatim text, a tree or a table.

    ``kind`` is ``heading``, ``strong``, ``text``, ``faint``, ``case``, ``rule``, ``command``, ``tree`` or ``table``; a
    table has its headings in ``lines``. A tree has ``gap`` blank lines above it.
    """

    kind: str
    text: str = ""
    level: int = 0
    mark: str = ""
    lines: tuple[str, ...] = ()
    tree: Line | None = None
    articles: Mapping[str, str] = {}
    rows: tuple[tuple[str, ...], ...] = ()
    gap: int = 0


_LANGUAGES = {"case": "yaml", "rule": "prolog", "command": "console"}


def show(blocks: Iterable[Block], format: str) -> None:
    """Prints blocks as Markdown or as text."""
    if format == "markdown":
        print("\n\n".join(as_markdown(blocks)))
        return
    from reasoner.render.text import console, printing

    out = console()
    with printing(out):
        write(out, blocks)


def write(out: Console, blocks: Iterable[Block]) -> None:
    """Prints blocks, a blank line before each heading and around what is verbatim."""
    from rich.padding import Padding
    from rich.text import Text

    from reasoner.render.text import styled, tree

    for block in blocks:
        indent = block.level * STEP
        if block.kind == "tree" and block.tree is not None:
            out.print(Padding(tree(block.tree, block.articles), (block.gap, 0, 0, indent)))
        elif block.kind == "table":
            out.print(Padding(_table(block), (1, 0, 0, indent)))
        elif block.kind == "case":
            out.print()
            for line in block.lines:
                out.print(Padding(Text(line), (0, 0, 0, indent)))
            out.print()
        elif block.kind in _LANGUAGES:
            out.print(
                Padding(Text("\n".join(block.lines), "" if block.kind == "command" else "dim"), (0, 0, 0, indent))
            )
        else:
            heading = block.kind == "heading"
            style = {"heading": "bold", "strong": "bold", "faint": "dim"}.get(block.kind, "")
            text = styled(block.mark, Text(block.text, style, overflow="fold"))
            out.print(Padding(text, (1 if heading else 0, 0, 0, indent)))


def _table(block: Block) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in block.lines:
        table.add_column(Text(name), overflow="fold")
    for row in block.rows:
        table.add_row(*map(Text, row))
    return table


def as_markdown(blocks: Iterable[Block]) -> Iterator[str]:
    """The blocks as Markdown paragraphs."""
    for block in blocks:
        text = f"{block.mark} {escaped(block.text)}".strip()
        if block.kind == "tree" and block.tree is not None:
            yield "\n".join(markdown(block.tree, block.articles, 1))
        elif block.kind == "table":
            yield "\n".join(_markdown_row(row) for row in (block.lines, ("---",) * len(block.lines), *block.rows))
        elif block.kind in _LANGUAGES:
            prompt = "$ " if block.kind == "command" else ""
            yield "\n".join([f"```{_LANGUAGES[block.kind]}", *(prompt + line for line in block.lines), "```"])
        elif block.kind == "heading":
            yield f"{'#' * min(block.level + 2, 4)} {text}"
        else:
            yield text


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell if cell == '---' else escaped(cell) for cell in cells)} |"
