"""One outcome for each person and route: the contract between the reasoner and everything that reads its answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from reasoner.explain import FALSE, Node
from reasoner.facts import Finding, dotted
from reasoner.openness import depends_on

if TYPE_CHECKING:
    from reasoner.decide import Run

RESULTS = ("eligible", "not_eligible", "discretionary")
_STATUS = {True: "applies", False: "not", None: "unknown"}


@dataclass(frozen=True)
class Gap:
    """How far a condition is from holding: ``amount`` of ``unit``.

    For dates ``on`` is the day that comes too late, and ``limit`` the day it is measured against.
    """

    unit: str
    amount: int
    on: date | None = None
    limit: date | None = None


@dataclass(frozen=True)
class Condition:
    """A condition of a route: met, unmet, unknown or waived, with the provisions behind that and the distance if unmet."""

    id: str
    status: str
    provisions: tuple[str, ...]
    distance: Gap | None = None


@dataclass(frozen=True)
class DocumentStatus:
    """A required document: held, defective, missing, unknown or waived; ``alternatives`` are the types that would do."""

    type: str
    status: str
    defects: tuple[str, ...]
    alternatives: tuple[str, ...]
    provisions: tuple[str, ...]


@dataclass(frozen=True)
class Effect:
    """What follows: a right, duty, power of the authority or risk; applies, not or unknown."""

    id: str
    kind: str
    status: str
    date: date | None
    provisions: tuple[str, ...]


@dataclass(frozen=True)
class Deadline:
    """A date that counts; None while something it is counted from is open."""

    id: str
    date: date | None
    provisions: tuple[str, ...]


@dataclass(frozen=True)
class Fee:
    """A fee: due or waived, with its amount where the law gives one."""

    id: str
    status: str
    amount: int | None
    currency: str | None
    provisions: tuple[str, ...]


@dataclass(frozen=True)
class Authority:
    """Who does what."""

    task: str
    body: str
    provisions: tuple[str, ...]


@dataclass(frozen=True)
class Remark:
    """A note (a provision shown as context) or a warning; ``about`` are the persons or values its sentence names."""

    id: str
    about: tuple[str, ...]
    provisions: tuple[str, ...]


@dataclass(frozen=True)
class Dependence:
    """An input that can still change the result: its path; ``settles`` is the size of the smallest set that settles it."""

    path: str
    input: str
    settles: int | None


@dataclass(frozen=True)
class Assumption:
    """An answer taken from silence."""

    path: str
    input: str
    value: str


@dataclass(frozen=True)
class Outcome:
    """What one person gets on one route, and what that rests on. The field names are the keys of the JSON result."""

    person: str
    sponsor: str | None
    route: str
    regime: str
    applied_on: date | None
    filed: bool
    asked: bool
    result: str
    file: str
    conditions: tuple[Condition, ...]
    documents: tuple[DocumentStatus, ...]
    effects: tuple[Effect, ...]
    deadlines: tuple[Deadline, ...]
    fees: tuple[Fee, ...]
    authority: str | None
    authorities: tuple[Authority, ...]
    channel: tuple[str, ...]
    notes: tuple[Remark, ...]
    warnings: tuple[Remark, ...]
    depends_on: tuple[Dependence, ...]
    assumed: tuple[Assumption, ...]


def outcomes(run: Run) -> Iterator[Outcome]:
    """The outcomes of one run, by person in the order of the case file and then by route in the order of the law."""
    program, cast = run.program, run.cast
    relevant = {program.atoms[n][1:] for n in program.by_predicate.get("relevant", ()) if run.verdict[n] is not False}
    order = {person: index for index, person in enumerate(run.inputs.reader.file.case.persons)}
    for name, person in sorted(cast.person.items(), key=lambda item: order[item[1]]):
        if cast.focus not in (None, person):
            continue
        for route, regime in run.law.table("route"):
            if (name, route) in relevant:
                yield outcome(run, name, str(route), str(regime))


def outcome(run: Run, name: str, route: str, regime: str) -> Outcome:
    """The outcome of one person (canonical name) on one route."""
    return _Builder(run, name, route).outcome(regime)


class _Builder:
    def __init__(self, run: Run, name: str, route: str) -> None:
        self.run, self.name, self.route = run, name, route
        self.person = run.cast.person[name]

    # -- atoms of this person and route -----------------------------------------------------------------------

    def _atoms(self, predicate: str, *beginning: Any) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Shown atoms of a predicate about this person and route: number and remaining arguments, in source order."""
        for number in self.run.program.by_predicate.get(predicate, ()):
            arguments = self.run.program.atoms[number][1:]
            if arguments[: len(beginning)] == beginning:
                yield number, arguments[len(beginning) :]

    def _mine(self, predicate: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
        return self._atoms(predicate, self.name, self.route)

    def _provisions(self, number: int) -> tuple[str, ...]:
        return _cited(self.run.explainer.node(number))

    def _status(self, predicate: str) -> dict[str, dict[str, int]]:
        """For conditions and documents: id to status to the atom that says so."""
        found: dict[str, dict[str, int]] = {}
        for number, (name, status) in self._mine(predicate):
            found.setdefault(str(name), {})[str(status)] = number
        return found

    # -- the parts ----------------------------------------------------------------------------------------------

    def outcome(self, regime: str) -> Outcome:
        run, result = self.run, self._result()
        sponsor = run.cast.sponsor_of.get(self.person)
        applied = self._date(("applied", self.name)) if sponsor else None
        conditions, documents = tuple(self._conditions()), tuple(self._documents())
        authorities = tuple(self._authorities())
        return Outcome(
            person=self.person,
            sponsor=sponsor if self.route_joins else None,
            route=self.route,
            regime=regime,
            applied_on=applied if self.route_joins else None,
            filed=self._is("filed", self.name),
            asked=self._is("requested", self.name, self.route),
            result=result,
            file=self._file(documents),
            conditions=conditions,
            documents=documents,
            effects=tuple(self._effects()),
            deadlines=tuple(self._deadlines()),
            fees=tuple(self._fees()),
            authority=next((a.body for a in authorities if a.task == "decides"), None),
            authorities=authorities,
            channel=tuple(str(channel) for number, (channel,) in self._mine("channel") if run.verdict[number]),
            notes=tuple(self._remarks("note")),
            warnings=tuple(self._remarks("warning")),
            depends_on=tuple(self._depends_on(result)),
            assumed=tuple(self._assumed()),
        )

    @property
    def route_joins(self) -> bool:
        """Whether the person is looked at as somebody who joins a sponsor."""
        return any(name == self.name for name, _ in self._joins()) and not self._holder_route()

    def _joins(self) -> Iterable[tuple[str, str]]:
        canonical = self.run.cast.canonical
        return [(canonical[a], canonical[s]) for a, s in self.run.cast.joins]

    def _holder_route(self) -> bool:
        return (self.route,) in self.run.law.table("holder_route")

    def _is(self, *atom: Any) -> bool:
        number = self.run.program.number.get(atom)
        return number is not None and self.run.inputs.truth[number] is True

    def _result_atoms(self) -> list[int]:
        numbers = self.run.program.number
        return [numbers[atom] for atom in ((result, self.name, self.route) for result in RESULTS) if atom in numbers]

    def _result(self) -> str:
        for number in self._result_atoms():
            if self.run.verdict[number]:
                return str(self.run.program.atoms[number][0])
        return "undetermined"

    def _file(self, documents: tuple[DocumentStatus, ...]) -> str:
        states = {document.status for document in documents}
        if not states:
            return "not_applicable"
        if states & {"missing", "defective"}:
            return "incomplete"
        return "undetermined" if "unknown" in states else "complete"

    def _conditions(self) -> Iterator[Condition]:
        for name, atoms in self._status("condition").items():
            status = next((status for status, number in atoms.items() if self.run.verdict[number]), None)
            open_ = [number for number in atoms.values() if self.run.verdict[number] is None]
            if status is None and not open_:
                continue  # required in other cases of this shape only
            cited = self._condition_provisions(name, status or "unknown")
            gap = self._gap(name) if status == "unmet" else None
            yield Condition(name, status or "unknown", cited, gap)

    def _condition_provisions(self, name: str, status: str) -> tuple[str, ...]:
        """Who requires the condition, and what satisfies or waives it (or all that could have)."""
        requires = self.run.explainer.explain(("requires", self.name, self.route, name))
        cited = [provision for rule in requires.children for provision in rule.provisions]
        wanted = {"met": ("satisfied",), "waived": ("waived",)}.get(status, ("satisfied", "waived"))
        for predicate in wanted:
            number = self.run.program.number.get((predicate, self.name, self.route, name))
            if number is not None:
                cited += self._provisions(number)
        return tuple(dict.fromkeys(cited))

    def _gap(self, name: str) -> Gap | None:
        """How far the nearest way to satisfy the condition is from holding, if all it fails is comparisons."""
        node = self.run.explainer.explain(("satisfied", self.name, self.route, name))
        ways = []
        for instance in node.children:
            ends = list(_ends(instance))
            gaps = [(end.distance, end.atom) for end in ends if end.distance and not end.distance.holds]
            if gaps and len(gaps) == len(ends):
                ways.append((len(gaps), *max(gaps, key=lambda gap: gap[0].amount)))
        if not ways:
            return None
        _, worst, (_, left, _, right) = min(ways, key=lambda way: (way[0], way[1].amount))
        return Gap(worst.unit, worst.amount, self._date(left), self._date(right))

    def _documents(self) -> Iterator[DocumentStatus]:
        for name, atoms in self._status("document").items():
            status = next((status for status, number in atoms.items() if self.run.verdict[number]), None)
            if status is None and not any(self.run.verdict[number] is None for number in atoms.values()):
                continue
            numbers = self.run.program.number
            needs = self.run.explainer.explain(("needs", self.name, self.route, name))
            cited = [provision for rule in needs.children for provision in rule.provisions]
            types = [str(arguments[1]) for number, arguments in self._atoms("accepts", self.name)
                     if arguments[0] == name and self.run.explainer.state(number) != FALSE]  # fmt: skip
            defects: list[str] = []
            if status in ("defective", None):
                for number, (kind, _slot, defect) in self._atoms("defect", self.name):
                    if kind in types and self.run.verdict[number]:
                        defects.append(str(defect))
                        cited += self._provisions(number)
            if status == "waived" and (excused := numbers.get(("excused", self.name, self.route, name))) is not None:
                cited += self._provisions(excused)
            several = tuple(types) if types != [name] else ()
            yield DocumentStatus(
                name, status or "unknown", tuple(dict.fromkeys(defects)), several, tuple(dict.fromkeys(cited))
            )

    def _effects(self) -> Iterator[Effect]:
        kinds = {str(effect): str(kind) for effect, kind in self.run.law.table("effect_kind")}
        dates = {str(effect): (number, term) for number, (effect, term) in self._mine("effect_date") if self.run.verdict[number]}
        for number, (effect,) in self._mine("effect"):
            status = _STATUS[self.run.verdict[number]]
            day = self._date(dates[effect][1]) if effect in dates and status == "applies" else None
            yield Effect(str(effect), kinds.get(str(effect), "right"), status, day, self._provisions(number))

    def _deadlines(self) -> Iterator[Deadline]:
        for number, (deadline, term) in self._mine("deadline"):
            if self.run.verdict[number]:
                yield Deadline(str(deadline), self._date(term), self._provisions(number))

    def _fees(self) -> Iterator[Fee]:
        amounts = {str(fee): (amount, str(currency)) for fee, _, amount, currency in self.run.law.table("amount")}
        for number, (fee, status) in self._mine("fee"):
            if self.run.verdict[number]:
                amount, currency = amounts.get(str(fee), (None, None)) if status == "due" else (None, None)
                yield Fee(str(fee), str(status), amount, currency, self._provisions(number))

    def _authorities(self) -> Iterator[Authority]:
        for number, (task, body) in self._mine("authority"):
            if self.run.verdict[number]:
                yield Authority(str(task), str(body), self._provisions(number))

    def _remarks(self, predicate: str) -> Iterator[Remark]:
        for number, (remark,) in self._mine(predicate):
            if self.run.verdict[number]:
                name, *about = remark if isinstance(remark, tuple) else (remark,)
                people = tuple(self.run.cast.person.get(part, str(part)) for part in about)
                yield Remark(str(name), people, self._provisions(number))

    def _depends_on(self, result: str) -> Iterator[Dependence]:
        if result != "undetermined":
            return
        for item in depends_on(self.run.evaluator, self.run.inputs, self.run.open, self._result_atoms()):
            yield Dependence(dotted(item.path), self._input_at(item.path), item.size)

    def _input_at(self, path: tuple[str | int, ...]) -> str:
        """The input or point of the vocabulary that stands at a place of the case file."""
        reader = self.run.inputs.reader
        for point in self.run.inputs.open_points:
            if reader.find(reader.law.vocabulary[point[0]], point).path == path:
                return str(point[0])
        for number, value in self.run.inputs.truth.items():
            atom = self.run.program.atoms.get(number)
            if value is None and atom is not None:
                found: Finding = reader.find(reader.law.vocabulary[atom[0]], atom)
                if found.path == path:
                    return str(atom[0])
        return str(path[-1]) if path else ""

    def _assumed(self) -> Iterator[Assumption]:
        run, reader = self.run, self.run.inputs.reader
        cone = frozenset().union(*(run.evaluator.cone(number) for number in self._result_atoms()))
        seen: set[str] = set()
        for number in sorted(run.inputs.assumed & cone):
            atom = run.program.atoms[number]
            path = dotted(reader.find(reader.law.vocabulary[atom[0]], atom).path)
            if path not in seen:
                seen.add(path)
                yield Assumption(path, str(atom[0]), "yes" if run.inputs.truth[number] else "no")
        read = {leaf for number in cone for leaf in _points(run.program.comparisons.get(number))}
        for point in sorted(run.inputs.assumed_points & read):
            path = dotted(reader.find(reader.law.vocabulary[point[0]], point).path)
            if path not in seen:
                seen.add(path)
                yield Assumption(path, str(point[0]), "none")

    def _date(self, term: Any) -> date | None:
        return self.run.inputs.calendar.resolve(term)


def _points(comparison: Any) -> Iterable[Any]:
    from reasoner.terms import leaves

    return leaves(comparison) if comparison else ()


def _ends(node: Node) -> Iterator[Node]:
    if not node.children:
        yield node
    for child in node.children:
        yield from _ends(child)


def _cited(node: Node) -> tuple[str, ...]:
    return tuple(dict.fromkeys(node.all_provisions))


def as_data(value: Any) -> Any:
    """A result as plain data for JSON: dates as ISO strings, absent values left out of nested objects."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_data(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple | list):
        return [as_data(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): as_data(item) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return value
