"""One cast of a case on its ground program: decided when first asked, and only as far as it is asked.

What a conclusion is depends on the few inputs in its cone. Conclusions are therefore remembered by the truth of those
inputs, and a case that differs from earlier ones elsewhere finds its conclusions, with their reasons, ready.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from reasoner.cast import Cast
from reasoner.errors import RulesError
from reasoner.evaluate import Evaluator, Rails
from reasoner.explanation import Explainer
from reasoner.facts import Inputs, Plan
from reasoner.ground import GroundProgram
from reasoner.openness import Variable, variables
from reasoner.program import Law
from reasoner.sampling import Sample
from reasoner.solve import Solver, consequences
from reasoner.terms import leaves

FIRST = 2  # decisions of one ground program after which most of a case is likely to be remembered
FRAGMENTS = 200_000  # remembered conclusions of one ground program; past that, remembering begins anew

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

    def mask(self, atoms: tuple[int, ...]) -> int:
        """The inputs and comparisons that any of ``atoms`` can depend on, as bits.

        What a constraint on possible cases ties to one of them counts as well: it can matter where facts are open.
        """
        found = self._masks.get(atoms)
        if found is None:
            found = self._leaves(atoms)
            before = 0
            while found != before:
                before = found
                for tied in self.tied:
                    found |= tied if tied & found else 0
            self._masks[atoms] = found
        return found

    def _leaves(self, atoms: Iterable[int]) -> int:
        found, reads = 0, self.evaluator.reads
        for atom in atoms:
            found |= reads[atom]
        return found

    @cached_property
    def tied(self) -> tuple[int, ...]:
        """For each constraint on possible cases what it reads, as bits."""
        return tuple(self._leaves((*true, *false)) for true, false in self.program.constraints)

    def confirm(self, truth: Mapping[int, bool | None], decided: Mapping[int, bool | None]) -> None:
        """Has clingo decide a case: the evaluator, from which explanations are read, must agree every time.

        Raises :class:`RulesError` when it does not.
        """
        if not self.solver.has_model(truth, decided):
            raise RulesError("the evaluation of the rules disagrees with clingo; please report this case")

    @cached_property
    def comparisons(self) -> int:
        """All comparisons, as bits."""
        return sum(1 << number for number in self.program.comparisons)

    @cached_property
    def read(self) -> int:
        """All inputs and comparisons, as bits."""
        return self.comparisons | sum(1 << number for number in self.program.inputs)

    def points(self, comparisons: int) -> tuple[Any, ...]:
        """The points that some comparisons (bits) read."""
        found = self._points.get(comparisons)
        if found is None:
            read = (leaves(c) for n, c in self.program.comparisons.items() if comparisons >> n & 1)
            found = self._points[comparisons] = tuple(dict.fromkeys(point for points in read for point in points))
        return found


@dataclass(eq=False, repr=False)
class Run:
    """One cast of a case, with the truth of its inputs."""

    machine: Machine
    inputs: Inputs
    cast: Cast
    _settled: dict[int, bool | None] = field(default_factory=dict)
    _fits: bool | None = None
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
        """The inputs that hold and those that are open, as bits."""
        size = self.program.size // 8 + 1
        held, opened = bytearray(size), bytearray(size)
        for number, value in self.inputs.truth.items():
            if value:
                held[number >> 3] |= 1 << (number & 7)
            elif value is None:
                opened[number >> 3] |= 1 << (number & 7)
        return int.from_bytes(held, "little"), int.from_bytes(opened, "little")

    def differs(self, other: Run, atoms: tuple[int, ...]) -> bool:
        """Whether something that ``atoms`` depend on is otherwise in another run of the same ground program."""
        mask = self.machine.mask(atoms)
        return any((ours ^ theirs) & mask for ours, theirs in zip(self._bits, other._bits, strict=True))

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
        # Which open comparisons can hold together depends on the days and numbers that they read.
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
        """What is known of the points that some comparisons (bits) read."""
        found = self._known.get(comparisons)
        if found is None:
            value = self.inputs.calendar.value
            found = self._known[comparisons] = tuple([value(point) for point in self.machine.points(comparisons)])
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
        states, self._fits = self._worked_out(asked)
        self._settled.update(states)

    def _confirm(self) -> None:
        if not self._confirmed:
            decided = {n: value for n in self.program.shown if (value := self.rails.truth(n)) is not None}
            self.machine.confirm(self.inputs.truth, decided)
            self._confirmed = True

    @property
    def contradictory(self) -> bool:
        """Whether the facts exclude each other, so that no possible case fits all of them."""
        if self._fits is None and Sample(self.evaluator, self.inputs.truth, ()).any_possible:
            self._fits = True
        if self._fits is None and self._undecided:
            self._settle(self._undecided[0])
        return self._fits is False

    def _worked_out(self, asked: Sequence[int]) -> tuple[dict[int, bool | None], bool]:
        """By cautious and brave consequences over possible cases: what is certain, and whether there are such cases."""
        if not asked:
            return {}, True
        options = [variable.options for variable in self._variables(asked)]
        sample = Sample(self.evaluator, self.inputs.truth, options)
        found: dict[int, bool | None] = {number: None for number in asked if sample.open(number)}
        rest = [number for number in asked if number not in found]
        if not rest and sample.any_possible:
            return found, True
        common = consequences(self.program, self.inputs.truth, options, rest)
        if common is None:
            return dict.fromkeys(asked), False
        found |= {n: True if n in common.certain else None if n in common.possible else False for n in rest}
        return found, True

    def _variables(self, atoms: Sequence[int]) -> tuple[Variable, ...]:
        cone = frozenset[int]().union(*(self.evaluator.cone(number) for number in atoms))
        return variables(self.evaluator, self.inputs, cone)

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
    def explainer(self) -> Explainer:
        """Explains any atom of this run."""
        return Explainer(self.law, self.program, self.inputs, self.state)

    @cached_property
    def thorough(self) -> Explainer:
        """Explains with every rule instance that holds, not only the first."""
        return Explainer(self.law, self.program, self.inputs, self.state, full=True)
