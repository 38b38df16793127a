"""Whether a change of rules can be told from the law: a proof over all possible cases, or a case that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from reasoner.case import parse_case
from reasoner.cast import applicants_only
from reasoner.engine import Engine
from reasoner.errors import CaseFileError
from reasoner.evaluate import Evaluator
from reasoner.facts import Plan, Reader, read_inputs
from reasoner.ground import GroundProgram, Instance, Shape
from reasoner.quality.search import TRIES
from reasoner.quality.space import Side, Space, Values
from reasoner.quality.timing import ANCHOR
from reasoner.quality.witness import Case, case_file, text

Rules = Mapping[int, tuple[Instance, ...]]


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

    def case(self, changed: Rules, *, simplest: bool = True) -> tuple[Case | None, bool]:
        """A case that is decided differently when the rule instances of some atoms are ``changed``, or None.

        Every answer to the questions that the law leaves open is tried. None is a proof that the change is the law in
        other words when the second value is True.
        """
        affected = self.affected(changed)
        shown = [number for number in self.program.shown if number in affected]
        if not shown:
            return None, True
        other = replace(self.program, rules={**self.program.rules, **changed})
        same = frozenset(set(self.program.atoms) | set(self.program.comparisons)) - affected
        sides = [Side(self.engine.law, self.program), Side(self.engine.law, other, same=same)]
        space = Space(sides, [shown, shown], readings_free=True)
        goal = space.either(
            way
            for number in shown
            for one, two in [(space.literal(0, number), space.literal(1, number))]
            for way in ([one, -two], [-one, two])
        )
        for _ in range(TRIES):
            values = space.find([goal], simplest=simplest)
            if values is None:
                return None, space.complete
            if (case := self._shown(space, values, other, shown)) is not None:
                return case, True
            space.exclude(values)
        return None, False

    def _shown(self, space: Space, values: Values, other: GroundProgram, shown: Sequence[int]) -> Case | None:
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
        apart = (tuple(rails.truth(number) for rails in truths) for number in shown)
        return case if any(None not in pair and pair[0] != pair[1] for pair in apart) else None
