"""What stands in the way where no change is enough: conditions and papers, and the fixed facts that rule them out.

The same search, with every fixed fact an assumption that can be dropped, and every condition and paper of the route
another: of those that clingo needs to see that nothing can be found, a set is kept from which none can be left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from reasoner.dates import Atom
from reasoner.errors import dotted
from reasoner.facts import address
from reasoner.questions.remedy_dates import points
from reasoner.questions.remedy_effects import certain
from reasoner.questions.remedy_moves import Moves, Prices, Setting
from reasoner.questions.remedy_part import decided, open_part
from reasoner.questions.remedy_search import Search
from reasoner.questions.remedy_views import Views


class Blocked(NamedTuple):
    """A condition, a document or another reason that cannot be dealt with, with the provisions behind it."""

    kind: str
    id: str
    provisions: tuple[str, ...]


class Standing(NamedTuple):
    """A fixed fact: its place in the case file and the input, with its truth, or the point."""

    path: str
    truth: bool | None
    atom: Atom


class Obstacles(NamedTuple):
    """Why a route cannot be opened: ``blocked`` cannot all be dealt with as long as all of ``facts`` stand."""

    route: str
    blocked: tuple[Blocked, ...]
    facts: tuple[Standing, ...]


def obstacles(views: Views, prices: Prices, route: str) -> Obstacles | None:
    """What stands in the way of a person on a route; None when that cannot be told."""
    aims = _aims(views, route)
    asked = [number for aim in aims.values() for number in aim]
    known = decided(views.program, dict.fromkeys(views.run.inputs.truth), asked)
    part = open_part(views.program, known, asked)
    core = _Core(Moves(views, prices, [route], part), aims).core()
    if core is None:
        return None
    explainer, blocked = certain(views.run).thorough, list[Blocked]()
    for kind, name in (aim for aim in aims if aim in core):
        predicates = {"condition": ("satisfied", "waived"), "document": ()}.get(kind, (name,))
        cited = list(explainer.named((_REQUIRED.get(kind, ""), views.name, route, name)))
        for predicate in predicates:
            atom = (predicate, views.name, route, *((name,) if kind == "condition" else ()))
            if (number := views.program.number.get(atom)) is not None:
                cited += explainer.provisions(number)
        blocked.append(Blocked(kind, name, tuple(dict.fromkeys(cited))))
    facts = sorted(_standing(views, source) for source in core if source not in aims)
    return Obstacles(route, tuple(blocked), tuple(facts))


_REQUIRED = {"condition": "requires", "document": "needs"}
Aims = dict[tuple[str, str], tuple[int, ...]]
"""What is to be dealt with, and the atoms that must not hold."""


def _aims(views: Views, route: str) -> Aims:
    found: dict[tuple[str, str], list[int]] = {}
    for predicate in ("unmet", "displaced", "favour", "document"):
        for number in sorted(views.program.by_predicate.get(predicate, ())):
            _, person, on, *rest = views.program.atoms[number]
            if (person, on) == (views.name, route) and rest[1:] not in (["held"], ["waived"]):
                kind = {"unmet": "condition", "document": "document"}.get(predicate, "other")
                found.setdefault((kind, str(rest[0]) if rest else predicate), []).append(number)
    return {aim: tuple(numbers) for aim, numbers in found.items()}


def _standing(views: Views, source: Atom) -> Standing:
    """A point, or of the inputs that stand at one place the one that is so."""
    truth: bool | None = None
    if (number := views.program.number.get(source)) is not None:
        place = address(views.entry(source), source)
        here = [n for n in views.program.inputs if address(views.entry(a := views.program.atoms[n]), a) == place]
        number = next((n for n in here if views.run.inputs.truth[n]), number)
        source, truth = views.program.atoms[number], views.run.inputs.truth[number]
    return Standing(dotted(views.old.place(source)), truth, source)


class _Core(Search):
    """The search with assumptions: aims, and facts that are fixed."""

    def __init__(self, moves: Moves, aims: Aims) -> None:
        self.wanted = aims
        self.assumed: dict[Atom, int] = {}
        self.sources = {leaf: tuple(self._sources(moves, leaf)) for leaf in moves.part.leaves}
        super().__init__(moves, ())

    @staticmethod
    def _sources(moves: Moves, leaf: int) -> Iterator[Atom]:
        """The fixed facts on which the truth of an input or comparison rests: an input for all at its place."""
        views, comparison = moves.views, moves.views.program.comparisons.get(leaf)
        if comparison is None:
            if leaf in moves.fixed:
                yield views.program.atoms[moves.fixed[leaf]]
            return
        for point in dict.fromkeys(points(comparison)):
            if point not in views.clock and views.thing(point) not in views.papers and not views.loose(point):
                yield point

    def _assume(self, key: Atom) -> int:
        if key not in self.assumed:
            self.assumed[key] = self.backend.add_atom()
            self.backend.add_rule([self.assumed[key]], choice=True)
        return self.assumed[key]

    def _setting(self, setting: Setting) -> None:
        fixed = [self._assume(source) for source in self.sources[setting.leaf]]
        picks = [self.pick(*pick) for pick in setting.picks]
        self.backend.add_rule([self.atom(setting.value, setting.leaf)], [*picks, *fixed])

    def _aims(self) -> None:
        rule = self.backend.add_rule
        for leaf, sources in self.sources.items():
            for source in sources:  # without it the leaf can be anything
                rule([self.atom("free", leaf)], [-self._assume(source)])
            if sources:
                either = self.backend.add_atom()
                rule([either], [self.atom("free", leaf)], choice=True)
                rule([self.atom(True, leaf)], [either])
                rule([self.atom(False, leaf)], [self.atom("free", leaf), -either])
        for aim, numbers in self.wanted.items():
            for number in numbers:
                settled = self.part.truth[number]
                if settled is not False:
                    rule([], [self._assume(aim), *([] if settled else [-self.atom(False, number)])])

    def _costs(self) -> None:
        """What would have to be otherwise has no price."""

    def core(self) -> list[Atom] | None:
        """A minimal set of assumptions that cannot hold together, with as few aims as possible; None when all can.

        That somebody else goes first is named only where the conditions could be dealt with: who does not meet them
        stands in nobody's way.
        """
        names = {atom: key for key, atom in self.assumed.items()}
        others = {atom for key, atom in self.assumed.items() if key in self.wanted and key[0] == "other"}
        always: list[int] = []
        left = self._clash([atom for atom in names if atom not in others])
        if left is None:
            always = [atom for atom, key in names.items() if key in self.wanted and atom not in others]
            left = self._clash([*always, *(atom for atom in names if atom not in always)])
        if left is None:
            return None
        rest = sorted(set(left) - set(always), key=lambda atom: (names[atom] not in self.wanted, -atom))
        needed: list[int] = []
        some = 1  # how many are dropped at once
        while rest:
            if self._clash([*always, *needed, *rest[some:]]) is not None:
                rest, some = rest[some:], 2 * some
            elif some > 1:
                some = some // 2
            else:
                needed.append(rest.pop(0))
        return [names[atom] for atom in needed]

    def _clash(self, assumptions: Sequence[int]) -> list[int] | None:
        """Those of some assumptions that cannot hold together; None when all can."""
        with self.control.solve(assumptions=assumptions, yield_=True) as handle:
            return None if handle.get().satisfiable else list(handle.core())
