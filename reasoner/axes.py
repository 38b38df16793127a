"""The values an open point can take: numbered days, minutes or integers, or codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Final

from reasoner.dates import NONE, Atom, Calendar, Table, Term
from reasoner.days import as_day

_EPOCH: Final = datetime(1, 1, 1)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(eq=False, repr=False)
class Axis:
    """The values of one open point: numbered days, minutes or integers, or codes one by one."""

    point: Term
    value: Any
    codes: tuple[str, ...] = ()

    @cached_property
    def range(self) -> range:
        """The numbers of its values."""
        return range(self.number(self.value.lo), self.number(self.value.hi) + 1)

    def number(self, value: Any) -> int:
        """The number of a value."""
        if isinstance(value, datetime):
            return (value - _EPOCH) // _MINUTE
        return value if isinstance(value, int) else value.toordinal()

    @cached_property
    def at(self) -> Callable[[int], Any]:
        """The value that has a number."""
        if isinstance(self.value.lo, datetime):
            return lambda number: _EPOCH + number * _MINUTE
        return int if isinstance(self.value.lo, int) else date.fromordinal

    @property
    def samples(self) -> list[Any]:
        """The values at which other points are tried first."""
        if self.codes:
            return list(self.codes)
        return [self.value.lo, self.value.hi, *([NONE] if self.value.may_be_none else [])]


def kinds_of_code(atoms: Sequence[Atom], calendar: Calendar, points_open: int) -> Iterator[str]:
    """Codes that stand for all: some of each group that classes treat alike, some in no class.

    Where codes are compared with each other, each group has as many as there are open codes, so
    that they can differ, and the codes that known points have stand for themselves.
    """
    named: set[str] = set()
    classes = []
    for atom in atoms:
        if atom[0] == "class":
            on = calendar.value(atom[3]) if len(atom) > 3 else None
            classes.append((calendar.members(atom[1]), on))
        elif atom[0] == "same":
            values = [calendar.value(term) for term in atom[1:]]
            named.update(c for v in values if isinstance(v, (str, tuple)) for c in ((v,) if isinstance(v, str) else v))
    copies = points_open if any(atom[0] == "same" for atom in atoms) else 1
    groups: dict[Any, list[str]] = {}
    for code in sorted(named.union(*(table for table, _ in classes))):
        group = (code in named and code, *(_membership(table, code, on) for table, on in classes))
        groups.setdefault(group, []).append(code)
    for group_codes in groups.values():
        yield from group_codes[:copies]
    for copy in range(copies):
        yield f"other {copy + 1}" if copy else "other"


def _membership(table: Table, code: str, on: Any) -> Any:
    """What a class says about a code: whether it is a member on a known day, or else its days."""
    if code not in table:
        return None
    if not isinstance(on, date):
        return table[code]
    start, stop = table[code]
    day = as_day(on)
    return ((start or day) <= day <= (stop or day)) or None
