"""Whether a change of rules can be told from the law: a proof over all possible cases, or a case that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from reasoner.case import parse_case
from reasoner.cast import applicants_only
from reasoner.engine import Engine
from reasoner.errors import CaseFileError
from reasoner.evaluate import Evaluator
from reasoner.facts import Plan, Reader, read_inputs
from reasoner.ground import Atom, GroundProgram, Instance, Shape
from reasoner.outcome import RESULTS
from reasoner.quality.search import TRIES
from reasoner.quality.space import Side, Space, Values
from reasoner.quality.timing import ANCHOR
from reasoner.quality.witness import Case, case_file, text

Rules = Mapping[int, tuple[Instance, ...]]


class Told(NamedTuple):
    """A case that tells a change from the law, and the atom that is decided differently there. Without one, the change
    is the law in other words if that is ``certain``."""

    case: Case | None
    atom: Atom | None
    certain: bool


@dataclass(eq=False, repr=False)
class Apart:
    """Tells changes of rules from the law on the possible cases of a shape.

    ``program`` holds the atoms of the law and of its changes; its rules are those of the law.
    """

    engine: Engine
    shape: Shape
    program: GroundProgram

    @cached_property
    def _readers(self) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for head, instances in self.program.rules.items():
            for _, _, true, false in instances:
                for number in (*true, *false):
                    found.setdefault(number, set()).add(head)
        return found

    def affected(self, heads: Iterable[int]) -> set[int]:
        """The conclusions that can change when those of ``heads`` do."""
        found, stack = set[int](), list(heads)
        while stack:
            head = stack.pop()
            if head not in found:
                found.add(head)
                stack += self._readers.get(head, ())
        return found

    def without(self, rules: Iterable[int]) -> dict[int, tuple[Instance, ...]]:
        """The change that rules of the law are gone."""
        gone, changed = frozenset(rules), dict[int, tuple[Instance, ...]]()
        for head, instances in self.program.rules.items():
            if any(instance[0] in gone for instance in instances):
                changed[head] = tuple(instance for instance in instances if instance[0] not in gone)
        return changed

    def case(self, changed: Rules, *, simplest: bool = True) -> Told:
        """A case that is decided differently when the rule instances of some atoms are ``changed``.

        Every answer to the questions that the law leaves open is tried.
        """
        affected = self.affected(changed)
        left = sorted((n for n in self.program.shown if n in affected), key=self._rank)
        other = replace(self.program, rules={**self.program.rules, **changed})
        same = frozenset(set(self.program.atoms) | set(self.program.comparisons)) - affected
        sides = [Side(self.engine.law, self.program), Side(self.engine.law, other, same=same)]
        space = Space(sides, [left, left], readings_free=True)
        goals = {number: _differ(space, number) for number in left}
        while left:
            held = space.holding([space.either([goals[n]] for n in left)], goals.values())
            if held is None:
                break
            number = next(n for n in left if goals[n] in held)
            small = Space(sides, [[number], [number]], readings_free=True)
            goal = _differ(small, number)
            for _ in range(TRIES):
                values = small.find([goal], simplest=simplest)
                if values is None:
                    break
                if (case := self._shown(small, values, other, number)) is not None:
                    return Told(case, self.program.atoms[number], True)
                small.exclude(values)
            left.remove(number)
            space.complete = space.complete and small.complete
        return Told(None, None, space.complete)

    def _rank(self, number: int) -> int:
        """Results first, then what stands behind them."""
        name = self.program.atoms[number][0]
        return 0 if name in RESULTS else 1 if name == "condition" else 2 if name == "document" else 3

    def _shown(self, space: Space, values: Values, other: GroundProgram, number: int) -> Case | None:
        """The case as a file, if the two programs do decide it differently."""
        case = case_file(space, values, self.shape)
        try:
            file = parse_case(text(case), choices=self.engine.law.choices)
        except CaseFileError:
            return None
        law = self.engine.law
        cast = applicants_only(file.case, law)
        if cast.shape != self.shape:
            return None
        assessed = file.case.assessed_on.first if file.case.assessed_on else ANCHOR
        readings = {str(q): str(a) for q, a in law.table("default_reading")} | {
            name: value for name, value in (file.case.readings or {}).items() if value is not None
        }
        inputs = read_inputs(Plan(self.program, law), Reader(file, cast, law, assessed, readings, True))
        truths = [Evaluator(program).run(inputs.truth) for program in (self.program, other)]
        one, two = (rails.truth(number) for rails in truths)
        return case if None not in (one, two) and one != two else None


def _differ(space: Space, number: int) -> int:
    """A literal that is true where the two sides decide an atom differently."""
    one, two = space.literal(0, number), space.literal(1, number)
    return space.either(([one, -two], [-one, two]))
