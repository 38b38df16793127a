"""All variants of the law on one case at once: bit ``k`` of an integer is what variant ``k`` says, bit 0 the law.

A variant can make a conclusion depend on itself, which the law never does. The variants together can do so even where
none does by itself: their conclusions are therefore worked out component by component, each until nothing changes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reasoner.evaluate import Rails
from reasoner.facts import Plan
from reasoner.ground import GroundProgram, Instance, Shape, printed
from reasoner.quality.variants import IGNORE, Variants
from reasoner.run import Machine

Body = tuple[int, tuple[int, ...], tuple[int, ...]]
"""The worlds (bits) in which a rule instance exists, and what it reads."""


@dataclass(eq=False, repr=False)
class Worlds:
    """The ground program of the law and of all its variants for one shape."""

    variants: Variants
    shape: Shape

    @cached_property
    def program(self) -> GroundProgram:
        """Every rule instance of the law and of its variants."""
        return self.variants.ground(self.shape)

    @cached_property
    def rules(self) -> dict[int, list[Instance]]:
        """The rule instances of every derived atom, with those in which a literal is ignored."""
        ignoring: dict[int, list[tuple[int, str]]] = {}
        for variant in self.variants.standing:
            if variant.kind == IGNORE:
                index, predicate = self.variants.index(variant.number), variant.before.partition("(")[0]
                ignoring.setdefault(variant.rule, []).append((index, predicate))
        atoms = self.program.atoms
        found = {}
        for atom, instances in self.program.rules.items():
            found[atom] = list(instances)
            for index, values, positive, negative in instances:
                for other, predicate in ignoring.get(index, ()):
                    kept = tuple(n for n in positive if n not in atoms or atoms[n][0] != predicate)
                    found[atom].append((other, values, kept, negative))
        return found

    @cached_property
    def plan(self) -> Plan:
        """What to read from a case."""
        return Plan(self.program, self.variants.law)

    @cached_property
    def full(self) -> int:
        """All worlds."""
        return (2 << len(self.variants.listed)) - 1

    @cached_property
    def _bodies(self) -> dict[int, tuple[Body, ...]]:
        """For each derived atom its rule instances: one of the law exists wherever its rule was not changed."""
        changed, found = self.variants.of_rule, {}
        for atom, instances in self.rules.items():
            bodies = []
            for index, _, positive, negative in instances:
                number = self.variants.number(index)
                bodies.append((1 << number if number else self.full ^ changed.get(index, 0), positive, negative))
            found[atom] = tuple(bodies)
        return found

    @cached_property
    def components(self) -> tuple[tuple[int, ...], ...]:
        """Derived atoms in groups that depend on each other in some mixture of variants, each after what it reads."""
        return _components({atom: [n for _, p, q in bodies for n in (*p, *q)] for atom, bodies in self._bodies.items()})

    @cached_property
    def circular(self) -> int:
        """The variants in which a conclusion depends on itself: the reasoner refuses such a law."""
        settled = dict.fromkeys(self.rules, 0)
        for component in self.components:
            changed = True
            while changed:
                changed = False
                for atom in component:
                    bits = self.full
                    for active, positive, negative in self._bodies[atom]:
                        for number in (*positive, *negative):
                            if number in settled:
                                bits &= settled[number] | self.full ^ active
                    changed = changed or bits != settled[atom]
                    settled[atom] = bits
        found = 0
        for bits in settled.values():
            found |= self.full ^ bits
        return found

    def run(self, truth: Mapping[int, bool | None]) -> Rails:
        """The three-valued truth of every atom in every world, given that of inputs and comparisons."""
        full, size = self.full, self.program.size
        holds, fails, not_holds, possible = [0] * size, [full] * size, [full] * size, [0] * size
        for atom, value in truth.items():
            if value is not False:
                fails[atom], possible[atom] = 0, full
                if value:
                    holds[atom], not_holds[atom] = full, 0
        bodies = self._bodies
        for component in self.components:
            for atom in component if len(component) > 1 else ():
                fails[atom], possible[atom] = 0, full  # open until worked out
            again = True
            while again:
                again = False
                for atom in component:
                    true = maybe = 0
                    for active, positive, negative in bodies[atom]:
                        body = active
                        for number in positive:
                            body &= possible[number]
                            if not body:
                                break
                        else:
                            for number in negative:
                                body &= not_holds[number]
                                if not body:
                                    break
                            else:
                                maybe |= body
                                for number in positive:
                                    body &= holds[number]
                                for number in negative:
                                    body &= fails[number]
                                true |= body
                    if len(component) > 1 and (true != holds[atom] or maybe != possible[atom]):
                        again = True
                    holds[atom], possible[atom] = true, maybe
                    not_holds[atom], fails[atom] = full ^ true, full ^ maybe
        return Rails(holds, fails, full)

    def variants_at(self, index: int) -> int:
        """The variants (bits) that have the rule of an instance otherwise than the law."""
        number = self.variants.number(index)
        return 1 << number if number else self.variants.of_rule.get(index, 0)

    @cached_property
    def grouped(self) -> dict[int, dict[int, tuple[Instance, ...]]]:
        """For each derived atom its rule instances in the law (0) and in each variant that has others."""
        found = {}
        for atom, instances in self.rules.items():
            own: dict[int, list[Instance]] = {0: []}
            changed = 0
            for instance in instances:
                own.setdefault(self.variants.number(instance[0]), []).append(instance)
                changed |= self.variants_at(instance[0])
            found[atom] = {0: tuple(own[0])}
            for world in bits(changed):
                rule = self.variants.original(world).index
                found[atom][world] = (*(i for i in own[0] if i[0] != rule), *own.get(world, ()))
        return found

    def about(self, person: str, further: frozenset[str]) -> tuple[int, ...]:
        """The atoms about a person (canonical name) that a decision shows, and those of ``further`` predicates."""
        found = self._about.get(person)
        if found is None:
            shown = self.program.is_shown
            found = self._about[person] = tuple(
                number
                for number, atom in self.program.atoms.items()
                if atom[1:2] == (person,) and len(atom) > 2 and (number in shown or atom[0] in further)
            )
        return found

    def visible(self, atom: int, world: int) -> bool:
        """Whether a decision shows an atom in some case: it has outcomes for nobody but candidates."""
        if atom not in self.program.is_shown:
            return False
        predicate, *arguments = self.program.atoms[atom]
        gate = self.program.number.get(("candidate", *arguments[:2]))
        return predicate in ("defect", "relevant") or gate is None or self._reached[gate] & (1 << world | 1) > 0

    @cached_property
    def _about(self) -> dict[str, tuple[int, ...]]:
        return {}

    # -- one world by itself --------------------------------------------------------------------------------------

    @cached_property
    def _reached(self) -> dict[int, int]:
        """For each derived atom the worlds in which some rule instance could give it, whatever the facts."""
        found = dict.fromkeys(self.rules, 0)
        for component in self.components:
            again = True
            while again:
                again = False
                for atom in component:
                    some = 0
                    for active, positive, _ in self._bodies[atom]:
                        for number in positive:
                            active &= found.get(number, self.full)
                        some |= active
                    again = again or (some != found[atom] and len(component) > 1)
                    found[atom] = some
        return found

    @cached_property
    def _law(self) -> _Program:
        """The law by itself."""
        whole = self.program
        named = {n: atom for n, atom in whole.atoms.items() if self._reached.get(n, 1) & 1}
        law = _Program(
            named,
            {atom: self._instances(atom, 0) for atom in whole.rules if atom in named},
            whole.constraints,
            whole.inputs,
            whole.comparisons,
            tuple(number for number in whole.shown if number in named),
            "",
        )
        vars(law)["size"] = whole.size  # atoms keep the numbers that they have among all worlds
        return law

    @cached_property
    def _layouts(self) -> dict[tuple[str, str], Any]:
        """What outcomes read in every world that has the same atoms as the law."""
        return {}

    def _instances(self, atom: int, world: int) -> tuple[Instance, ...]:
        """The rule instances of an atom in a world, without those that can never hold and literals that always do,
        under the index that their rule has in the law."""
        listed, reached = self.grouped[atom], self._reached
        found = []
        for index, values, positive, negative in listed.get(world, listed[0]):
            if all(reached.get(n, -1) >> world & 1 for n in positive):
                index = self.variants.rule(index).index
                found.append((index, values, positive, tuple(n for n in negative if reached.get(n, -1) >> world & 1)))
        return tuple(found)

    @cached_property
    def _changed(self) -> dict[int, dict[int, bool]]:
        """For each variant the derived atoms that can hold in it and not in the law, or the other way round."""
        found: dict[int, dict[int, bool]] = {}
        for atom, worlds in self._reached.items():
            for world in bits(self.full ^ worlds if worlds & 1 else worlds):
                found.setdefault(world, {})[atom] = not worlds & 1
        return found

    @cached_property
    def _own(self) -> dict[int, list[int]]:
        """For each variant the atoms of which it has other rule instances."""
        found: dict[int, list[int]] = {}
        for atom, listed in self.grouped.items():
            for world in listed:
                found.setdefault(world, []).append(atom)
        return found

    @cached_property
    def readers(self) -> dict[int, set[int]]:
        """For each derived atom those with a rule instance that reads it."""
        found: dict[int, set[int]] = {}
        for atom, bodies in self._bodies.items():
            for _, positive, negative in bodies:
                for number in (*positive, *negative):
                    found.setdefault(number, set()).add(atom)
        return found

    def machine(self, world: int) -> Machine:
        """What decides cases as a world says, ground as if that were the law: what nothing can give is not there."""
        program = copy.copy(self._law)  # with what it has worked out about its atoms
        changed = self._changed.get(world, {})
        touched = set(self._own.get(world, ())).union(*(self.readers.get(atom, ()) for atom in changed), changed)
        if changed:
            lost = {atom for atom, gained in changed.items() if not gained}
            gained = {atom: self.program.atoms[atom] for atom in changed.keys() - lost}
            program.atoms = {n: atom for n, atom in program.atoms.items() if n not in lost} | gained
            program.shown = tuple(n for n in self.program.shown if n in program.atoms)
            for name in ("number", "by_predicate", "is_shown", "by_person_and_route"):
                vars(program).pop(name, None)
        program.rules = {atom: listed for atom, listed in program.rules.items() if atom in program.atoms}
        program.rules.update((atom, self._instances(atom, world)) for atom in touched if atom in program.atoms)
        program.text = ""
        return Machine(self.variants.law_of(world), program, layouts={} if changed else self._layouts)


class _Program(GroundProgram):
    """The ground program of one world; its text is written when first asked for."""

    def aspif(self) -> str:
        """As in :class:`GroundProgram`."""
        if not self.text:
            self.text = printed(self.rules, self.constraints, (*self.inputs, *self.comparisons), self.possible)
        return super().aspif()


def _components(reads: Mapping[int, list[int]]) -> tuple[tuple[int, ...], ...]:
    """Strongly connected components, each after those that it reads (Tarjan)."""
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    path: list[int] = []
    found: list[tuple[int, ...]] = []
    done: set[int] = set()
    for start in reads:
        if start in order:
            continue
        work = [(start, iter(reads[start]))]
        order[start] = low[start] = len(order)
        path.append(start)
        while work:
            atom, following = work[-1]
            for other in following:
                if other not in reads or other in done:
                    continue
                if other not in order:
                    order[other] = low[other] = len(order)
                    path.append(other)
                    work.append((other, iter(reads[other])))
                    break
                low[atom] = min(low[atom], order[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[atom])
                if low[atom] == order[atom]:
                    place = path.index(atom)
                    found.append(tuple(path[place:]))
                    done.update(path[place:])
                    del path[place:]
    return tuple(found)


def bits(mask: int) -> Iterator[int]:
    """The positions of the bits of a mask."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
