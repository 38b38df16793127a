"""What is worked out on a part of a program, or from what was known before, is what the whole says from the beginning."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from reasoner.case import parse_case
from reasoner.engine import Engine
from reasoner.errors import CaseFileError
from reasoner.evaluate import Evaluator, Rails
from reasoner.explanation import Node
from reasoner.facts import Plan, read_inputs
from reasoner.residue import Body, Residue, constrained, residue
from reasoner.run import Run

ROOT = Path(__file__).parent.parent
EXAMPLES = ["spouse-under-21", "half-known-dates", "brothers-and-the-window", "student-who-became-a-worker"]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


def run_of(engine: Engine, example: str, *, assume_nothing: bool = False) -> Run:
    file = engine.load(ROOT / "examples" / example / "case.yaml")
    return engine.decide(file, assume_nothing=assume_nothing).runs[0]


@pytest.mark.parametrize("worlds", [1, 40])
def test_a_case_that_differs_little_from_the_last_is_evaluated_as_if_from_the_beginning(
    engine: Engine, worlds: int
) -> None:
    run, chance = run_of(engine, "brothers-and-the-window"), random.Random(7)
    evaluator, truth, numbers = Evaluator(run.program), dict(run.inputs.truth), sorted(run.inputs.truth)
    evaluator.run(truth)
    for many in (1, 3, 20, len(numbers) // 5, len(numbers) // 2, 2):
        truth |= {number: chance.choice([True, False, None]) for number in chance.sample(numbers, many)}
        varied = {n: chance.getrandbits(worlds) for n in chance.sample(numbers, min(many, 30))} if worlds > 1 else {}
        opened = {n: chance.getrandbits(worlds) & ~bits for n, bits in list(varied.items())[::2]}
        found, anew = (each.run(truth, worlds, varied, opened) for each in (evaluator, Evaluator(run.program)))
        assert within(found, worlds) == within(anew, worlds)
        evaluator.run(truth)
    few = dict.fromkeys(numbers[::2])
    assert within(evaluator.run(few, worlds), worlds) == within(Evaluator(run.program).run(few, worlds), worlds)


def within(rails: Rails, worlds: int) -> list[tuple[int, int]]:
    """The bits of the worlds, for every atom."""
    full = (1 << worlds) - 1
    assert rails.full & full == full
    return [(holds & full, fails & full) for holds, fails in zip(rails.holds, rails.fails, strict=True)]


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_case_is_read_after_others_as_if_it_were_the_first(engine: Engine, example: str) -> None:
    path = ROOT / "examples" / example / "case.yaml"
    text, chance = path.read_text(encoding="utf-8"), random.Random(1)
    dates = re.findall(r"\b(?:19|20)\d\d-\d\d-\d\d\b", text)
    for _ in range(40):
        moved = text
        for day in chance.sample(dates, chance.choice([1, 1, 2, len(dates)])):
            moved = moved.replace(day, chance.choice([f"{day[:4]}-{chance.randint(1, 12):02}-11", day[:7], "unknown"]))
        try:
            file = parse_case(moved, choices=engine.law.choices)
        except CaseFileError:
            continue  # the days contradict each other
        for run in engine.decide(file, assume_nothing=chance.random() < 0.2).runs:
            fresh, again = (
                read_inputs(plan, run.inputs.reader) for plan in (Plan(run.program, run.law), run.machine.plan)
            )
            for one in (run.inputs, again):
                assert list(one.truth.items()) == list(fresh.truth.items())
                assert one.assumed_points == fresh.assumed_points
                assert one.open_points == fresh.open_points


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_open_part_has_the_truth_of_the_program_in_every_world_of_its_leaves(engine: Engine, example: str) -> None:
    run, chance = run_of(engine, example, assume_nothing=True), random.Random(3)
    targets = [number for number in run.program.shown if run.rails.truth(number) is None]
    part = residue(run.program, run.rails.truth, targets)
    assert targets
    assert set(targets) <= part.rules.keys()
    varied = {leaf: chance.getrandbits(64) for leaf in part.leaves}
    bits = {leaf: (worlds, (1 << 64) - 1 & ~worlds) for leaf, worlds in varied.items()}
    part.evaluate(bits, (1 << 64) - 1)
    whole = within(run.evaluator.run(run.inputs.truth, 64, varied), 64)
    assert all(bits[atom] == whole[atom] for atom in part.rules)


def test_what_has_too_many_worlds_together_is_settled_one_by_one(engine: Engine) -> None:
    decision = engine.decide(engine.load(ROOT / "tests" / "data" / "child_of_unknown_age.yaml"))
    child = next(o for o in decision.outcomes if (o.person, o.route) == ("child", "ip_minor_child"))
    assert not any(document.status in ("missing", "defective") for document in child.documents)
    assert (child.result, child.file) == ("undetermined", "incomplete")


def parts(run: Run, evaluator: Evaluator) -> Iterator[tuple[Body, dict[int, bool | None], Residue]]:
    """Two facts that exclude each other, both open, with what is open on the way to a conclusion from the first."""
    for true, false in run.program.constraints:
        if len(true) == 2 and not false:
            opened = {**run.inputs.truth, **dict.fromkeys(true)}
            truth = evaluator.run(opened).truth
            for number in run.program.shown:
                if truth(number) is None and true[0] in run.evaluator.cone(number):
                    part = residue(run.program, truth, [number])
                    if true[0] in part.leaves and true[0] not in part.tied:
                        yield (true, false), opened, part


def test_a_constraint_is_part_of_what_is_open_as_soon_as_one_of_its_facts_is(engine: Engine) -> None:
    run = run_of(engine, "brothers-and-the-window", assume_nothing=True)
    evaluator = Evaluator(run.program)
    body, opened, part = next(parts(run, evaluator))
    first, second = body[0]
    assert body in part.constraints
    assert second in part.leaves

    def left(**changes: bool) -> Residue | None:
        settled = {{"first": first, "second": second}[name]: value for name, value in changes.items()}
        return constrained(run.program, evaluator.run({**opened, **settled}).truth)

    whole, kept = left(), left(first=False)
    assert whole is not None and body in whole.constraints
    assert kept is not None and body not in kept.constraints
    assert left(first=True, second=True) is None


def ends(node: Node) -> Iterator[Node]:
    if node.kind in ("input", "comparison"):
        yield node
    for child in node.children:
        yield from ends(child)


@pytest.mark.parametrize("example", ["spouse-under-21", "half-known-dates"])
def test_the_ends_of_an_explanation_are_those_of_its_tree_in_reading_order(engine: Engine, example: str) -> None:
    run = run_of(engine, example)
    program = run.program
    for explainer in (run.explainer, run.thorough):
        for number in program.shown:
            named = dict.fromkeys(
                (program.number_of_comparison if end.kind == "comparison" else program.number)[end.atom]
                for end in ends(explainer.node(number))
            )
            assert list(explainer.leaves([number], lambda atom: True)) == list(named)
            few = list(named)[::2]
            assert list(explainer.leaves([number], run.evaluator.reading(few))) == few


def test_a_point_that_nothing_open_reads_is_not_said_to_change_a_result(engine: Engine) -> None:
    """Where too much is open for all combinations, every open day of the file used to be listed."""
    file = engine.load(ROOT / "examples" / "student-who-became-a-worker" / "case.yaml")
    decision = engine.decide(file, assume_nothing=True)
    (yara,) = (o for o in decision.outcomes if (o.person, o.route) == ("yara", "eu_entry_visa"))
    paths = {item.path for item in yara.depends_on}
    assert yara.result == "undetermined"
    assert {"persons.yara.died", "unions[0].ended", "unions[0].sham_established"} <= paths
    assert not {path for path in paths if path.startswith("persons.carmen")}
    assert "unions[0].known_since" not in paths


@pytest.mark.parametrize("example", ["half-known-dates", "brothers-and-the-window"])
def test_another_day_finds_no_conclusion_that_does_not_hold_on_it(engine: Engine, example: str) -> None:
    """A conclusion is remembered by the days that linked open comparisons read, and by no others."""
    file = engine.load(ROOT / "examples" / example / "case.yaml")
    for year in (2024, 2025, 2026):
        for month in (1, 2, 7):
            day = date(year, month, 14)
            warm = engine.decide(file, as_of=day, assume_nothing=True).outcomes
            assert warm == Engine().decide(file, as_of=day, assume_nothing=True).outcomes
