"""Lines as a tree for the terminal, made with rich; it reads the same without colour and piped to a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reasoner.render.lines import Line, reference

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text
    from rich.tree import Tree

_STYLES = {"✓": "green", "✗": "red", "?": "yellow", "–": "cyan", "!": "bold yellow", "i": "blue"}


def console(*, width: int | None = None) -> Console:
    """A console on standard output: as wide as the terminal, 80 columns in a pipe unless ``COLUMNS`` says otherwise."""
    from rich.console import Console

    return Console(width=width, soft_wrap=False, highlight=False, emoji=False, markup=False)


@contextmanager
def printing(out: Console) -> Iterator[None]:
    """Prints what is written to ``out``; in a pipe without the blanks with which rich fills its lines."""
    if out.is_terminal:
        yield
        return
    with out.capture() as captured:
        yield
    print("\n".join(line.rstrip() for line in captured.get().split("\n")), end="")


@contextmanager
def progress(total: int, doing: str) -> Iterator[Callable[[int], object]]:
    """A bar on standard error while something is done, if that is a terminal; call what you get with how much more
    is."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    # Without a thread of its own: processes are started below it.
    with Progress(console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task(doing, total=total)
        bar.refresh()

        def advance(done: int) -> None:
            bar.advance(task, done)
            bar.refresh()

        yield advance


def tree(line: Line, articles: Mapping[str, str]) -> Tree:
    """A line and everything below it."""
    from rich.tree import Tree

    root = Tree(_label(line, articles), guide_style="dim")
    _grow(root, line.children, articles)
    return root


def _grow(branch: Tree, lines: Iterable[Line], articles: Mapping[str, str]) -> None:
    for line in lines:
        _grow(branch.add(_label(line, articles)), line.children, articles)


def styled(mark: str, text: Text) -> RenderableType:
    """A text after its mark, its further lines below its first."""
    from rich.table import Table
    from rich.text import Text

    if not mark:
        return text
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_row(Text(mark, _STYLES.get(mark, "")), text)
    return table


def _label(line: Line, articles: Mapping[str, str]) -> Text:
    from rich.text import Text

    text = Text(overflow="fold")
    if line.mark:
        text.append(f"{line.mark} ", style=_STYLES.get(line.mark, ""))
    text.append(line.text, style="bold" if line.heading else "")
    if line.provisions:
        text.append(f" [{references(line, articles)}]", style="dim")
    return text


def references(line: Line, articles: Mapping[str, str]) -> str:
    """The provisions of a line with their articles."""
    found: dict[str, list[str]] = {}
    for provision in line.provisions:
        found.setdefault(articles.get(provision, ""), []).append(reference(provision))
    return "; ".join(", ".join([*ids, *([article] if article else [])]) for article, ids in found.items())
