"""Properties: what a user says must never be the case, in the syntax of the law, searched for in all possible cases.

A property is a rule whose head is ``violation(...)``; the comment above it is its sentence. The file is laid over the
law as a reform is, so that it is parsed and checked like a file of the law and can be explained like one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from reasoner import wording
from reasoner.engine import Decision, Engine
from reasoner.errors import Fault, RulesError, UsageError
from reasoner.ground import Atom, GroundProgram, Shape
from reasoner.program import Rule
from reasoner.quality.search import Answer, confirmed, shapes
from reasoner.quality.space import Side, Space
from reasoner.quality.witness import Case
from reasoner.reform import Reform, Sections
from reasoner.run import Run

HEAD = "violation"


class Violation(NamedTuple):
    """The simplest case that violates a property: its file and its decision, and the atom that says so in ``run``."""

    case: Case
    decision: Decision
    run: Run
    atom: Atom


class Verdict(NamedTuple):
    """Whether a property holds. Without a violation it does, unless that is not ``certain``."""

    rule: Rule
    violation: Violation | None
    certain: bool

    @property
    def holds(self) -> bool:
        """Whether no possible case violates it."""
        return self.violation is None and self.certain


def load(file: Path, reforms: Sequence[str | Path] = ()) -> tuple[Engine, list[Rule]]:
    """The law with the properties of a file laid over it, and those properties.

    Raises UsageError when the file cannot be read or holds no property, and RulesError naming file and line when it is
    no law.
    """
    try:
        content = file.read_bytes()
    except OSError:
        raise UsageError("property_missing", name=str(file)) from None
    known: dict[str, Sections] = {
        language: {"atoms": {HEAD: {}}} for language in wording.languages()
    }  # not a misspelt name
    overlay = Reform(file.parent, file.parent.as_posix(), {"": file.name}, {}, "", {file.name: content}, known)
    engine = Engine(reforms=[*reforms, overlay])
    rules = [rule for rule in engine.law.rules if rule.head == HEAD]
    if not rules:
        raise UsageError("property_none", name=str(file))
    faults = [Fault(str(file), rule.line, 0, "", "property_untagged") for rule in rules if not rule.tagged]
    if faults:
        raise RulesError(faults=faults)
    return engine, rules


def check(engine: Engine, rules: Sequence[Rule], progress: Callable[[], object] = lambda: None) -> Iterator[Verdict]:
    """For each property whether it holds, or the simplest case in which it does not; ``progress`` is told of each
    search."""
    for rule in rules:
        certain, violation = True, None
        for shape in shapes(engine.law):
            progress()
            answer = _searched(engine, rule, shape)
            certain = certain and answer.certain
            if answer.witness is not None:
                case, decision = answer.witness.cases[0], answer.witness.decisions[0]
                violation = Violation(case, decision, *next(_violated(decision, rule)))
                break
        yield Verdict(rule, violation, certain)


def _searched(engine: Engine, rule: Rule, shape: Shape) -> Answer:
    program = engine.store.program(shape)
    numbers = [number for number in program.by_predicate.get(HEAD, ()) if _bodies(program, number, rule)]
    if not numbers:
        return Answer(None, True)
    space = Space([Side(engine.law, program)], [numbers])
    goal = space.either([body] for body in space.instances[0].get(rule.index, ()))
    return confirmed(space, shape, [goal], [engine], lambda found: any(_violated(found.decisions[0], rule)))


def _bodies(program: GroundProgram, number: int, rule: Rule) -> list[tuple[Sequence[int], Sequence[int]]]:
    return [(true, false) for index, _, true, false in program.rules.get(number, ()) if index == rule.index]


def _violated(decision: Decision, rule: Rule) -> Iterator[tuple[Run, Atom]]:
    """The violations that a rule gives in a case."""
    for run in decision.runs:
        for number in run.program.by_predicate.get(HEAD, ()):
            for true, false in _bodies(run.program, number, rule):
                if all(run.state(n) is True for n in true) and all(run.state(n) is False for n in false):
                    yield run, run.program.atoms[number]
