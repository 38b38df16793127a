"""A ground program evaluated on many worlds at once, one bit of a Python integer for each world.

Two rails are kept for every atom: the worlds in which it certainly holds and those in which it certainly does not.
An input that is open in a world is on neither; what follows is Kleene's three-valued logic, which is sound (what it
calls certain is certain) and exact wherever no input is open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reasoner.errors import RulesError
from reasoner.ground import GroundProgram

_FEW = 4  # runs of one program from the beginning that are interpreted before it is compiled
_NEAR = 4  # a run goes on from the last one if at most one in so many inputs has changed
_CHUNK = 400  # statements in one compiled function; Python compiles long functions slowly


@dataclass(eq=False, repr=False)
class Evaluator:
    """Evaluates one ground program. Raises :class:`RulesError` when the program is not stratified."""

    program: GroundProgram
    place: Callable[[int], str] = str  # where a rule stands, by its index
    _runs: int = 0
    _last: tuple[Mapping[int, bool | None], Rails] | None = None  # the last run of a single world

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Derived atoms, each after everything its rule instances read."""
        rules, order, rest = self.program.rules, list[int](), list(self.program.rules)
        unknown = set(rest)
        while rest:  # they are ground nearly in this order, so that few have to wait for another turn
            later = []
            for atom in rest:
                for _, _, positive, negative in rules[atom]:
                    if not (unknown.isdisjoint(positive) and unknown.isdisjoint(negative)):
                        later.append(atom)
                        break
                else:
                    unknown.remove(atom)
                    order.append(atom)
            if len(later) == len(rest):
                raise self._circular(later)
            rest = later
        return tuple(order)

    def _circular(self, waiting: Sequence[int]) -> RulesError:
        """What is wrong when each of some atoms waits for another of them."""
        rules, among, path = self.program.rules, set(waiting), [waiting[0]]
        while path[-1] not in path[:-1]:
            read = (number for _, _, *bodies in rules[path[-1]] for body in bodies for number in body)
            path.append(next(number for number in read if number in among))
        circle = path[path.index(path[-1]) :]
        where = ", ".join(sorted({self.place(rule) for atom in circle for rule, *_ in rules[atom]}))
        name = self.program.atoms.get(path[-1], ("?",))[0]
        return RulesError(f"{where}: the law is not stratified: {name} depends on itself")

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
        A case that differs little from the last one is evaluated only as far as it does; the rails may then have more
        bits than there are worlds.
        """
        varied, opened = varied or {}, opened or {}
        last = self._last if self._last is not None and self._last[0].keys() == truth.keys() else None
        moved = [n for n, value in truth.items() if last is None or last[0][n] is not value]
        anew = last is None or len(moved) + len(varied) > len(truth) // _NEAR
        # The rails of one world, which have the same bit everywhere, are as good for many that do not differ.
        full = -1 if not anew or (truth and worlds == 1) else (1 << worlds) - 1
        if last is None or anew:
            holds, fails = [0] * self.program.size, [full] * self.program.size
        else:
            holds, fails = last[1].holds.copy(), last[1].fails.copy()
        for atom in truth if anew else moved:
            value = truth[atom]
            holds[atom] = full if value else 0
            fails[atom] = full if value is False else 0
        if full < 0:
            varied, opened = ({n: _repeated(bits, worlds) for n, bits in part.items()} for part in (varied, opened))
        for atom, bits in varied.items():
            holds[atom], fails[atom] = bits, full ^ bits
        for atom, bits in opened.items():
            fails[atom] &= ~bits
        if not anew:
            self._update((*moved, *varied), holds, fails, full)
        elif self._runs < _FEW:
            self._runs += 1
            for atom in self.order:
                holds[atom], fails[atom] = self._value(atom, holds, fails, full)
        else:
            for step in self._steps:
                step(holds, fails, full)
        rails = Rails(holds, fails, full)
        if worlds == 1 and full < 0 and not varied:
            self._last = dict(truth), rails
        return rails

    def _value(self, atom: int, holds: list[int], fails: list[int], full: int) -> tuple[int, int]:
        """The worlds in which a derived atom holds, and those in which it does not."""
        true, false = 0, full
        for _, _, positive, negative in self.program.rules[atom]:
            body, broken = full, 0
            for number in positive:
                body &= holds[number]
                broken |= fails[number]
            for number in negative:
                body &= fails[number]
                broken |= holds[number]
            true |= body
            false &= broken
        return true, false

    def _update(self, moved: Iterable[int], holds: list[int], fails: list[int], full: int) -> None:
        """Puts right what follows from some inputs, bodies before heads."""
        order, readers = self.order, self._readers
        stale = bytearray(len(order))
        for atom in moved:
            for place in readers.get(atom, ()):
                stale[place] = 1
        place = stale.find(1)
        while place >= 0:
            atom = order[place]
            true, false = self._value(atom, holds, fails, full)
            if holds[atom] != true or fails[atom] != false:
                holds[atom], fails[atom] = true, false
                for reader in readers.get(atom, ()):
                    stale[reader] = 1
            place = stale.find(1, place + 1)

    @cached_property
    def _readers(self) -> dict[int, list[int]]:
        """Atom to the places in the order of those that read it."""
        found: dict[int, list[int]] = {}
        for place, atom in enumerate(self.order):
            for _, _, positive, negative in self.program.rules[atom]:
                for number in (*positive, *negative):
                    found.setdefault(number, []).append(place)
        return found

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
    def leaves(self) -> tuple[int, ...]:
        """The inputs and comparisons; sets of them are bits by their place here."""
        return (*self.program.inputs, *self.program.comparisons)

    def listed(self, bits: int) -> Iterator[int]:
        """The inputs and comparisons that stand at some bits, in their order."""
        places = f"{bits:b}"[::-1]
        return (leaf for leaf, bit in zip(self.leaves, places, strict=False) if bit == "1")

    def reach(self, atoms: Iterable[int]) -> int:
        """The inputs and comparisons that any of the atoms can depend on, as bits."""
        found = 0
        for atom in atoms:
            found |= self._reach.get(atom, 0)  # nothing makes an atom true that is neither an input nor derived
        return found

    def cone(self, *atoms: int) -> frozenset[int]:
        """The inputs and comparisons that any of the atoms can depend on."""
        if "_reach" in vars(self):
            return frozenset(self.listed(self.reach(atoms)))
        seen, stack, rules = set[int](), list(atoms), self.program.rules  # one cone is found faster than all
        while stack:
            if (atom := stack.pop()) not in seen:
                seen.add(atom)
                for _, _, positive, negative in rules.get(atom, ()):
                    stack += positive
                    stack += negative
        return frozenset(seen.intersection(self.leaves))

    def reading(self, leaves: Iterable[int]) -> Callable[[int], bool]:
        """Whether an atom can depend on any of some inputs and comparisons."""
        reach, read = self._reach, self.reach(leaves)
        return lambda atom: bool(reach.get(atom, 0) & read)

    @cached_property
    def _reach(self) -> dict[int, int]:
        found = {leaf: 1 << place for place, leaf in enumerate(self.leaves)}
        for atom in self.order:
            reach = 0
            for _, _, positive, negative in self.program.rules[atom]:
                for number in (*positive, *negative):
                    reach |= found.get(number, 0)
            found[atom] = reach
        return found


def _repeated(bits: int, worlds: int) -> int:
    """The bits of some worlds, with that of the last one in all higher places."""
    return bits - (1 << worlds) if bits >> (worlds - 1) else bits


@dataclass(eq=False, repr=False)
class Rails:
    """For each atom the worlds (bits) in which it certainly holds, and those in which it certainly does not.

    ``full`` has the bit of every world, and may have all that are higher as well.
    """

    holds: list[int]
    fails: list[int]
    full: int

    def truth(self, atom: int) -> bool | None:
        """Of an atom in a single world: True, False, or None where that is open."""
        return True if self.holds[atom] & 1 else False if self.fails[atom] & 1 else None

    def always(self, atom: int) -> bool | None:
        """Of an atom in all worlds: True, False, or None where that is open or not the same."""
        return True if self.holds[atom] == self.full else False if self.fails[atom] == self.full else None
