"""A ground program evaluated on many worlds at once, one bit of a Python integer for each world.

Two rails are kept for every atom: the worlds in which it certainly holds and those in which it certainly does not.
An input that is open in a world is on neither; what follows is Kleene's three-valued logic, which is sound (what it
calls certain is certain) and exact wherever no input is open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reasoner.errors import RulesError
from reasoner.ground import GroundProgram

_FEW = 4  # runs of one program that are interpreted before it is compiled
_CHUNK = 400  # statements in one compiled function; Python compiles long functions slowly


@dataclass(eq=False, repr=False)
class Evaluator:
    """Evaluates one ground program. Raises :class:`RulesError` when the program is not stratified."""

    program: GroundProgram
    place: Callable[[int], str] = str  # where a rule stands, by its index
    _runs: int = 0

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Derived atoms, each after everything its rule instances read."""
        rules, done, order = self.program.rules, set[int](), list[int]()
        for start in rules:
            stack: list[tuple[int, bool]] = [(start, False)]
            open_path: set[int] = set()
            while stack:
                atom, leaving = stack.pop()
                if leaving:
                    open_path.discard(atom)
                    if atom not in done:
                        done.add(atom)
                        order.append(atom)
                    continue
                if atom in done or atom not in rules:
                    continue
                if atom in open_path:
                    name = self.program.atoms.get(atom, ("?",))[0]
                    where = ", ".join(sorted({self.place(rule) for on in open_path for rule, *_ in rules[on]}))
                    raise RulesError(f"{where}: the law is not stratified: {name} depends on itself")
                open_path.add(atom)
                stack.append((atom, True))
                for _, _, positive, negative in rules[atom]:
                    stack += [(other, False) for other in (*positive, *negative) if other not in done]
        return tuple(order)

    def run(
        self,
        truth: Mapping[int, bool | None],
        worlds: int = 1,
        varied: Mapping[int, int] | None = None,
        opened: Mapping[int, int] | None = None,
    ) -> Rails:
        """The rails of every atom in ``worlds`` worlds.

        ``truth`` gives the inputs that are the same in all worlds (None: open), ``varied`` maps an input to the bits of
        the worlds in which it holds, and ``opened`` some of those to the bits of the worlds in which it is open.
        """
        full = (1 << worlds) - 1
        holds, fails = [0] * self.program.size, [full] * self.program.size
        for atom, value in truth.items():
            holds[atom] = full if value else 0
            fails[atom] = full if value is False else 0
        for atom, bits in (varied or {}).items():
            holds[atom], fails[atom] = bits, full ^ bits
        for atom, bits in (opened or {}).items():
            fails[atom] &= ~bits
        self._runs += 1
        if self._runs > _FEW:
            for step in self._steps:
                step(holds, fails, full)
        else:
            self._interpret(holds, fails, full)
        return Rails(holds, fails, full)

    def _interpret(self, holds: list[int], fails: list[int], full: int) -> None:
        """What the compiled steps do, rule by rule: for the first runs, which would not earn back the compilation."""
        rules = self.program.rules
        for atom in self.order:
            true, false = 0, full
            for _, _, positive, negative in rules[atom]:
                body, broken = full, 0
                for number in positive:
                    body &= holds[number]
                    broken |= fails[number]
                for number in negative:
                    body &= fails[number]
                    broken |= holds[number]
                true |= body
                false &= broken
            holds[atom], fails[atom] = true, false

    @cached_property
    def _steps(self) -> tuple[Callable[[list[int], list[int], int], None], ...]:
        """The program as straight-line Python, which runs several times faster than a loop over its rules."""
        steps = []
        for start in range(0, len(self.order), _CHUNK):
            lines = ["def step(H, F, full):"]
            lines += [f"    {line}" for atom in self.order[start : start + _CHUNK] for line in self._statement(atom)]
            space: dict[str, Any] = {}
            exec(compile("\n".join([*lines, "    return"]), "<ground program>", "exec"), space)
            steps.append(space["step"])
        return tuple(steps)

    def _statement(self, atom: int) -> Iterable[str]:
        holds, fails = [], []
        for _, _, positive, negative in self.program.rules[atom]:
            holds.append(" & ".join([f"H[{n}]" for n in positive] + [f"F[{n}]" for n in negative]) or "full")
            fails.append(" | ".join([f"F[{n}]" for n in positive] + [f"H[{n}]" for n in negative]) or "0")
        yield f"H[{atom}] = {' | '.join(holds)}"
        yield f"F[{atom}] = {' & '.join(f'({fail})' for fail in fails)}"

    @cached_property
    def reads(self) -> list[int]:
        """For each atom the inputs and comparisons that it can depend on, as bits; of all atoms at once."""
        rules, found = self.program.rules, [1 << number for number in range(self.program.size)]
        for atom in self.order:
            bits = 0
            for _, _, positive, negative in rules[atom]:
                for other in positive:
                    bits |= found[other]
                for other in negative:
                    bits |= found[other]
            found[atom] = bits
        return found

    @cached_property
    def _cones(self) -> dict[int, frozenset[int]]:
        return {}

    def cone(self, atom: int) -> frozenset[int]:
        """The inputs and comparisons that the atom can depend on."""
        found = self._cones.get(atom)
        if found is None:
            rules = self.program.rules
            seen, stack, leaves = {atom}, [atom], set[int]()
            while stack:
                current = stack.pop()
                if current not in rules:
                    leaves.add(current)
                    continue
                for _, _, positive, negative in rules[current]:
                    for other in (*positive, *negative):
                        if other not in seen:
                            seen.add(other)
                            stack.append(other)
            found = frozenset(leaves)
            self._cones[atom] = found
        return found


@dataclass(eq=False, repr=False)
class Rails:
    """For each atom the worlds (bits) in which it certainly holds, and those in which it certainly does not."""

    holds: list[int]
    fails: list[int]
    full: int

    def truth(self, atom: int) -> bool | None:
        """Of an atom in a single world: True, False, or None where that is open."""
        return True if self.holds[atom] & 1 else False if self.fails[atom] & 1 else None
