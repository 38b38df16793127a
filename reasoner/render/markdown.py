"""Lines as nested Markdown lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reasoner.render.lines import Line
from reasoner.render.text import references

_SPECIAL = str.maketrans({character: f"\\{character}" for character in "\\`*_[]<>#|"})


def escaped(text: str) -> str:
    """A sentence with the signs of Markdown as signs of its own."""
    return text.translate(_SPECIAL)


def markdown(line: Line, articles: Mapping[str, str], level: int = 0) -> Iterator[str]:
    """The text lines of a line and everything below it."""
    text = escaped(line.text)
    label = f"{line.mark} {text}" if line.mark else text
    if line.heading and level:
        label = f"**{label}**"
    if line.provisions:
        label += f" ({escaped(references(line, articles))})"
    yield f"## {label}\n" if level == 0 else f"{'  ' * (level - 1)}- {label}"
    for child in line.children:
        yield from markdown(child, articles, level + 1)
    if level == 0:
        yield ""
