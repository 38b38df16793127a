"""Which places of a case file answer for what is open in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reasoner.cast import Path
from reasoner.facts import Inputs
from reasoner.ground import Atom, GroundProgram
from reasoner.terms import leaves

PAPER = 4  # the parts of the place of a paper that the file does not list


class Places:
    """Which places of a case file answer for what is open in a residue, and which inputs and points stand there.

    ``place`` is that of each open point, ``open_points`` are those that each comparison reads.
    """

    def __init__(self, program: GroundProgram, inputs: Inputs, leaves_: Iterable[int]) -> None:
        self.of: dict[int, tuple[Path, ...]] = {}
        self.inputs: dict[Path, list[int]] = {}
        self.points: dict[Path, list[Atom]] = {}
        self.place: dict[Atom, Path] = {}
        self.open_points: dict[int, tuple[Atom, ...]] = {}
        reader, known = inputs.reader, self.place
        for number in leaves_:
            comparison = program.comparisons.get(number)
            if comparison is None:
                place = reader.place(program.atoms[number])
                self.inputs.setdefault(place, []).append(number)
                self.of[number] = (place,)
                continue
            points = tuple(point for point in dict.fromkeys(leaves(comparison)) if point in inputs.open_points)
            for point in points:
                if point not in known:
                    known[point] = reader.place(point)
                    self.points.setdefault(known[point], []).append(point)
            self.open_points[number] = points
            self.of[number] = tuple(dict.fromkeys(known[point] for point in points))

    def __iter__(self) -> Iterator[Path]:
        return iter(dict.fromkeys([*self.inputs, *self.points]))

    def __contains__(self, place: Path) -> bool:
        return place in self.inputs or place in self.points

    @staticmethod
    def askable(place: Path) -> bool:
        """Whether a question can be put about a place: not about properties of a paper before it is known to be
        there."""
        return place[0] != "documents" or len(place) == PAPER
