"""One cast of a case on its ground program: decided when first asked, and only as far as it is asked.

What a conclusion is depends on the few inputs in its cone. Conclusions are therefore remembered by the truth of those
inputs, and a case that differs from earlier ones elsewhere finds its conclusions, with their reasons, ready.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from reasoner.cast import Cast
from reasoner.errors import RulesError
from reasoner.evaluate import Evaluator, Rails
from reasoner.explain import Explainer
from reasoner.facts import Inputs, Plan
from reasoner.ground import GroundProgram
from reasoner.openness import Variable, variables
from reasoner.program import Law
from reasoner.solve import Consequences, Solver, consequences

FRAGMENTS = 200_000  # remembered conclusions of one ground program; past that, remembering begins anew

T = TypeVar("T")


@dataclass
class Machine:
    """A ground program with all that deciding its cases needs, built when first used, and the conclusions it
    remembers."""

    law: Law
    program: GroundProgram
    decisions: int = 0
    fragments: dict[tuple[Any, int, int], Any] = field(default_factory=dict, repr=False)
    layouts: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)
    _masks: dict[tuple[int, ...], int] = field(default_factory=dict, repr=False)

    @cached_property
    def plan(self) -> Plan:
        """What to read from a case."""
        return Plan(self.program, self.law)

    @cached_property
    def evaluator(self) -> Evaluator:
        """Evaluates the program on many worlds, and in three-valued logic."""
        return Evaluator(self.program)

    @cached_property
    def solver(self) -> Solver:
        """clingo on the program."""
        return Solver(self.program)

    def mask(self, atoms: tuple[int, ...]) -> int:
        """The inputs and comparisons that any of ``atoms`` can depend on, as bits."""
        found = self._masks.get(atoms)
        if found is None:
            found = 0
            for atom in atoms:
                for leaf in self.evaluator.cone(atom):
                    found |= 1 << leaf
            self._masks[atoms] = found
        return found


@dataclass(frozen=True)
class Run:
    """One cast of a case, with the truth of its inputs."""

    machine: Machine
    inputs: Inputs
    cast: Cast

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

    def remembered(self, key: Any, atoms: tuple[int, ...], build: Callable[[], T]) -> T:
        """What ``build`` gives, or gave in an earlier case in which everything that ``atoms`` depend on was the same.

        Nothing that depends on more than the truth of the inputs (a name, a day) may be built so.
        """
        if self.machine.decisions < 2:  # nothing to remember yet, and a single decision need not know any cone
            self._confirm()
            return build()
        mask = self.machine.mask(atoms)
        held, opened = self._bits
        full = (key, held & mask, opened & mask)
        fragments = self.machine.fragments
        if full in fragments:
            return fragments[full]  # type: ignore[no-any-return]
        self._confirm()
        built = build()
        if all(self.rails.truth(atom) is not None for atom in atoms):
            if len(fragments) >= FRAGMENTS:
                fragments.clear()
            fragments[full] = built
        return built

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
        return self._open_states.get(number) if value is None and number in self.program.is_shown else value

    def _confirm(self) -> None:
        if not self._confirmed:
            raise RulesError("the evaluation of the rules disagrees with clingo; please report this case")

    @cached_property
    def _confirmed(self) -> bool:
        """clingo decides; the evaluator, from which explanations are read, must agree every time."""
        decided = {n: value for n in self.program.shown if (value := self.rails.truth(n)) is not None}
        return self.machine.solver.has_model(self.inputs.truth, decided)

    @cached_property
    def _open_states(self) -> dict[int, bool | None]:
        """By cautious and brave consequences: the truth of what three-valued logic leaves open, on routes worth
        showing."""
        common = self._common
        if common is None:
            return {}
        return {n: True if n in common.certain else None if n in common.possible else False for n in self._undecided}

    @cached_property
    def _common(self) -> Consequences | None:
        options = [variable.options for variable in self.open]
        return consequences(self.program, self.inputs.truth, options, self._undecided)

    @cached_property
    def _undecided(self) -> tuple[int, ...]:
        shut = {
            self.program.atoms[number][1:]
            for number in self.program.by_predicate.get("relevant", ())
            if self.rails.truth(number) is False
        }
        return tuple(
            number
            for number in self.program.shown
            if self.rails.truth(number) is None and self.program.atoms[number][1:3] not in shut
        )

    @cached_property
    def open(self) -> tuple[Variable, ...]:
        """Everything open that something undecided can depend on."""
        cone = frozenset[int]().union(*(self.evaluator.cone(number) for number in self._undecided))
        return variables(self.evaluator, self.inputs, cone)

    @cached_property
    def contradictory(self) -> bool:
        """Whether the facts exclude each other, so that no possible case fits all of them."""
        return bool(self._undecided) and self._common is None

    @cached_property
    def explainer(self) -> Explainer:
        """Explains any atom of this run."""
        return Explainer(self.law, self.program, self.inputs, self.state)

    @cached_property
    def thorough(self) -> Explainer:
        """Explains with every rule instance that holds, not only the first."""
        return Explainer(self.law, self.program, self.inputs, self.state, full=True)
