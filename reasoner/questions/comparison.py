"""What two decisions of a case differ in: results, and the reasons behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from reasoner.engine import Decision
from reasoner.explanation import FALSE, TRUE, Explainer, Node
from reasoner.ground import Atom
from reasoner.outcome import CARRYING, Condition, Outcome, layout
from reasoner.program import Rule
from reasoner.quality.answers import text
from reasoner.run import Run


class Item(NamedTuple):
    """Something that an outcome says of ``id`` before and after; None where it says nothing.

    ``part`` is the field of the outcome that it stands in (``conditions``, ``documents`` ...), ``entry`` what stands
    there: after the change, or before if nothing does.
    """

    part: str
    id: str
    before: str | None
    after: str | None
    entry: Any


class Carrier(NamedTuple):
    """A rule that holds on one side only, and what it carries there: a condition, or what else decides a result."""

    carries: str
    rule: Rule
    provisions: tuple[str, ...]
    node: Node


class Fact(NamedTuple):
    """A fact or comparison that counts on a side and is another there: its node on each side."""

    before: Node | None
    after: Node | None

    @property
    def atom(self) -> Atom:
        """The input or comparison."""
        node = self.after or self.before
        assert node is not None
        return node.atom


class Side(NamedTuple):
    """An outcome with the run that it belongs to."""

    run: Run
    outcome: Outcome


class Change(NamedTuple):
    """What became of one person on one route. ``before`` or ``after`` is None where that route is not listed."""

    before: Side | None
    after: Side | None
    items: tuple[Item, ...]
    started: tuple[Carrier, ...]
    stopped: tuple[Carrier, ...]
    facts: tuple[Fact, ...]

    @property
    def outcome(self) -> Outcome:
        """The outcome after the change, or the one before if there is no more."""
        side = self.after or self.before
        assert side is not None
        return side.outcome

    @property
    def results(self) -> tuple[str | None, str | None]:
        """The result before and after."""
        return _result(self.before), _result(self.after)

    @property
    def anything(self) -> bool:
        """Whether anything at all is different."""
        return bool(self.items or self.started or self.stopped or self.before is None or self.after is None)


def _result(side: Side | None) -> str | None:
    return side.outcome.result if side else None


def compared(
    before: Decision, after: Decision, chosen: Callable[[str, str], bool] = lambda person, route: True
) -> tuple[Change, ...]:
    """For each person and route of either decision what is different; nothing in it where all is the same."""
    first, second = _sides(before, chosen), _sides(after, chosen)
    return tuple(change(first.get(key), second.get(key)) for key in dict.fromkeys((*first, *second)))


def _sides(decision: Decision, chosen: Callable[[str, str], bool]) -> dict[tuple[str, str | None, str], Side]:
    return {(o.person, o.sponsor, o.route): Side(run, o) for run, o in decision.decided if chosen(o.person, o.route)}


def change(before: Side | None, after: Side | None) -> Change:
    """The differences between two outcomes of one person on one route."""
    if before is None or after is None:
        return Change(before, after, (), (), (), ())
    items = () if before.outcome == after.outcome else tuple(items_of(before.outcome, after.outcome))
    names = (before.run.cast.canonical[before.outcome.person], after.run.cast.canonical[after.outcome.person])
    asked = tuple(_differing(before, after, names[0]))
    if not asked:
        return Change(before, after, items, (), (), ())
    views = (view(side.run, name, side.outcome.route, asked) for side, name in zip((before, after), names, strict=True))
    stopped, started, facts = reasons(*views)
    return Change(before, after, items, started, stopped, facts)


def _differing(before: Side, after: Side, name: str) -> Iterator[str]:
    """The conditions, and what else can carry a result, that rest on something that is different."""
    first, second = before.run, after.run
    same = first.program is second.program and first.cast.ids == second.cast.ids
    if same and not first.differs(second, layout(first.machine, name, before.outcome.route).everything):
        return
    for asked in dict.fromkeys([*(c.id for side in (before, after) for c in side.outcome.conditions), *CARRYING]):
        atoms = (first.program.number.get(atom) for atom in ways(name, before.outcome.route, asked))
        if not same or first.differs(second, tuple(number for number in atoms if number is not None)):
            yield asked


# -- what the outcomes say --------------------------------------------------------------------------------------------


def items_of(before: Outcome, after: Outcome) -> Iterator[Item]:
    """Everything that two outcomes say differently, in the order of an outcome."""
    for part in ("result", "file"):
        if (was := getattr(before, part)) != (now := getattr(after, part)):
            yield Item(part, part, was, now, None)
    for part, said in _PARTS.items():
        first, second = _said(getattr(before, part), said), _said(getattr(after, part), said)
        for key in dict.fromkeys((*first, *second)):
            (was, old), (now, new) = first.get(key, (None, None)), second.get(key, (None, None))
            if was != now:
                yield Item(part, key, was, now, old if new is None else new)


def _said(listed: Iterable[Any], said: Callable[[Any], tuple[str, str]]) -> dict[str, tuple[str | None, Any]]:
    found: dict[str, tuple[str | None, Any]] = {}
    for entry in listed:
        key, value = said(entry)
        if value:
            found.setdefault(key, (value, entry))
    return found


def _condition(condition: Condition) -> tuple[str, str]:
    gap = condition.distance
    return condition.id, f"{condition.status} {gap.amount} {gap.unit}" if gap else condition.status


_PARTS: Mapping[str, Callable[[Any], tuple[str, str]]] = {
    "because": lambda remark: (remark.id, "applies"),
    "conditions": _condition,
    "documents": lambda document: (document.type, " ".join((document.status, *document.defects))),
    "effects": lambda effect: (
        effect.id,
        "" if effect.status == "not" else f"{effect.status} {text(effect.date)}" if effect.date else effect.status,
    ),
    "deadlines": lambda deadline: (deadline.id, text(deadline.date) if deadline.date else "unknown"),
    "fees": lambda fee: (fee.id, f"fee_{fee.status}"),
    "authorities": lambda authority: (f"{authority.task} {authority.body}", "applies"),
    "channel": lambda channel: (channel, "applies"),
    "warnings": lambda remark: (remark.id, "applies"),
    "notes": lambda remark: (remark.id, "applies"),
}


# -- the reasons ------------------------------------------------------------------------------------------------------


class View(NamedTuple):
    """What is behind an outcome in a run: for each condition, and for what else decides a result, the explanations of
    what satisfies it, waives it or makes it so."""

    run: Run
    support: Mapping[str, tuple[Node, ...]]

    @property
    def explainer(self) -> Explainer:
        """Explains by every rule that holds."""
        return self.run.thorough

    @property
    def person(self) -> Mapping[str, str]:
        """The id of a canonical person."""
        return self.run.cast.person


def ways(name: str, route: str, condition: str) -> tuple[Atom, ...]:
    """What makes a condition met or waived, for a canonical person; what makes it so, for what carries a result."""
    if condition in CARRYING:
        return ((condition, name, route),)
    return ("satisfied", name, route, condition), ("waived", name, route, condition)


def view(
    run: Run,
    name: str,
    route: str,
    conditions: Iterable[str],
    documents: Iterable[tuple[str, tuple[str | None, ...]]] = (),
) -> View:
    """The reasons of a run for some conditions of a canonical person on a route; of documents those why they have, or
    have not, each of some statuses."""
    explain = run.thorough.explain
    found = {c: tuple(map(explain, ways(name, route, c))) for c in dict.fromkeys((*conditions, *CARRYING))}
    for paper, wanted in documents:
        found[paper] = tuple(explain(("document", name, route, paper, status)) for status in wanted)
    return View(run, found)


def reasons(before: View, after: View) -> tuple[tuple[Carrier, ...], tuple[Carrier, ...], tuple[Fact, ...]]:
    """The rules that hold before only, those that hold after only, and the facts and comparisons behind them that are
    otherwise."""
    return tuple(_only(before, after)), tuple(_only(after, before)), tuple(_facts(before, after))


def _only(view: View, other: View) -> Iterator[Carrier]:
    """The rules that carry something in one view and do not hold in the other."""
    seen: set[tuple[str, int]] = set()
    there = _renaming(view, other)
    for name, nodes in view.support.items():
        met: set[Node] = set()
        for atom, held in (pair for node in nodes for pair in _holding(node, met)):
            assert held.rule is not None
            index = held.rule.index
            if (name, index) not in seen and not _holds(other.explainer, there(atom), index, there(held.atom[2:])):
                seen.add((name, index))
                yield Carrier(name, held.rule, held.provisions, held)


def _holding(node: Node, met: set[Node]) -> Iterator[tuple[Atom, Node]]:
    """The rules that hold in an explanation and name a provision, those that carry what is explained, each with what
    it gives; what was ``met`` before is passed over."""
    if node in met:
        return
    met.add(node)
    for rule in node.children:
        if rule.state == TRUE:
            if rule.provisions:
                yield node.atom, rule
            for child in rule.children:
                if not child.negated:
                    yield from _holding(child, met)


def _holds(explainer: Explainer, atom: Atom, index: int, values: Atom) -> bool:
    """Whether a rule with these values of its variables gives an atom."""
    instances = explainer.program.rules.get(explainer.program.number.get(atom, 0), ())
    return any(
        rule == index
        and given == values
        and all(explainer.state(n) == TRUE for n in positive)
        and all(explainer.state(n) == FALSE for n in negative)
        for rule, given, positive, negative in instances
    )


def _facts(before: View, after: View) -> Iterator[Fact]:
    """The facts of the case and the comparisons in either explanation that are otherwise in the other case."""
    back, there = _renaming(before, after), _renaming(after, before)
    first, second = before.run, after.run
    same = first.program is second.program and before.person == after.person
    wanted = first.evaluator.reading(first.differing(second)) if same else _anything
    for atom in dict.fromkeys((*_leaves(after, wanted), *map(back, _leaves(before, wanted)))):
        was, now = _leaf(before, there(atom)), _leaf(after, atom)
        if _state(before, was) != _state(after, now):
            yield Fact(_node(before, was), _node(after, now))


def _renaming(view: View, other: View) -> Callable[[Any], Any]:
    """From the canonical persons of one view to those of another."""
    if view.person == other.person:
        return lambda term: term
    canonical = {person: name for name, person in other.person.items()}
    return lambda term: _named(term, {name: canonical.get(person, person) for name, person in view.person.items()})


def _anything(atom: int) -> bool:
    return True


def _leaves(view: View, wanted: Callable[[int], bool]) -> Iterator[tuple[str, Atom]]:
    """The inputs and comparisons at the ends of the explanations, with what each is."""
    program = view.run.program
    explained = (program.number.get(node.atom) for nodes in view.support.values() for node in nodes)
    for number in view.explainer.leaves((number for number in explained if number is not None), wanted):
        comparison = program.comparisons.get(number)
        yield ("input", program.atoms[number]) if comparison is None else ("comparison", comparison)


def _leaf(view: View, leaf: tuple[str, Atom]) -> int | None:
    """The number of an input or comparison; none where there is no such thing."""
    program, (kind, atom) = view.run.program, leaf
    return (program.number_of_comparison if kind == "comparison" else program.number).get(atom)


def _state(view: View, leaf: int | None) -> str:
    return FALSE if leaf is None else view.explainer.state(leaf)


def _node(view: View, leaf: int | None) -> Node | None:
    return None if leaf is None else view.explainer.node(leaf)


def _named(term: Any, names: Mapping[str, str]) -> Any:
    """A term with persons renamed."""
    if isinstance(term, tuple):
        return tuple(_named(part, names) for part in term)
    return names.get(term, term) if isinstance(term, str) else term
