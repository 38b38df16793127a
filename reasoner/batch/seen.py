"""Cases of a group read truth by truth, and what was found along the truths that were read.

What a conclusion is, and why, follows from the truths that are read to say so. Where all of these are the same it is
the same, whatever else in the facts that it could depend on is otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from reasoner.cast import Cast
from reasoner.evaluate import Rails
from reasoner.facts import Inputs
from reasoner.run import Machine, Run

T = TypeVar("T")
Truth = bool | None


class Unsettled(Exception):
    """A conclusion is open: what it is takes more than the truths of single inputs."""


class Tree(Generic[T]):
    """What was found, by the truths that were read on the way to it."""

    def __init__(self) -> None:
        self._root: Any = None

    def find(self, truth: Callable[[int], Truth]) -> T | None:
        """What is known of a case; None where nothing is yet."""
        node = self._root
        while type(node) is _Step:
            node = node.get(truth(node.atom))
        return node  # type: ignore[no-any-return]

    def add(self, read: Mapping[int, Truth], found: T) -> None:
        """Adds what was found in a case by reading these truths, in this order."""
        holder: Any = {None: self._root}
        place: Truth = None
        top = holder
        for atom, value in read.items():
            if place not in holder or holder[place] is None:
                holder[place] = _Step(atom)
            holder, place = holder[place], value
        holder[place] = found
        self._root = top[None]


class _Step(dict[Truth, Any]):
    """What follows each truth of an atom."""

    def __init__(self, atom: int) -> None:
        self.atom = atom


class Seen(Run):
    """A case of which nothing is known but the truths of atoms; it keeps those that were ``read``.

    Explanations taken from it name no places and no distances. Raises :class:`Unsettled` where a conclusion is open.
    """

    def __init__(self, machine: Machine, cast: Cast, truth: Callable[[int], Truth]) -> None:
        super().__init__(machine, _inputs(machine), cast)
        self.look, self._shown = truth, machine.program.is_shown
        self.read: dict[int, Truth] = {}

    def remembered(self, key: Any, atoms: tuple[int, ...], build: Callable[[], T]) -> T:
        """What ``build`` gives."""
        return build()

    def state(self, number: int) -> Truth:
        """Whether an atom holds; of one that is not shown None is an answer."""
        if number in self.read:
            return self.read[number]
        found = self.read[number] = self.look(number)
        if found is None and number in self._shown:
            raise Unsettled
        return found

    def truth(self, number: int) -> Truth:
        """As :meth:`state`."""
        return self.state(number)

    @property
    def rails(self) -> Rails:  # type: ignore[override]
        """There are none: truths are read one by one."""
        raise NotImplementedError


class _Nowhere:
    """Stands for the places and days of a case."""

    def place(self, _: Any) -> None:
        """Nowhere."""

    def distance(self, _: Any) -> None:
        """None."""


_NOWHERE: Any = _Nowhere()


def _inputs(machine: Machine) -> Inputs:
    return Inputs(dict.fromkeys(machine.program.inputs), set(), set(), {}, _NOWHERE, _NOWHERE)
