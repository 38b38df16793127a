"""What is known of one shape of cases: which inputs its results read, and the reasons met so far.

A condition or document depends on few inputs. What it is, and why, is looked up by their truths; for a combination that
is new, by the truths that were read to say so in an earlier case; and is else worked out by the code that decides
single cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reasoner.batch.distinct import alike, numbered
from reasoner.batch.fragments import of_condition, of_document, of_result
from reasoner.batch.seen import Entangled, Glance, Seen, Ties, Tree, Unsettled
from reasoner.ground import Atom
from reasoner.outcome import Dependence, Layout, layout, parts
from reasoner.run import Machine, Run
from reasoner.terms import leaves

_PER_WORD = 31  # truths that a whole number holds, two bits each
_UNSETTLED = -2  # in place of an entry: its leaves do not tell
_DIRECT = 7  # leaves up to which combinations are looked up in a table

Number = NDArray[np.int64]


@dataclass(eq=False, repr=False)
class Sample:
    """A case that stands for all like it, on one route; of its outcome no more is worked out than is asked for.

    ``keep`` takes explanations; where there is none, none are made.
    """

    ties: Ties
    glance: Glance
    person: str
    route: str
    keep: Callable[[int, bytes], Any] | None

    @cached_property
    def seen(self) -> Seen:
        """The case as its columns have it."""
        return Seen(self.ties, self.glance)

    def condition(self, identifier: str) -> Entry:
        """A condition."""
        found, its = parts(self.seen, self.person, self.route).condition(identifier)
        if found is None:
            return NOTHING
        return Entry(found.status, self._kept(of_condition, self.seen, found), found.provisions, its)

    def document(self, identifier: str) -> Entry:
        """A document."""
        found = parts(self.seen, self.person, self.route).document(identifier)
        if found is None:
            return NOTHING
        return Entry(found.status, self._kept(of_document, self.seen, found), found.provisions, ())

    def remark(self, number: int) -> Entry:
        """What else carries the result."""
        cited = parts(self.seen, self.person, self.route).cited_if_true(number)
        return NOTHING if cited is None else Entry(CERTAIN, 0, cited, ())

    def result(self, result: str, file: str, carrying: dict[str, tuple[str, ...]]) -> int:
        """The number of the explanation of the result."""
        try:
            return self._kept(of_result, self.seen, result, file, carrying)
        except Unsettled:
            return self._kept(of_result, self.glance.decided(), result, file, carrying)

    @property
    def depends_on(self) -> Iterable[Dependence]:
        """What can still change the result."""
        return parts(self.glance.decided(), self.person, self.route).depends_on()

    def _kept(self, explain: Callable[..., tuple[int, bytes]], run: Run, *about: Any) -> int:
        if self.keep is None:
            return 0
        number, fragment = explain(run, self.person, self.route, *about)
        self.keep(number, fragment)
        return number


class Entry(NamedTuple):
    """What a part of an outcome is for some truths; ``status`` is None where the case has no such part."""

    status: str | None
    fragment: int
    provisions: tuple[str, ...]
    ways: tuple[tuple[Atom, ...], ...]


NOTHING = Entry(None, 0, (), ())
CERTAIN, POSSIBLE = "certain", "possible"


class _Found(NamedTuple):
    """The number of an entry, and whether the engine was asked."""

    entry: int
    asked: bool


@dataclass(eq=False, repr=False)
class Part:
    """A condition, a document or a remark of a route, with its entries so far.

    ``leaves`` are the inputs and comparisons that its ``atoms`` depend on; where they leave it open, what constraints
    on possible cases tie to them counts as well (``tied``), and what else is looked at where something is open.
    """

    name: str
    atoms: tuple[int, ...]
    leaves: tuple[int, ...]
    machine: Machine
    build: Callable[[Sample], Entry]
    entries: list[Entry] = field(default_factory=list)
    _known: dict[tuple[int, ...], int] = field(default_factory=dict)
    _opened: dict[tuple[int, ...], int] = field(default_factory=dict)
    _read: Tree[_Found] = field(default_factory=Tree)

    @cached_property
    def tied(self) -> tuple[int, ...]:
        """The leaves, and what constraints on possible cases tie to them."""
        return tuple(sorted(self.machine.evaluator.listed(self.machine.mask(self.atoms))))

    @cached_property
    def points(self) -> tuple[Any, ...]:
        """The points that comparisons among those read."""
        comparisons = self.machine.program.comparisons
        return tuple({point: 0 for number in self.tied if (atom := comparisons.get(number)) for point in leaves(atom)})

    @cached_property
    def _beside(self) -> tuple[Any, ...]:
        comparisons = self.machine.program.comparisons
        return (*self.tied, *self.points, *(-number for number in self.tied if number in comparisons))

    @cached_property
    def _table(self) -> NDArray[np.int32]:
        return np.full(4 ** len(self.leaves), -1, np.int32)

    def numbers(
        self, truth: Callable[[Any], Any], rows: Any, sample: Callable[[int], Sample], impossible: Any
    ) -> Number:
        """The number of the entry of each of these cases; -1 for one that has to be decided by itself.

        ``truth`` gives in all cases what a :class:`Glance` gives in one, None if nowhere; ``sample`` is the case at a
        place among ``rows``; the facts of an ``impossible`` case exclude each other.
        """

        def settled(place: int) -> int:
            found = self._entry(sample(place))
            return _UNSETTLED if found.asked else found.entry

        found = self._numbers(self.leaves, truth, rows, settled, self._known, len(self.leaves) <= _DIRECT)
        again = np.flatnonzero(found == _UNSETTLED)
        if len(again):
            found[again] = -1
            again = again[~impossible[rows[again]]]
            found[again] = self._numbers(
                self._beside,
                truth,
                rows[again],
                lambda place: self._entry(sample(int(again[place]))).entry,
                self._opened,
                False,
            )
        return found

    def read(self, numbers: Any, of: Callable[[str | None], Any]) -> Any:
        """What ``of`` makes of the status of each of these entries; of one that is not there, of None."""
        return np.array([*(of(entry.status) for entry in self.entries), of(None)])[numbers]

    def _numbers(
        self,
        leaves: tuple[Any, ...],
        truth: Callable[[Any], Any],
        rows: Any,
        entry: Callable[[int], int],
        known: dict[tuple[int, ...], int],
        direct: bool,
    ) -> Number:
        kind = np.int16 if direct else np.int64
        words: list[Any] = [np.zeros(len(rows), kind) for _ in range(len(leaves) // _PER_WORD + 1)]
        for place, leaf in enumerate(leaves):
            column = truth(leaf)
            if column is not None:
                word, shift = divmod(place, _PER_WORD)
                here = column if len(rows) == len(column) else column[rows]  # rows rise: so many are all
                words[word] |= here.astype(kind) << (2 * shift)
        if direct:
            numbers: Number = self._table[words[0]]
            while (missing := np.flatnonzero(numbers == -1)).size:
                place = int(missing[0])
                self._table[words[0][place]] = entry(place)
                numbers = self._table[words[0]]
            return numbers.astype(np.int64)
        number, first = numbered(words[0]) if len(words) == 1 else alike(words)
        keys = zip(*(word[first].tolist() for word in words), strict=True)
        found = np.empty(len(first), np.int64)
        for index, key in enumerate(keys):
            its = known.get(key)
            if its is None:
                its = known[key] = entry(int(first[index]))
            found[index] = its
        return found[number]

    def _entry(self, sample: Sample) -> _Found:
        """The entry of a case; -1 where it has to be decided by itself."""
        found = self._read.find(sample.glance.look)
        if found is None:
            seen = sample.seen
            try:
                self.entries.append(self.build(sample))
                found = _Found(len(self.entries) - 1, seen.asked)
            except Entangled:
                found = _Found(-1, True)
            except Unsettled:
                return _Found(-1, True)
            self._read.add(seen.read, found)
        return found


@dataclass(eq=False, repr=False)
class Route:
    """One person on one route, with the parts of the outcome."""

    person: str
    route: str
    regime: str
    place: int
    relevant: int
    layout: Layout
    conditions: dict[str, Part]
    documents: dict[str, Part]
    remarks: dict[int, Part]
    deadlines: dict[int, Part]
    shown: Part
    result: Part
    file: Part
    results: dict[tuple[Any, ...], int] = field(default_factory=dict)
    depending: dict[tuple[int, ...], int] = field(default_factory=dict)
    depends: list[tuple[Atom, ...]] = field(default_factory=list)


@dataclass(eq=False, repr=False)
class ShapeKnown:
    """Everything about one shape."""

    machine: Machine

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """The routes of each person that can be worth showing, in the order of the law."""
        machine, found = self.machine, []
        number = machine.program.number
        for person in sorted({atom[1] for atom in number if atom[0] == "relevant"}, key=lambda name: int(name[1:])):
            for place, (route, regime) in enumerate(machine.law.table("route")):
                relevant = number.get(("relevant", person, route))
                if relevant is not None:
                    found.append(self._route(person, str(route), str(regime), place, relevant))
        return tuple(found)

    def _route(self, person: str, route: str, regime: str, place: int, relevant: int) -> Route:
        atoms = layout(self.machine, person, route)
        conditions = {id_: self._condition(id_, states) for id_, states in atoms.conditions.items()}
        documents = {id_: self._document(id_, atoms.papers[id_]) for id_ in atoms.documents}
        remarks = {number: self._remark(number) for number in atoms.carrying}
        deadlines = {number: self._certain(number) for number, _ in atoms.rows["deadline"]}
        shown = self._certain(relevant)
        return Route(person, route, regime, place, relevant, atoms, conditions, documents, remarks, deadlines, shown,
                     self._which(atoms.results), self._which(atoms.files))  # fmt: skip

    def _part(self, name: str, atoms: tuple[int, ...], build: Callable[[Sample], Entry]) -> Part:
        return Part(name, atoms, self._leaves(*atoms), self.machine, build)

    def _leaves(self, *atoms: int) -> tuple[int, ...]:
        return tuple(sorted(self.machine.evaluator.cone(*atoms)))

    def _condition(self, identifier: str, states: dict[str, int]) -> Part:
        return self._part(identifier, tuple(states.values()), lambda sample: sample.condition(identifier))

    def _document(self, identifier: str, atoms: tuple[int, ...]) -> Part:
        return self._part(identifier, atoms, lambda sample: sample.document(identifier))

    def _remark(self, number: int) -> Part:
        name = str(self.machine.program.atoms[number][0])
        return self._part(name, (number,), lambda sample: sample.remark(number))

    def _which(self, atoms: tuple[int, ...]) -> Part:
        """Which of some atoms is certain, by its name."""
        names = {number: str(self.machine.program.atoms[number][0]) for number in atoms}

        def build(sample: Sample) -> Entry:
            certain = (name for number, name in names.items() if sample.seen.truth(number))
            return NOTHING._replace(status=next(certain, None))

        return self._part("", atoms, build)

    def _certain(self, number: int) -> Part:
        def build(sample: Sample) -> Entry:
            status = {True: CERTAIN, False: None, None: POSSIBLE}[sample.seen.truth(number)]
            return NOTHING._replace(status=status)

        return self._part("", (number,), build)

    @cached_property
    def atoms(self) -> tuple[int, ...]:
        """The conclusions that any of the results reads."""
        found: list[int] = []
        for route in self.routes:
            found += (route.relevant, *route.layout.results, *route.layout.files, *route.remarks)
            for part in (*route.conditions.values(), *route.documents.values()):
                found += part.atoms
            found += (number for number, _ in route.layout.rows["deadline"])
        return tuple(found)

    @cached_property
    def wanted(self) -> tuple[int, ...]:
        """The comparisons that these, or constraints on possible cases, read."""
        constraints = self.machine.program.constraints
        leaves = self._leaves(*self.atoms, *(number for body in constraints for part in body for number in part))
        return tuple(number for number in leaves if number in self.machine.program.comparisons)

    @cached_property
    def ties(self) -> Ties:
        """What hangs together where it is open."""
        return Ties(self.machine)
