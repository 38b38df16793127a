"""Pictures of results over days or numbers: blocks for the terminal, and SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

BLOCKS = {"eligible": "█", "discretionary": "▓", "undetermined": "▒", "not_eligible": "·", "": " "}
_COLOURS = {
    "eligible": "#2e7d32",
    "discretionary": "#0277bd",
    "undetermined": "#f9a825",
    "not_eligible": "#d7d7d7",
    "": "#f4f4f4",
}
_WIDTH, _LEFT, _ROW, _TOP, _KEY = 760, 20, 44, 34, 24


class Bar(NamedTuple):
    """One row of a picture: a title and parts, each from a number up to another (not included), with what is so there
    and the words for it."""

    title: str
    parts: tuple[tuple[int, int, str, str], ...]


def number(value: Any) -> int:
    """The place of a value on an axis."""
    return value.toordinal() if isinstance(value, date) else int(value)


def value(place: int, *, dated: bool) -> str:
    """The value at a place of an axis."""
    return date.fromordinal(place).isoformat() if dated else str(place)


def window(turns: Sequence[int], around: int) -> tuple[int, int]:
    """The part of an axis to draw: all turns, with room on both sides; what lies ``around`` one where there is none."""
    low, high = min(turns, default=around), max(turns, default=around)
    room = max((high - low) // 8, 2)
    return low - room, high + room


def blocks(bar: Bar, low: int, high: int, width: int) -> str:
    """A row as characters: each shows what is so in the middle of its stretch."""
    found = []
    for column in range(width):
        place = low + (2 * column + 1) * (high - low) // (2 * width)
        state = next((state for first, after, state, _ in bar.parts if first <= place < after), "")
        found.append(BLOCKS.get(state, "?"))
    return "".join(found)


Legend = Sequence[tuple[str, str]]
"""The results that occur, with their words."""


def svg(title: str, bars: Sequence[Bar], low: int, high: int, label: Callable[[int], str], legend: Legend) -> str:
    """Rows of coloured bars over an axis from ``low`` to ``high`` as an SVG picture; ``label`` names a place on it."""
    height = _TOP + _ROW * len(bars) + 46 + _KEY
    scale = (_WIDTH - 2 * _LEFT) / max(high - low, 1)

    def x(place: int) -> float:
        return round(_LEFT + (min(max(place, low), high) - low) * scale, 1)

    lines = [*_head(title, height), *_axis(bars, low, high, x, height - _KEY, label)]
    for index, bar in enumerate(bars):
        top = _TOP + index * _ROW
        lines.append(f'<text x="{_LEFT}" y="{top + 12}">{escape(bar.title)}</text>')
        for first, after, state, words in bar.parts:
            left, right = x(first), x(after)
            if right > left:
                lines.append(
                    f'<rect x="{left}" y="{top + 17}" width="{round(right - left, 1)}" height="18" '
                    f'fill="{_COLOURS.get(state, "#ffffff")}"><title>{escape(words)}</title></rect>'
                )
    return "\n".join([*lines, *_legend(legend, height - 12), "</svg>", ""])


def _legend(legend: Legend, bottom: int) -> Iterator[str]:
    """A square of its colour before the words of each result."""
    left = _LEFT
    for state, words in legend:
        yield f'<rect x="{left}" y="{bottom - 10}" width="12" height="12" fill="{_COLOURS.get(state, "#ffffff")}"/>'
        yield f'<text x="{left + 17}" y="{bottom}">{escape(words)}</text>'
        left += 34 + 7 * len(words)


class Field(NamedTuple):
    """A map of two axes: columns from one number up to another, each with its parts along the second axis."""

    title: str
    columns: tuple[tuple[int, int, tuple[tuple[int, int, str, str], ...]], ...]


def field_blocks(field: Field, low: int, high: int, width: int, height: int) -> list[str]:
    """A map as lines of characters, the highest values of the second axis on top."""
    first, after = field.columns[0][0], field.columns[-1][1]
    lines = []
    for row in reversed(range(height)):
        place = low + (2 * row + 1) * (high - low) // (2 * height)
        line = []
        for column in range(width):
            across = first + (2 * column + 1) * (after - first) // (2 * width)
            parts = next((parts for start, end, parts in field.columns if start <= across < end), ())
            line.append(BLOCKS.get(next((s for start, end, s, _ in parts if start <= place < end), ""), "?"))
        lines.append("".join(line))
    return lines


def field_svg(
    title: str,
    fields: Sequence[Field],
    names: tuple[str, str],
    low: int,
    high: int,
    show: Callable[[int, int], str],
    legend: Legend,
) -> str:
    """Maps of two axes as an SVG picture; ``names`` are those of the axes, ``show`` gives the label of a place on one
    of them (0 or 1)."""
    side, gap = 300, 90
    height = _TOP + (side + gap) * len(fields) + 10 + _KEY
    lines = list(_head(title, height))
    for index, field in enumerate(fields):
        top, left, wide = _TOP + index * (side + gap) + 24, 110, _WIDTH - 140
        first, after = field.columns[0][0], field.columns[-1][1]
        lines.append(f'<text x="{_LEFT}" y="{top - 8}">{escape(field.title)}</text>')
        for start, end, parts in field.columns:
            x = round(left + (start - first) * wide / (after - first), 1)
            width = round((end - start) * wide / (after - first), 1)
            for begin, stop, state, words in parts:
                y = round(top + (high - stop) * side / (high - low), 1)
                tall = round((stop - begin) * side / (high - low), 1)
                lines.append(
                    f'<rect x="{x}" y="{y}" width="{width}" height="{tall}" fill="{_COLOURS.get(state, "#ffffff")}">'
                    f"<title>{escape(words)}</title></rect>"
                )
        for place, y in ((high - 1, top + 12), (low, top + side)):
            lines.append(f'<text x="{left - 6}" y="{y}" text-anchor="end">{escape(show(1, place))}</text>')
        for place, x, anchor in ((first, left, "start"), (after - 1, left + wide, "end")):
            lines.append(f'<text x="{x}" y="{top + side + 16}" text-anchor="{anchor}">{escape(show(0, place))}</text>')
        lines.append(f'<text x="{left}" y="{top + side + 34}">{escape(names[0])} → · {escape(names[1])} ↑</text>')
    return "\n".join([*lines, *_legend(legend, height - 12), "</svg>", ""])


def _head(title: str, height: int) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(title, {chr(34): "&quot;"})}" font-family="sans-serif" font-size="12">'
    )
    yield f"<title>{escape(title)}</title>"
    yield f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
    yield f'<text x="{_LEFT}" y="20" font-weight="bold">{escape(title)}</text>'


def _axis(
    bars: Sequence[Bar], low: int, high: int, x: Callable[[int], float], height: int, label: Callable[[int], str]
) -> Iterator[str]:
    """The axis with the turns of all rows; labels that would touch are left out."""
    turns = sorted({first for bar in bars for first, _, _, _ in bar.parts if low < first < high})
    bottom, last = height - 40, -999.0
    yield f'<line x1="{x(low)}" y1="{bottom}" x2="{x(high)}" y2="{bottom}" stroke="#444444"/>'
    for turn in turns:
        at = x(turn)
        yield f'<line x1="{at}" y1="{_TOP + 4}" x2="{at}" y2="{bottom + 4}" stroke="#444444" stroke-dasharray="2 3"/>'
        if at - last > 72:
            last = at
            anchor = "end" if at > _WIDTH - 50 else "middle" if at > 50 else "start"
            yield f'<text x="{at}" y="{bottom + 18}" text-anchor="{anchor}">{escape(label(turn))}</text>'
