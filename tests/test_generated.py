"""Generated cases: three ways to decide agree, explanations entail what they explain, open facts are open."""

from __future__ import annotations

import atexit
import random
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from itertools import combinations, product
from typing import Any

import clingo
import generated
import pytest
from generated import FAMILIES, OPEN_READING, PAPERS, READINGS, Case, Path, cases, families, known, paper
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reasoner.case import CaseFile, parse_case
from reasoner.case_model import Case as CaseModel
from reasoner.engine import Decision, Engine
from reasoner.errors import dotted
from reasoner.explanation import FALSE, OPEN, TRUE, Node
from reasoner.ground import Shape, _comparison
from reasoner.instance import symbol, theory
from reasoner.outcome import RESULTS, Outcome
from reasoner.program import law_files, law_root
from reasoner.run import Run

SHARED: dict[str, Any] = {
    "phases": (Phase.generate, Phase.shrink), "deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck),
}  # fmt: skip
FULL_TEXT = 5  # one case in so many is also ground from its text alone
EXAMPLES = {"partners": 600, "children": 500, "parents": 300, "holders": 600}  # the last shapes are ground fastest
Truth = Mapping[int, bool | None]


@cache
def engine() -> Engine:
    return Engine()


atexit.register(engine.cache_clear)  # parsed statements must go before clingo does


def read(case: Case) -> CaseFile:
    return parse_case(generated.text(case), choices=engine().law.choices)


def unchecked(case: Case) -> CaseFile:
    """A case file of which the order of dates is not checked."""
    data = CaseModel.model_validate(_plain(case), context={"choices": engine().law.choices})
    return CaseFile(data, "<generated>", {})


def _plain(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _plain(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_plain(value) for value in part]
    return part.isoformat() if isinstance(part, date) else part


# -- three ways to compute the same thing ------------------------------------------------------------------------


@cache
def law_text() -> str:
    """The law as one text, without comments and tags."""
    found = "\n".join(path.read_text(encoding="utf-8") for path in law_files(law_root()))
    found = re.sub(r"%\*.*?\*%", "", found, flags=re.DOTALL)
    return "\n".join(line for line in found.splitlines() if line and not line.startswith(("%", "#include")))


class Bare:
    """clingo on the law as it is written and one shape, grounded once; inputs stay externals, which a case sets."""

    def __init__(self, run: Run) -> None:
        self.control = clingo.Control(["0", "--warn=none"])
        self.control.add("base", [], f"{law_text()}\n{run.cast.shape.facts()}")
        self.control.ground()
        literals = {_comparison(t): t.literal for t in self.control.theory_atoms}
        self.comparisons = {
            number: literals[atom] for number, atom in run.program.comparisons.items() if atom in literals
        }
        assert len(self.comparisons) == len(literals)

        self.inputs = {n: clingo.parse_term(symbol(run.program.atoms[n])) for n in run.program.inputs}
        self.numbers = {atom: n for n, atom in run.program.comparisons.items()}
        self.shown = {n: symbol(run.program.atoms[n]) for n in run.program.shown}

    def models(self, truth: Truth) -> list[set[str]]:
        for number, atom in self.inputs.items():
            self.control.assign_external(atom, bool(truth[number]))
        return _models(self.control, [literal if truth[n] else -literal for n, literal in self.comparisons.items()])


def bare_text(run: Run, truth: Truth) -> str:
    """What :func:`reasoner.instance.instance` writes, for a given truth."""
    lines = [run.cast.shape.facts()]
    lines += [f"{symbol(run.program.atoms[number])}." for number in run.program.inputs if truth[number]]
    lines += [f":- {'not ' * bool(truth[n])}{theory(atom)}." for n, atom in run.program.comparisons.items()]
    return "\n".join(lines)


def from_text(text: str) -> list[set[str]]:
    control = clingo.Control(["0", "--warn=none"])
    control.add("base", [], f"{law_text()}\n{text}")
    control.ground()
    return _models(control, [])


def _models(control: clingo.Control, assumptions: list[int]) -> list[set[str]]:
    """At most two models: their shown atoms."""
    control.configuration.solve.models = 2  # type: ignore[union-attr]
    found: list[set[str]] = []
    control.solve(assumptions=assumptions, on_model=lambda m: found.append(set(map(str, m.symbols(shown=True)))))
    return found


_BARE: dict[Shape, Bare] = {}


def bare_of(run: Run) -> Bare:
    found = _BARE.get(run.cast.shape)
    if found is None:
        found = _BARE[run.cast.shape] = Bare(run)
    return found


def closed(run: Run, seed: int) -> dict[int, bool]:
    """The truth of all inputs and comparisons, what is open being settled at random."""
    drawn = random.Random(seed)
    return {number: drawn.random() < 0.5 if value is None else value for number, value in run.inputs.truth.items()}


def agree(run: Run, truth: Truth, *, text: bool) -> set[str]:
    """The shown atoms of the one model, checked to be the same however they are computed."""
    bare = bare_of(run)
    models = bare.models(truth)
    assert len(models) == 1, f"{len(models)} models"
    if text:
        assert from_text(bare_text(run, truth)) == models
    rails = run.evaluator.run(truth)
    assert {bare.shown[n] for n, value in run.machine.solver.model(truth).items() if value} == models[0]
    assert {bare.shown[n] for n in bare.shown if rails.truth(n)} == models[0]
    assert all(rails.truth(n) is not None for n in bare.shown)
    return models[0]


# -- explanations ------------------------------------------------------------------------------------------------


def ends(node: Node) -> Iterator[Node]:
    """The inputs and comparisons at the ends of an explanation, shared parts visited once."""
    seen, stack = {id(node)}, [node]
    while stack:
        current = stack.pop()
        if current.kind in ("input", "comparison"):
            yield current
        new = [child for child in current.children if id(child) not in seen]
        seen.update(map(id, new))
        stack += new


def replay(run: Run, number: int) -> bool | None:
    """The truth of an atom when nothing is known but what its explanation ends in."""
    comparisons, kept = bare_of(run).numbers, dict[int, bool]()
    for node in ends(run.explainer.node(number)):
        place = comparisons[node.atom] if node.kind == "comparison" else run.program.number[node.atom]
        assert STATES[node.state] is run.inputs.truth[place]
        if node.state != OPEN:
            kept[place] = STATES[node.state] is True
    key = (run.cast.shape, number, frozenset(kept.items()))
    if key not in _REPLAYED:
        _REPLAYED[key] = run.evaluator.run({**dict.fromkeys(run.inputs.truth), **kept}).truth(number)
    return _REPLAYED[key]


STATES = {TRUE: True, FALSE: False, OPEN: None}
_REPLAYED: dict[Any, bool | None] = {}


def explained(run: Run) -> Iterator[int]:
    """Results, states of conditions and states of documents that hold on routes worth showing."""
    for name in (*RESULTS, "condition", "document"):
        for number in run.program.by_predicate.get(name, ()):
            relevant = run.program.number["relevant", *run.program.atoms[number][1:3]]
            if run.rails.truth(number) and run.rails.truth(relevant) is not False:
                yield number


@pytest.mark.parametrize("kind", FAMILIES)
def test_three_ways_to_decide_agree_and_explanations_entail_what_they_explain(kind: str) -> None:
    @settings(max_examples=EXAMPLES[kind], **SHARED)
    @given(cases(kind), st.integers(0, 2**32))
    def check(case: Case, seed: int) -> None:
        file = read(case)
        mark = zlib.crc32(generated.text(case).encode())
        decision = engine().decide(file)
        for run in decision.runs:
            model = agree(run, closed(run, seed), text=mark % FULL_TEXT == 0)
            if None not in run.inputs.truth.values():
                assert {symbol(run.program.atoms[n]) for n in run.program.shown if run.truth(n)} == model
            for number in explained(run):
                assert replay(run, number) is True, run.program.atoms[number]
        for run, outcome in decision.decided:
            if outcome.result in RESULTS:
                assert run.truth(run.program.number[outcome.result, run.cast.canonical[outcome.person], outcome.route])

    check()


# -- what is remembered ------------------------------------------------------------------------------------------


@st.composite
def neighbours(draw: Any, kind: str) -> tuple[Case, Case]:
    """Two cases of one shape that differ in up to four facts, as the cases of an archive may."""
    first = draw(cases(kind))
    second = generated.copied(first)
    facts = [
        (path, value)
        for path, value in known(second)
        if isinstance(value, date | bool) and path[-1] not in ("from", "to")
    ]
    for path, value in draw(st.lists(st.sampled_from(facts), min_size=1, max_size=4, unique_by=lambda fact: fact[0])):
        if isinstance(value, date):
            other = draw(st.sampled_from((value + timedelta(1), date(2029, 1, 1), date(2022, 1, 1), "none")))
            generated.put(second, path, other)
        else:
            generated.put(second, path, not value)
    return (first, second) if draw(st.booleans()) else (second, first)


@pytest.mark.parametrize("kind", FAMILIES)
def test_what_is_remembered_of_one_case_says_nothing_false_of_the_next(kind: str) -> None:
    @settings(max_examples=20, **SHARED)
    @given(neighbours(kind))
    def check(pair: tuple[Case, Case]) -> None:
        first, second = map(unchecked, pair)
        expected = forgetful(second).outcomes
        for outcome, wanted in zip(after(first, second).outcomes, expected, strict=True):
            assert outcome == wanted

    check()


def forgetful(file: CaseFile) -> Decision:
    """The decision of an engine that remembers no conclusions."""
    decision = engine().decide(file)
    for run in decision.runs:
        run.machine.fragments.clear()
    return decision


def after(first: CaseFile, second: CaseFile) -> Decision:
    """The decision of an engine that remembers the conclusions of one other case only."""
    decision = forgetful(first)
    forgetful(second)
    len(decision.outcomes)  # worked out now, and so remembered
    return engine().decide(second)


# -- what is open ------------------------------------------------------------------------------------------------

SWITCHES = {True: (True, False), False: (True, False)}


@st.composite
def gaps(draw: Any, kind: str) -> tuple[Case, tuple[Path, ...]]:
    """A case in which one to three facts are unknown: at most one date, of which the month is known, and yes-or-no facts."""
    case = draw(families(kind))
    facts = list(known(case))
    dates = [path for path, value in facts if isinstance(value, date)]
    booleans = [path for path, value in facts if isinstance(value, bool)]
    dated = draw(st.lists(st.sampled_from(dates), max_size=1))
    switched = draw(st.lists(st.sampled_from(booleans), min_size=0 if dated else 1, max_size=2, unique=True))
    for path in dated:
        generated.blur(case, path, "month")
    for path in switched:
        generated.put(case, path, "unknown")
    return case, (*dated, *switched)


def options(case: Case, path: Path) -> list[Any]:
    """The values that an unknown fact can have: both, or every day of its month."""
    value = generated.get(case, path)
    if value == "unknown":
        return [True, False]
    first = date.fromisoformat(f"{value}-01")
    days = [first + timedelta(n) for n in range(31)]
    return [day for day in days if day.month == first.month]


def open_paths(run: Run) -> set[Path]:
    """Places in the file at which something is open in a run."""
    reader, program = run.inputs.reader, run.program
    found = {reader.place(program.atoms[n]) for n in program.inputs if run.inputs.truth[n] is None}
    return found | {reader.place(point) for point in run.inputs.open_points}


def impossible(run: Run) -> bool:
    """Whether the facts of a case exclude each other (encodings/possible.lp)."""
    rails = run.rails
    return any(
        all(rails.holds[n] & 1 for n in positive) and all(rails.fails[n] & 1 for n in negative)
        for positive, negative in run.program.constraints
    )


def result(run: Run, name: str, route: str) -> str:
    numbers = run.program.number
    return next(
        (r for r in RESULTS if (r, name, route) in numbers and run.truth(numbers[r, name, route])), "undetermined"
    )


@pytest.mark.parametrize("kind", FAMILIES)
def test_an_outcome_is_undetermined_exactly_when_completing_the_file_can_change_it(kind: str) -> None:
    seen = {"decided": 0, "undetermined": 0}

    @settings(max_examples=12, **SHARED)
    @given(gaps(kind))
    def check(drawn: tuple[Case, tuple[Path, ...]]) -> None:
        case, unknown = drawn
        decision = engine().decide(unchecked(case))
        run = decision.runs[0]
        paths = [path for path in unknown if path in open_paths(run)]
        answers = completions(case, paths)
        for other, outcome in decision.decided:
            if other is not run or not answers:
                continue  # looked at as joining somebody else; or the file contradicts itself whatever is unknown
            name = run.cast.canonical[outcome.person]
            results = {values: result(full, name, outcome.route) for values, full in answers.items()}
            if "undetermined" in results.values():
                continue  # something else is open too
            compare(outcome, [dotted(path) for path in paths], results)
            seen["undetermined" if outcome.result == "undetermined" else "decided"] += 1

    check()
    assert seen["decided"] > 15
    assert seen["undetermined"] >= (2 if kind != "holders" else 1)


def completions(case: Case, paths: list[Path]) -> dict[tuple[Any, ...], Run]:
    """Every way to complete a case that is possible, by the values given at ``paths``."""
    found = {}
    for values in product(*(options(case, path) for path in paths)):
        full = generated.copied(case)
        for path, value in zip(paths, values, strict=True):
            generated.put(full, path, value)
        run = engine().decide(unchecked(full)).runs[0]
        if not impossible(run):
            found[values] = run
    return found


def compare(outcome: Outcome, paths: list[str], results: dict[tuple[Any, ...], str]) -> None:
    """What the engine says of an outcome against the results of all completions."""
    possible = set(results.values())
    assert (outcome.result == "undetermined") == (len(possible) > 1), (
        outcome.person,
        outcome.route,
        outcome.result,
        possible,
    )
    if len(possible) == 1:
        assert possible == {outcome.result}
        assert not outcome.depends_on
        return
    decisive = {
        path
        for index, path in enumerate(paths)
        if any(
            results[one] != results[other]
            for one, other in combinations(results, 2)
            if one[:index] + one[index + 1 :] == other[:index] + other[index + 1 :]
        )
    }
    assert {item.path for item in outcome.depends_on} == decisive
    for item in outcome.depends_on:
        index = paths.index(item.path)
        alone = any(
            len({r for values, r in results.items() if values[index] == value}) == 1
            for value in {v[index] for v in results}
        )
        assert (item.settles == 1) == alone


# -- several applicants, and changes that must not matter -----------------------------------------------------------


def test_eight_applicants_on_both_sides_of_the_reform_of_2024_are_decided_alike_three_ways() -> None:
    @settings(max_examples=3, **SHARED)
    @given(families("eight"))
    def check(case: Case) -> None:
        decision = engine().decide(read(case))
        (run,) = decision.runs
        agree(run, closed(run, 1), text=False)
        asked = [outcome for outcome in decision.outcomes if outcome.asked]
        assert len(asked) == 8
        assert {outcome.result for outcome in asked} <= set(RESULTS)
        for number in explained(run):
            assert replay(run, number) is True

    check()


def plainly(outcome: Outcome, leaving_out: str = "") -> dict[str, Any]:
    """An outcome without places in the file, without order, and without what was assumed about one person."""
    assumed = [item for item in outcome.assumed if not item.path.startswith(f"persons.{leaving_out}.")]
    return {
        "result": (outcome.result, outcome.file, outcome.applied_on, outcome.filed, outcome.asked),
        "conditions": {(c.id, c.status, c.distance and tuple(c.distance)) for c in outcome.conditions},
        "documents": {(d.type, d.status, frozenset(d.defects), frozenset(d.alternatives)) for d in outcome.documents},
        "effects": {(e.id, e.kind, e.status, e.date) for e in outcome.effects if e.status != "not"},
        "deadlines": {(d.id, d.date) for d in outcome.deadlines},
        "fees": {(f.id, f.status) for f in outcome.fees},
        "authorities": {(a.task, a.body) for a in outcome.authorities},
        "remarks": {(r.id, r.about) for r in (*outcome.notes, *outcome.warnings)},
        "channel": set(outcome.channel),
        "depends_on": sorted(d.input for d in outcome.depends_on),
        "assumed": {(item.input, item.value) for item in assumed if item.value != "none"},
    }


def by_route(decision: Decision, leaving_out: str = "") -> dict[tuple[str, str, str | None], dict[str, Any]]:
    return {(o.person, o.route, o.sponsor): plainly(o, leaving_out) for o in decision.outcomes}


def renamed(part: Any, names: Mapping[str, str]) -> Any:
    if isinstance(part, dict):
        return {names.get(key, key): value if key == "name" else renamed(value, names) for key, value in part.items()}
    if isinstance(part, list | tuple | set | frozenset):
        return type(part)(renamed(value, names) for value in part)
    return names.get(part, part) if isinstance(part, str) else part


@pytest.mark.parametrize("kind", FAMILIES)
def test_other_ids_and_another_order_of_the_file_change_no_outcome(kind: str) -> None:
    @settings(max_examples=8, **SHARED)
    @given(cases(kind), st.integers(0, 2**32))
    def check(case: Case, seed: int) -> None:
        before = by_route(engine().decide(read(case)))
        names = {person: f"z{9 - index}" for index, person in enumerate(case["persons"])}
        changed = renamed(case, names)
        assert by_route(engine().decide(read(changed))) == {
            renamed(key, names): renamed(value, names) for key, value in before.items()
        }
        drawn, mixed = random.Random(seed), generated.copied(case)
        mixed["persons"] = dict(drawn.sample(list(mixed["persons"].items()), len(mixed["persons"])))
        for part in ("unions", "applications"):
            drawn.shuffle(mixed[part])
        assert by_route(engine().decide(read(mixed))) == before

    check()


@pytest.mark.parametrize("kind", FAMILIES)
def test_somebody_unrelated_in_the_file_changes_no_outcome_of_the_others(kind: str) -> None:
    @settings(max_examples=12, **SHARED)
    @given(cases(kind))
    def check(case: Case) -> None:
        before = by_route(engine().decide(read(case)))
        case["persons"]["zoe"] = {"name": "Zoe", "born": "1960-01-01", "lives_in": "BE", "civil_status": "married"}
        assert by_route(engine().decide(read(case)), leaving_out="zoe") == before

    check()


RANKS = {
    "result": ("not_eligible", "undetermined", "discretionary", "eligible"),
    "file": ("incomplete", "undetermined", "complete", "not_applicable"),
}


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_paper_in_good_order_makes_nobody_worse_off(kind: str) -> None:
    @settings(max_examples=20, **SHARED)
    @given(cases(kind), st.sampled_from(tuple(PAPERS)))
    def check(case: Case, added: str) -> None:
        papers = [a["documents"] for a in case["applications"]]
        if not papers or added in [found["type"] for found in papers[0]]:
            return
        before = {(o.person, o.route, o.sponsor): o for o in engine().decide(read(case)).outcomes}
        papers[0].append(
            paper(added, date(2021, 1, 1)) if added != "medical_certificate" else paper(added, date(2031, 1, 1))
        )
        for after in engine().decide(read(case)).outcomes:
            earlier = before.pop((after.person, after.route, after.sponsor))
            for key, rank in RANKS.items():
                assert rank.index(getattr(after, key)) >= rank.index(getattr(earlier, key)), (
                    after.person,
                    after.route,
                    key,
                )
            states = {document.type: document.status for document in earlier.documents}
            worse = [d.type for d in after.documents if states.get(d.type) == "held" and d.status != "held"]
            assert not worse
        assert not before

    check()


def test_generated_readings_are_those_of_the_law() -> None:
    choices = {
        path.removeprefix("readings."): found
        for path, found in engine().law.choices.items()
        if path.startswith("readings.")
    }
    assert {name: set(found) for name, found in READINGS.items()} == {
        name: set(found) for name, found in choices.items()
    }
    assert OPEN_READING not in {name for name, _ in engine().law.table("default_reading")}
