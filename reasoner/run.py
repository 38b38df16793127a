"""One cast of a case on its ground program: decided when first asked, and only as far as it is asked.

What a conclusion is depends on the few inputs in its cone. Conclusions are therefore remembered by the truth of those
inputs, and a case that differs from earlier ones elsewhere finds its conclusions, with their reasons, ready.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, compress
from operator import is_not
from typing import Any, TypeVar

from reasoner.cast import Cast, Path
from reasoner.errors import RulesError
from reasoner.evaluate import Evaluator, Rails
from reasoner.explanation import Explainer
from reasoner.facts import Inputs, Plan
from reasoner.ground import Atom, GroundProgram
from reasoner.links import steady
from reasoner.openness import Variable, variables
from reasoner.program import Law
from reasoner.residue import Residue, constrained, residue
from reasoner.sampling import Sample
from reasoner.solve import Option, Solver, consequences
from reasoner.terms import leaves

FIRST = 2  # decisions of one ground program after which most of a case is likely to be remembered
FRAGMENTS = 200_000  # remembered conclusions of one ground program; past that, remembering begins anew

_DIGITS = {False: "0", True: "1", None: "2"}

T = TypeVar("T")


@dataclass(eq=False, repr=False)
class Machine:
    """A ground program with all that deciding its cases needs, built when first used, and the conclusions it
    remembers."""

    law: Law
    program: GroundProgram
    decisions: int = 0
    fragments: dict[tuple[Any, int, int, tuple[Any, ...]], Any] = field(default_factory=dict)
    layouts: dict[tuple[str, str], Any] = field(default_factory=dict)
    _masks: dict[tuple[int, ...], int] = field(default_factory=dict)
    _points: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    _linked: dict[tuple[int, tuple[bool, ...]], tuple[Any, ...]] = field(default_factory=dict)
    _behind: dict[tuple[int, ...], tuple[list[int], list[Any]]] = field(default_factory=dict)

    @cached_property
    def plan(self) -> Plan:
        """What to read from a case."""
        return Plan(self.program, self.law)

    @cached_property
    def evaluator(self) -> Evaluator:
        """Evaluates the program on many worlds, and in three-valued logic."""
        return Evaluator(self.program, self._place)

    def _place(self, index: int) -> str:
        rule = self.law.rules[index]
        return f"{rule.file}:{rule.line}"

    @cached_property
    def solver(self) -> Solver:
        """clingo on the program."""
        return Solver(self.program)

    @cached_property
    def routes(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """Canonical person to the routes that can be relevant, each with its regime, in the order of the law."""
        relevant = {self.program.atoms[n][1:3] for n in self.program.by_predicate.get("relevant", ())}
        names, table = {name for name, _ in relevant}, self.law.table("route")
        return {name: tuple((route, regime) for route, regime in table if (name, route) in relevant) for name in names}

    def mask(self, atoms: tuple[int, ...]) -> int:
        """The inputs and comparisons that any of ``atoms`` can depend on, as bits by their place among
        :attr:`Evaluator.leaves`.

        What a constraint on possible cases ties to one of them counts as well: it can matter where facts are open.
        """
        found = self._masks.get(atoms)
        if found is None:
            found, before = self.evaluator.reach(atoms), 0
            while found != before:
                before = found
                for tied in self._tied:
                    if tied & found:
                        found |= tied
            self._masks[atoms] = found
        return found

    def behind(self, atoms: tuple[int, ...]) -> tuple[list[int], list[Any]]:
        """The inputs and comparisons that any of ``atoms`` can depend on, and the points that these read."""
        found = self._behind.get(atoms)
        if found is None:
            cone = sorted(self.evaluator.cone(*atoms))
            comparisons = filter(None, map(self.program.comparisons.get, cone))
            found = self._behind[atoms] = cone, sorted({point for one in comparisons for point in leaves(one)})
        return found

    @cached_property
    def _tied(self) -> tuple[int, ...]:
        """For each constraint on possible cases what it reads, as bits."""
        return tuple(self.evaluator.reach((*true, *false)) for true, false in self.program.constraints)

    def bits(self, truth: Mapping[int, bool | None]) -> tuple[int, int]:
        """The inputs and comparisons that hold and those that are open, as bits."""
        digits = "0" + "".join([_DIGITS[truth[leaf]] for leaf in self.evaluator.leaves])[::-1]
        return int(digits.replace("2", "0"), 2), int(digits.replace("1", "0").replace("2", "1"), 2)

    def confirm(self, truth: Mapping[int, bool | None], decided: Mapping[int, bool | None]) -> None:
        """Has clingo decide a case: the evaluator, from which explanations are read, must agree every time.

        Raises :class:`RulesError` when it does not.
        """
        if not self.solver.has_model(truth, decided):
            raise RulesError("the evaluation of the rules disagrees with clingo; please report this case")

    @cached_property
    def comparisons(self) -> int:
        """All comparisons, as bits."""
        return ((1 << len(self.program.comparisons)) - 1) << len(self.program.inputs)

    def points(self, comparisons: int) -> tuple[Any, ...]:
        """The points that some comparisons (bits) read."""
        found = self._points.get(comparisons)
        if found is None:
            read = (leaves(self.program.comparisons[number]) for number in self.evaluator.listed(comparisons))
            found = self._points[comparisons] = tuple(dict.fromkeys(point for points in read for point in points))
        return found

    def linked(self, comparisons: int, *opened: bool) -> tuple[Any, ...]:
        """The points on which it depends which of some open comparisons (bits) can hold together, ``opened`` saying
        which of their :meth:`points` are open: an open point that is read once leaves a comparison free."""
        found = self._linked.get((comparisons, opened))
        if found is None:
            free = frozenset(compress(self.points(comparisons), opened))
            atoms = [self.program.comparisons[number] for number in self.evaluator.listed(comparisons)]
            read = Counter(point for atom in atoms for point in leaves(atom) if point in free)
            tells = [
                atom
                for atom in atoms
                if any(read[point] > 1 or not steady(atom, point) for point in leaves(atom) if point in free)
            ]
            found = tuple(dict.fromkeys(point for atom in tells for point in leaves(atom)))
            self._linked[comparisons, opened] = found
        return found


@dataclass(eq=False, repr=False)
class Run:
    """One cast of a case, with the truth of its inputs."""

    machine: Machine
    inputs: Inputs
    cast: Cast
    _settled: dict[int, bool | None] = field(default_factory=dict)
    _confirmed: bool = False

    @property
    def law(self) -> Law:
        """The law it is decided by."""
        return self.machine.law

    @property
    def program(self) -> GroundProgram:
        """Its ground program."""
        return self.machine.program

    @property
    def evaluator(self) -> Evaluator:
        """The evaluator of its ground program."""
        return self.machine.evaluator

    @cached_property
    def _bits(self) -> tuple[int, int]:
        return self.machine.bits(self.inputs.truth)

    def differs(self, other: Run, atoms: tuple[int, ...]) -> bool:
        """Whether something that ``atoms`` depend on is otherwise in another run of the same ground program."""
        mask = self.machine.mask(atoms)
        return any((ours ^ theirs) & mask for ours, theirs in zip(self._bits, other._bits, strict=True))

    def differing(self, other: Run) -> Iterable[int]:
        """The inputs and comparisons that are otherwise in another run of the same ground program."""
        ours, theirs = self.inputs.truth, other.inputs.truth  # read in the order of the program, both of them
        return compress(ours, map(is_not, ours.values(), theirs.values()))

    def remembered(self, key: Any, atoms: tuple[int, ...], build: Callable[[], T]) -> T:
        """What ``build`` gives, or gave in an earlier case in which everything that ``atoms`` depend on was the same.

        Nothing that depends on more than the truth of the inputs (a name, a day) may be built so.
        """
        if self.machine.decisions < 2:  # nothing to remember yet, and a single decision need not know any cone
            self._confirm()
            return build()
        mask = self.machine.mask(atoms)
        held, opened = self._bits
        between = opened & mask & self.machine.comparisons
        values = self._values(between) if between else ()
        full = (key, held & mask, opened & mask, values)
        fragments = self.machine.fragments
        if full in fragments:
            return fragments[full]  # type: ignore[no-any-return]
        self._confirm()
        built = build()
        if self._lasting(atoms):
            if len(fragments) >= FRAGMENTS:
                fragments.clear()
            fragments[full] = built
        return built

    def _values(self, comparisons: int) -> tuple[Any, ...]:
        """What is known of the points on which it depends which of some open comparisons (bits) can hold together."""
        found = self._known.get(comparisons)
        if found is None:
            opened, value = self.inputs.open_points, self.inputs.calendar.value
            linked = self.machine.linked(comparisons, *[p in opened for p in self.machine.points(comparisons)])
            found = self._known[comparisons] = tuple([value(point) for point in linked])
        return found

    @cached_property
    def _known(self) -> dict[int, tuple[Any, ...]]:
        return {}

    def _lasting(self, atoms: tuple[int, ...]) -> bool:
        """Whether what was built holds for every case with these inputs: in a contradictory case nothing is worked
        out."""
        return all(self.rails.truth(atom) is not None for atom in atoms) or not self.contradictory

    # -- deciding -----------------------------------------------------------------------------------------------

    @cached_property
    def rails(self) -> Rails:
        """The three-valued truth of every atom."""
        return self.evaluator.run(self.inputs.truth)

    def truth(self, number: int) -> bool | None:
        """Whether a shown atom holds for certain, for certain does not, or either (None)."""
        return self.remembered(number, (number,), lambda: self.state(number))

    def state(self, number: int) -> bool | None:
        """The truth of any atom, worked out in this run."""
        value = self.rails.truth(number)
        if value is not None or number not in self.program.is_shown:
            return value
        if number not in self._settled:
            self._settle(number)
        return self._settled[number]

    def _settle(self, number: int) -> None:
        """Works out an atom with others: all on routes worth showing in a first case, those about the same person when
        most is remembered from earlier ones."""
        person, route = self.program.atoms[number][1:3]
        asked = self._undecided
        if self.machine.decisions > FIRST:
            asked = tuple(n for n in asked if self.program.atoms[n][1] == person)
        if number not in asked:  # a route that is not worth showing, asked for all the same
            asked = tuple(n for n in self._all_undecided if self.program.atoms[n][1:3] == (person, route))
        self._settled.update(self._worked_out(asked))

    def _confirm(self) -> None:
        if not self._confirmed:
            decided = {n: value for n in self.program.shown if (value := self.rails.truth(n)) is not None}
            self.machine.confirm(self.inputs.truth, decided)
            self._confirmed = True

    @cached_property
    def contradictory(self) -> bool:
        """Whether the facts exclude each other, so that no possible case fits all of them."""
        part = constrained(self.program, self.rails.truth)
        if part is None:
            return True
        if not part.constraints or Sample(part, self.program.comparisons, ()).any_possible:
            return False
        return consequences(part, self._options(part), ()) is None

    def _worked_out(self, asked: Sequence[int]) -> dict[int, bool | None]:
        """What is certain by cautious and brave consequences over possible cases."""
        if self.contradictory:
            return dict.fromkeys(asked)
        part = residue(self.program, self.rails.truth, asked)
        listed = self._open(part)
        if len(asked) > 1 and any(variable.coarse for variable in listed):
            # Each alone reads fewer dates, which may have few enough worlds to be told apart.
            return {number: value for one in asked for number, value in self._worked_out([one]).items()}
        sample = Sample(part, self.program.comparisons, [variable.options for variable in listed])
        found: dict[int, bool | None] = {number: None for number in asked if sample.open(number)}
        rest = [number for number in asked if number not in found]
        if rest:
            part = residue(self.program, self.rails.truth, rest)
            common = consequences(part, self._options(part), rest)
            if common is None:
                return dict.fromkeys(asked)
            found |= {n: True if n in common.certain else None if n in common.possible else False for n in rest}
        return found

    def _open(self, part: Residue) -> tuple[Variable, ...]:
        return variables(self.program, self.inputs, frozenset(part.leaves))

    def _options(self, part: Residue) -> list[tuple[Option, ...]]:
        return [variable.options for variable in self._open(part)]

    @cached_property
    def _all_undecided(self) -> tuple[int, ...]:
        return tuple(number for number in self.program.shown if self.rails.truth(number) is None)

    @cached_property
    def _undecided(self) -> tuple[int, ...]:
        shut = {
            self.program.atoms[number][1:]
            for number in self.program.by_predicate.get("relevant", ())
            if self.rails.truth(number) is False
        }
        return tuple(number for number in self._all_undecided if self.program.atoms[number][1:3] not in shut)

    @cached_property
    def open_at(self) -> dict[Path, Atom]:
        """The open point of the vocabulary, or else the open input, that stands at a place of the case file."""
        inputs, found = self.inputs, dict[Path, Atom]()
        opened = (self.program.atoms[number] for number in self.program.inputs if inputs.truth[number] is None)
        for atom in chain(inputs.open_points, opened):
            found.setdefault(inputs.reader.place(atom), atom)
        return found

    @cached_property
    def explainer(self) -> Explainer:
        """Explains any atom of this run."""
        return Explainer(self.law, self.program, self.inputs, self.state)

    @cached_property
    def thorough(self) -> Explainer:
        """Explains with every rule instance that holds, not only the first."""
        return Explainer(self.law, self.program, self.inputs, self.state, full=True)
