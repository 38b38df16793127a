"""Pictures of results over days or numbers: blocks for the terminal, and SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
_WIDTH, _LEFT, _ROW, _TOP = 760, 20, 44, 34


class Bar(NamedTuple):
    """One row of a picture: a title and parts, each from a number up to another (not included), with what is so there
    and the words for it."""

    title: str
    parts: tuple[tuple[int, int, str, str], ...]


def number(value: Any) -> int:
    """The place of a value on an axis."""
    return value.toordinal() if isinstance(value, date) else int(value)


def label(place: int, *, dated: bool) -> str:
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


def svg(title: str, bars: Sequence[Bar], low: int, high: int, *, dated: bool = True) -> str:
    """Rows of coloured bars over an axis from ``low`` to ``high`` as an SVG picture, with every turn labelled."""
    height = _TOP + _ROW * len(bars) + 46
    scale = (_WIDTH - 2 * _LEFT) / max(high - low, 1)

    def x(place: int) -> float:
        return round(_LEFT + (min(max(place, low), high) - low) * scale, 1)

    lines = list(_head(title, height))
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
    lines += _axis(bars, low, high, x, height, dated=dated)
    return "\n".join([*lines, "</svg>", ""])


def _head(title: str, height: int) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(title, {chr(34): "&quot;"})}" font-family="sans-serif" font-size="12">'
    )
    yield f"<title>{escape(title)}</title>"
    yield f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
    yield f'<text x="{_LEFT}" y="20" font-weight="bold">{escape(title)}</text>'


def _axis(bars: Sequence[Bar], low: int, high: int, x: Any, height: int, *, dated: bool) -> Iterator[str]:
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
            yield f'<text x="{at}" y="{bottom + 18}" text-anchor="{anchor}">{label(turn, dated=dated)}</text>'
