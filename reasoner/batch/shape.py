"""What is known of one shape of cases: which inputs its results read, and the reasons met so far.

A condition or document depends on few inputs. What it is, and why, is worked out once for each combination of their
truths, by the code that decides single cases, for the first case that shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reasoner.batch.distinct import alike, numbered
from reasoner.batch.fragments import Reasons
from reasoner.ground import Atom
from reasoner.outcome import Layout, Outcome, layout
from reasoner.run import Machine, Run

_PER_WORD = 31  # truths that a whole number holds, two bits each
_DIRECT = 7  # leaves up to which combinations are looked up in a table

Number = NDArray[np.int64]


class Sample(NamedTuple):
    """A case that stands for all like it, decided on one route."""

    run: Run
    outcome: Outcome
    reasons: Reasons


class Entry(NamedTuple):
    """What a part of an outcome is for one combination of truths.

    ``status`` is None where the case has no such part; ``settled`` says that nothing open can change that.
    """

    status: str | None
    fragment: int
    provisions: tuple[str, ...]
    ways: tuple[tuple[Atom, ...], ...]
    settled: bool


@dataclass(eq=False, repr=False)
class Part:
    """A condition, a document or a remark of a route, with its entries so far."""

    name: str
    atoms: tuple[int, ...]
    leaves: tuple[int, ...]
    build: Callable[[Sample], Entry]
    entries: list[Entry] = field(default_factory=list)
    _known: dict[tuple[int, ...], int] = field(default_factory=dict)

    @cached_property
    def _table(self) -> NDArray[np.int32]:
        return np.full(4 ** len(self.leaves), -1, np.int32)

    def numbers(self, states: dict[int, Any], rows: Any, sample: Callable[[int], Sample]) -> Number:
        """The number of the entry of each of these cases; ``states`` are the truths of all inputs.

        ``sample`` decides the case at a place among ``rows``.
        """
        words = [np.zeros(len(rows), np.int64) for _ in range(len(self.leaves) // _PER_WORD + 1)]
        for place, leaf in enumerate(self.leaves):
            found = states.get(leaf)
            if found is not None:
                word, shift = divmod(place, _PER_WORD)
                words[word] |= found[rows].astype(np.int64) << (2 * shift)
        if len(self.leaves) <= _DIRECT:
            entry = self._table[words[0]]
            while (missing := np.flatnonzero(entry < 0)).size:
                place = int(missing[0])
                self._table[words[0][place]] = self._add(sample(place))
                entry = self._table[words[0]]
            return entry.astype(np.int64)
        number, first = numbered(words[0]) if len(words) == 1 else alike(words)
        keys = zip(*(word[first].tolist() for word in words), strict=True)
        found = np.empty(len(first), np.int64)
        for index, key in enumerate(keys):
            known = self._known.get(key)
            if known is None:
                known = self._known[key] = self._add(sample(int(first[index])))
            found[index] = known
        return found[number]

    def _add(self, sample: Sample) -> int:
        self.entries.append(self.build(sample))
        return len(self.entries) - 1


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
    results: dict[tuple[Any, ...], int] = field(default_factory=dict)


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
        documents = {id_: self._document(id_, atoms.papers[id_], states) for id_, states in atoms.documents.items()}
        remarks = {number: self._remark(number) for number in atoms.carrying}
        return Route(person, route, regime, place, relevant, atoms, conditions, documents, remarks)

    def _leaves(self, *atoms: int) -> tuple[int, ...]:
        return tuple(sorted(frozenset[int]().union(*(self.machine.evaluator.cone(atom) for atom in atoms))))

    @staticmethod
    def _settled(run: Run, atoms: tuple[int, ...]) -> bool:
        return all(run.rails.truth(atom) is not None for atom in atoms)

    def _condition(self, identifier: str, states: dict[str, int]) -> Part:
        atoms = tuple(states.values())

        def build(sample: Sample) -> Entry:
            run, outcome, reasons = sample
            settled = self._settled(run, atoms)
            for found, (number, _) in zip(outcome.conditions, reasons.conditions, strict=True):
                if found.id == identifier:
                    name = run.cast.canonical[outcome.person]
                    unmet = found.status == "unmet"
                    return Entry(found.status, number, found.provisions,
                                 _ways(run, name, outcome.route, identifier) if unmet else (), settled)  # fmt: skip
            return Entry(None, 0, (), (), settled)

        return Part(identifier, atoms, self._leaves(*atoms), build)

    def _document(self, identifier: str, atoms: tuple[int, ...], states: dict[str, int]) -> Part:
        def build(sample: Sample) -> Entry:
            run, outcome, reasons = sample
            settled = self._settled(run, tuple(states.values()))
            for found, (number, _) in zip(outcome.documents, reasons.documents, strict=True):
                if found.type == identifier:
                    return Entry(found.status, number, found.provisions, (), settled)
            return Entry(None, 0, (), (), settled)

        return Part(identifier, atoms, self._leaves(*atoms), build)

    def _remark(self, number: int) -> Part:
        name = str(self.machine.program.atoms[number][0])

        def build(sample: Sample) -> Entry:
            settled = self._settled(sample.run, (number,))
            for found in sample.outcome.because:
                if found.id == name:
                    return Entry("applies", 0, found.provisions, (), settled)
            return Entry(None, 0, (), (), settled)

        return Part(name, (number,), self._leaves(number), build)

    @cached_property
    def wanted(self) -> tuple[int, ...]:
        """The comparisons that any of the results read."""
        atoms: list[int] = []
        for route in self.routes:
            atoms += (route.relevant, *route.layout.results, *route.remarks)
            for part in (*route.conditions.values(), *route.documents.values()):
                atoms += part.atoms
            atoms += (number for number, _ in route.layout.rows["deadline"])
        leaves = self._leaves(*atoms)
        return tuple(number for number in leaves if number in self.machine.program.comparisons)


def _ways(run: Run, name: str, route: str, identifier: str) -> tuple[tuple[Atom, ...], ...]:
    from reasoner.outcome import ways

    return ways(run, name, route, identifier)
