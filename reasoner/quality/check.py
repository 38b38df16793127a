"""Faults that a rule base can have whatever the cases: each is searched for in all possible cases, not in samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import cached_property, partial
from itertools import combinations, pairwise
from typing import Any, NamedTuple

from reasoner.engine import Engine
from reasoner.ground import Atom, GroundProgram
from reasoner.program import Law
from reasoner.quality.apart import Apart
from reasoner.quality.processes import spread
from reasoner.quality.search import Answer, Search, Witness, confirmed, shapes
from reasoner.quality.space import Side, Space
from reasoner.quality.witness import Case

RESULTS = ("eligible", "not_eligible", "discretionary")
STATED = {"condition": 3, "document": 3, "fee": 3}
"""Predicates whose last argument is a state, of which there can be one: how many arguments come before it."""
GOOD, BAD = ("met", "waived"), ("unmet",)


class Finding(NamedTuple):
    """A fault: what it is about, the rules concerned as ``file:line``, and a case that shows it where there can be one.

    ``certain`` is False for "there is no such case" where some candidates could be neither confirmed nor excluded.
    """

    check: str
    about: tuple[tuple[str, str], ...]
    rules: tuple[str, ...] = ()
    case: Case | None = None
    certain: bool = True


class Report(NamedTuple):
    """The outcome of one check: what was asked how often, and what was found."""

    check: str
    questions: int
    findings: tuple[Finding, ...]


class Checker:
    """Runs the checks on one version of the law; ``progress`` is told before each question."""

    def __init__(self, engine: Engine, progress: Callable[[str], object] = lambda _check: None) -> None:
        self.engine, self.progress = engine, progress
        self.searches = [Search(engine, shape) for shape in shapes(engine.law)]
        self.free = [Search(engine, shape, readings_free=True) for shape in shapes(engine.law)]

    @property
    def law(self) -> Law:
        """The law that is checked."""
        return self.engine.law

    def run(self, only: Sequence[str] = ()) -> Iterator[Report]:
        """The reports, one by one as they are ready."""
        for check in only or CHECKS:
            self.questions = 0
            findings = tuple(CHECKS[check](self))
            yield Report(check, self.questions, findings)

    @cached_property
    def _apart(self) -> list[Apart]:
        return [Apart(self.engine, search.shape, search.program) for search in self.searches]

    @cached_property
    def idle(self) -> dict[int, bool]:
        """The rules that fire and without which nothing changes, and whether that is certain."""
        rules = [rule.index for rule in self.law.rules if rule.tagged and rule.index not in self.mute]
        left: dict[int, bool] = {}
        for rule, (certain, asked) in zip(rules, spread(self._without, rules), strict=True):
            self._ask("no_difference", asked)
            if certain is not None:
                left[rule] = certain
        return left

    def _without(self, rule: int) -> tuple[bool | None, int]:
        """Whether it is certain that nothing changes without a rule, None where something does, and in how many shapes
        that was asked."""
        certain, asked = True, 0
        for apart in self._apart:
            if changed := apart.without([rule]):
                asked += 1
                told = apart.case(changed, simplest=False)
                if told.case is not None:
                    return None, asked
                certain = certain and told.certain
        return certain, asked

    @cached_property
    def pairs(self) -> list[tuple[int, int]]:
        """Idle rules with the same head that do each other's work."""
        found = []
        for one, other in combinations(self.idle, 2):
            if self.law.rules[one].head == self.law.rules[other].head:
                for apart in self._apart:
                    self._ask("same_rule")
                    if apart.case(apart.without([one, other]), simplest=False).case is not None:
                        found.append((one, other))
                        break
        return found

    @cached_property
    def mute(self) -> dict[int, bool]:
        """The rules that never fire, and whether that is certain."""

        def ways(search: Search) -> dict[Any, list[list[int]]]:
            return {rule: [[body] for body in bodies] for rule, bodies in search.space.instances[0].items()}

        missing = dict(self.never("never_fires", self.free, ways))
        known = {rule for search in self.free for rule in search.space.instances[0]}
        rules = (rule.index for rule in self.law.rules if rule.tagged)
        return {rule: missing.get(rule, True) for rule in rules if rule in missing or rule not in known}

    # -- asking -------------------------------------------------------------------------------------------------

    def never(
        self, check: str, searches: Iterable[Search], ways: Callable[[Search], dict[Any, list[list[int]]]]
    ) -> Iterator[tuple[Any, bool]]:
        """The labels none of whose ways (literals of a search's space) is possible in any shape, and whether that is
        certain."""
        missing: dict[Any, bool] = {}
        covered: set[Any] = set()
        for search in searches:
            labelled = {label: listed for label, listed in ways(search).items() if label not in covered}
            goals = {label: search.space.either(listed) for label, listed in labelled.items()}
            for label, goal in goals.items():
                if label in covered:
                    continue
                self._ask(check)
                found = search.space.holding([goal], goals.values())
                if found is None:
                    missing[label] = missing.get(label, True) and search.space.complete
                else:
                    covered |= {other for other, literal in goals.items() if literal in found}
        yield from ((label, certain) for label, certain in missing.items() if label not in covered)

    def _ask(self, check: str, number: int = 1) -> None:
        self.questions += number
        self.progress(check)

    def shown(self, check: str, pairs: Callable[[Search], Iterable[tuple[Any, list[int], list[int]]]]) -> Iterator[Any]:
        """For each (label, atoms that hold, atoms that do not) the first shape's simplest case in which it is so."""
        done: set[Any] = set()
        for search in self.searches:
            asked = [each for each in pairs(search) if each[0] not in done]
            if not asked:
                continue
            literal = search.literal
            goal = search.space.either(
                [[*map(literal, true), *(-literal(n) for n in false)] for _, true, false in asked]
            )
            self._ask(check)
            if search.space.holding([goal], ()) is None:
                continue
            for label, true, false in asked:
                if label in done:
                    continue
                self._ask(check)
                answer = search.witness((), true, false)
                if answer.witness or not answer.certain:
                    done.add(label)
                    yield label, answer


def _about(**values: object) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in values.items())


def _case(answer: Answer) -> Case | None:
    return answer.witness.cases[0] if answer.witness else None


def two_answers(checker: Checker) -> Iterator[Finding]:
    """Somebody both eligible and not, or a condition, paper or fee in two states at once."""

    def pairs(search: Search) -> Iterator[tuple[Any, list[int], list[int]]]:
        program, groups = search.program, dict[Any, list[int]]()
        for number in program.shown:
            name, *arguments = program.atoms[number]
            if name in RESULTS:
                groups.setdefault(("result", *arguments), []).append(number)
            elif name in STATED:
                groups.setdefault((name, *arguments[: STATED[name]]), []).append(number)
        for key, numbers in groups.items():
            for index, one in enumerate(numbers):
                for other in numbers[:index]:
                    states = sorted(_state(program.atoms[n]) for n in (one, other))
                    yield (key[0], *key[2:], *states), [one, other], []

    for (kind, *subject, one, other), answer in checker.shown("two_answers", pairs):
        about = _about(kind=kind, route=subject[0], item=subject[-1], one=one, other=other)
        yield Finding("two_answers", about, case=_case(answer), certain=answer.certain)


def _state(atom: Atom) -> str:
    return str(atom[0] if atom[0] in RESULTS else atom[-1])


def no_answer(checker: Checker) -> Iterator[Finding]:
    """Somebody for whom a route is worth looking at, and no rule decides."""

    def pairs(search: Search) -> Iterator[tuple[Any, list[int], list[int]]]:
        numbers = search.program.number
        for number in search.program.by_predicate.get("relevant", ()):
            _, person, route = search.program.atoms[number]
            results = [numbers[r, person, route] for r in RESULTS if (r, person, route) in numbers]
            yield route, [number], results

    for route, answer in checker.shown("no_answer", pairs):
        yield Finding("no_answer", _about(route=route), case=_case(answer), certain=answer.certain)


def never_fails(checker: Checker) -> Iterator[Finding]:
    """A condition of a route that everybody fulfils who is asked to."""
    waived = {finding.about for finding in always_waived(checker)}
    yield from (finding for finding in _conditions(checker, "never_fails", BAD) if finding.about not in waived)


def never_holds(checker: Checker) -> Iterator[Finding]:
    """A condition of a route that nobody can fulfil."""
    yield from _conditions(checker, "never_holds", GOOD)


def always_waived(checker: Checker) -> Iterator[Finding]:
    """An exception that swallows its rule: whoever is asked for the condition is let off."""
    yield from _conditions(checker, "always_waived", ("met", "unmet"))


def _conditions(checker: Checker, check: str, states: tuple[str, ...]) -> Iterator[Finding]:
    def ways(search: Search) -> dict[Any, list[list[int]]]:
        found: dict[Any, list[list[int]]] = {}
        for atom in _atoms(search, "condition", (*GOOD, *BAD)):
            listed = found.setdefault((atom[2], atom[3]), [])
            if atom[4] in states:
                listed.append([search.literal(search.program.number[atom])])
        return found

    for (route, condition), certain in checker.never(check, checker.searches, ways):
        rules = _rules(checker.law, checker.searches, "requires", (route, condition))
        yield Finding(check, _about(route=route, condition=condition), rules, certain=certain)


def _atoms(search: Search, predicate: str, states: tuple[str, ...]) -> Iterator[Atom]:
    for number in search.program.by_predicate.get(predicate, ()):
        atom = search.program.atoms[number]
        if atom[-1] in states:
            yield atom


def _rules(law: Law, searches: Sequence[Search], predicate: str, arguments: tuple[Any, ...]) -> tuple[str, ...]:
    """Where the rules stand that give an atom about some person."""
    found: dict[str, None] = {}
    for search in searches:
        for number in search.program.by_predicate.get(predicate, ()):
            if search.program.atoms[number][2:] == arguments:
                for index, *_ in search.program.rules[number]:
                    found[f"{law.rules[index].file}:{law.rules[index].line}"] = None
    return tuple(found)


def never_fires(checker: Checker) -> Iterator[Finding]:
    """A rule whose body cannot be true, whatever the reading of what the law leaves open."""
    for rule, certain in checker.mute.items():
        yield Finding("never_fires", _of_rule(checker.law, rule), (_place(checker.law, rule),), certain=certain)


def paper_impossible(checker: Checker) -> Iterator[Finding]:
    """A paper that is asked for in some period of the law and that nobody could have in order then."""

    def ways(search: Search, states: tuple[str, ...]) -> dict[Any, list[list[int]]]:
        found: dict[Any, list[list[int]]] = {}
        for atom in _atoms(search, "document", states):
            state = search.literal(search.program.number[atom])
            for since, literals in _periods(checker.law, search, str(atom[1])):
                found.setdefault((since, atom[2], atom[3]), []).append([state, *literals])
        return found

    lacking = dict(checker.never("paper_impossible", checker.searches, partial(ways, states=("held",))))
    asked = partial(ways, states=("missing", "defective", "waived"))
    never_asked = dict(checker.never("paper_impossible", checker.searches, asked))
    for (since, route, paper), certain in lacking.items():
        if (since, route, paper) not in never_asked:
            rules = _rules(checker.law, checker.searches, "needs", (route, paper))
            about = _about(route=route, document=paper, **({"since": since} if since else {}))
            yield Finding("paper_impossible", about, rules, certain=certain)


def _periods(law: Law, search: Search, person: str) -> list[tuple[str, list[int]]]:
    """The periods between the days from which something else applies to applications: the first day of each ("" for
    the first period), and the literals of an application of this person in it."""
    filed = [(entry.name, person) for entry in law.entries if entry.point and entry.path.endswith(".filed")]
    days = {
        str(comparison[1]): literal
        for comparison in search.program.comparisons.values()
        if comparison[0] == "date" and comparison[2] == "<=" and comparison[3] in filed
        if isinstance(comparison[1], str) and (literal := search.space.comparison(0, comparison)) is not None
    }
    begun = sorted(days.items())
    bounds: list[tuple[str, list[int]]] = [("", []), *((day, [literal]) for day, literal in begun)]
    return [(day, [*own, *(-n for _, n in begun[i : i + 1])]) for i, (day, own) in enumerate(bounds)]


def paper_harms(checker: Checker) -> Iterator[Finding]:
    """Somebody who is worse off for having handed in one paper more."""
    for search in checker.searches[:2]:
        program, vocabulary = search.program, checker.law.vocabulary
        papers = [n for n in program.inputs if _is_paper(vocabulary[program.atoms[n][0]].path)]
        space = _one_more(checker.law, program, papers, program.shown)
        losses: dict[Any, int] = {}
        for number in program.shown:
            name, _, route, *rest = program.atoms[number]
            if name in ("eligible", "complete") or (name == "document" and rest[-1] == "held"):
                losses.setdefault((name, route, *rest[:1]), number)
        for label, number in losses.items():
            checker._ask("paper_harms")
            if space.holding([space.literal(0, number), -space.literal(1, number)], ()) is None:
                continue

            def shown(found: Witness, atom: Atom = program.atoms[number]) -> bool:
                return found.state(0, atom) is True and found.state(1, atom) is False

            small = _one_more(checker.law, program, papers, [number])
            loss = [small.literal(0, number), -small.literal(1, number)]
            answer = confirmed(small, search.shape, loss, [checker.engine, checker.engine], shown)
            if answer.witness or not answer.certain:
                about = _about(kind=label[0], route=label[1], item=label[-1])
                case = answer.witness.cases[1] if answer.witness else None
                yield Finding("paper_harms", about, case=case, certain=answer.certain)


def _is_paper(path: str) -> bool:
    """Whether a path is that of a paper itself, not of something said of it."""
    return path.startswith("documents.") and path.count(".") == 3


def _one_more(law: Law, program: GroundProgram, papers: Sequence[int], targets: Sequence[int]) -> Space:
    """The possible cases in which the second side has handed in one paper more than the first."""
    own = frozenset(program.atoms[number] for number in papers)
    space = Space([Side(law, program, own=own), Side(law, program, own=own)], [targets, targets])
    choices = []
    for number in papers:
        without, more = space.literal(0, number), space.literal(1, number)
        if space.never not in (without, more):
            choice = space.new()
            choices.append(choice)
            space.add((None, [choice, without]), (None, [choice, -more]))
            space.add((None, [-choice, more, -without]), (None, [-choice, -more, without]))
    space.choose(choices)
    return space


def dates_in_force(checker: Checker) -> Iterator[Finding]:
    """Rules for the same thing whose dates in force leave a gap between them, or overlap."""
    law = checker.law
    begins = {str(p): date.fromisoformat(str(day)) for p, day in law.table("in_force_from")}
    ends = {str(p): date.fromisoformat(str(day)) for p, day in law.table("in_force_until")}
    groups: dict[str, dict[str, list[str]]] = {}
    for rule in law.rules:
        if not rule.tagged or len(rule.provisions) != 1 or rule.provisions[0] not in begins | ends:
            continue
        head = rule.text.split(":-")[0].strip()
        groups.setdefault(head, {}).setdefault(rule.provisions[0], []).append(f"{rule.file}:{rule.line}")
    for head, provisions in groups.items():
        checker._ask("dates_in_force")
        spans = sorted((begins.get(p, date.min), ends.get(p, date.max), p) for p in provisions)
        for (_, stop, one), (start, _, other) in pairwise(spans):
            if stop != date.max and start != stop + timedelta(1):
                kind = "gap" if start > stop else "overlap"
                rules = (*provisions[one], *provisions[other])
                yield Finding("dates_in_force", _about(kind=kind, head=head, one=one, other=other), rules)


def no_difference(checker: Checker) -> Iterator[Finding]:
    """A rule without which every case is decided in the same way, and that no other rule repeats."""
    repeated = {rule for pair in checker.pairs for rule in pair}
    for rule, certain in checker.idle.items():
        if rule not in repeated:
            yield Finding("no_difference", _of_rule(checker.law, rule), (_place(checker.law, rule),), certain=certain)


def same_rule(checker: Checker) -> Iterator[Finding]:
    """Two rules that say the same: without one the other does its work, without both something is missing."""
    for one, other in checker.pairs:
        places = (_place(checker.law, one), _place(checker.law, other))
        yield Finding("same_rule", _of_rule(checker.law, one), places)


def _of_rule(law: Law, index: int) -> tuple[tuple[str, str], ...]:
    rule = law.rules[index]
    return _about(rule=rule.comment or rule.head, provisions=", ".join(rule.provisions))


def _place(law: Law, index: int) -> str:
    return f"{law.rules[index].file}:{law.rules[index].line}"


CHECKS: dict[str, Callable[[Checker], Iterator[Finding]]] = {
    "two_answers": two_answers,
    "no_answer": no_answer,
    "never_fails": never_fails,
    "never_holds": never_holds,
    "always_waived": always_waived,
    "never_fires": never_fires,
    "no_difference": no_difference,
    "same_rule": same_rule,
    "paper_impossible": paper_impossible,
    "paper_harms": paper_harms,
    "dates_in_force": dates_in_force,
}
