"""One outcome for each person and route: the contract between the reasoner and everything that reads its answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import date, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

from reasoner.errors import dotted
from reasoner.explanation import FALSE, Node
from reasoner.ground import GroundProgram
from reasoner.openness import depends_on

if TYPE_CHECKING:
    from reasoner.program import Law
    from reasoner.run import Machine, Run

INTERNAL = frozenset({"atom"})  # fields that are not part of the contract
CARRYING = ("displaced", "favour")
RESULTS = ("eligible", "not_eligible", "discretionary")
FILES = ("complete", "incomplete")
_STATUS = {True: "applies", False: "not", None: "unknown"}


class Gap(NamedTuple):
    """How far a condition is from holding: ``amount`` of ``unit``.

    For dates ``on`` is the day that comes too late, and ``limit`` the day it is measured against.
    """

    unit: str
    amount: int
    on: date | None = None
    limit: date | None = None


class Condition(NamedTuple):
    """A condition of a route: met, unmet, unknown or waived, with the provisions behind that and the distance if
    unmet."""

    id: str
    status: str
    provisions: tuple[str, ...]
    distance: Gap | None = None


class DocumentStatus(NamedTuple):
    """A required document: held, defective, missing, unknown or waived; ``alternatives`` are the types that would
    do."""

    type: str
    status: str
    defects: tuple[str, ...]
    alternatives: tuple[str, ...]
    provisions: tuple[str, ...]


class Effect(NamedTuple):
    """What follows: a right, duty, power of the authority or risk; applies, not or unknown."""

    id: str
    kind: str
    status: str
    date: date | None
    provisions: tuple[str, ...]


class Deadline(NamedTuple):
    """A date that counts; None while something it is counted from is open."""

    id: str
    date: date | None
    provisions: tuple[str, ...]


class Fee(NamedTuple):
    """A fee: due or waived, with its amount where the law gives one."""

    id: str
    status: str
    amount: int | None
    currency: str | None
    provisions: tuple[str, ...]


class Authority(NamedTuple):
    """Who does what."""

    task: str
    body: str
    provisions: tuple[str, ...]


class Remark(NamedTuple):
    """A note (a provision shown as context) or a warning; ``about`` are the persons or values its sentence names."""

    id: str
    about: tuple[str, ...]
    provisions: tuple[str, ...]


class Dependence(NamedTuple):
    """An input that can still change the result: its path; ``settles`` is the size of the smallest set that settles it.

    ``atom`` is the input or point itself, by canonical persons.
    """

    path: str
    input: str
    settles: int | None
    atom: tuple[Any, ...] = ()


class Assumption(NamedTuple):
    """An answer taken from silence."""

    path: str
    input: str
    value: str


class Outcome(NamedTuple):
    """What one person gets on one route, and what that rests on. The field names are the keys of the JSON result.

    ``because`` names what carries the result besides the conditions, if anything does.
    """

    person: str
    sponsor: str | None
    route: str
    regime: str
    applied_on: date | None
    filed: bool
    asked: bool
    result: str
    because: tuple[Remark, ...]
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
    for person in run.inputs.reader.file.case.persons:
        for route, regime in run.machine.routes.get(run.cast.canonical[person], ()):
            found = listed(run, person, route, regime)
            if found is not None:
                yield found


def listed(run: Run, person: str, route: str, regime: str) -> Outcome | None:
    """The outcome of one person on one route, if it is among the :func:`outcomes` of a run."""
    if run.cast.focus not in (None, person):
        return None
    name = run.cast.canonical[person]
    relevant = run.program.number.get(("relevant", name, route))
    if relevant is None or (shown := run.truth(relevant)) is False:
        return None
    found = outcome(run, name, route, regime)
    return found if shown or found.result != "not_eligible" else None  # not both doubtful and hopeless


def outcome(run: Run, name: str, route: str, regime: str) -> Outcome:
    """The outcome of one person (canonical name) on one route."""
    return parts(run, name, route).outcome(regime)


Ways = tuple[tuple[Any, ...], ...]
"""For each way to satisfy a condition that fails nothing but comparisons: those comparisons."""


def parts(run: Run, name: str, route: str) -> Parts:
    """The parts of the outcome of one person (canonical name) on one route, each worked out alone."""
    return Parts(run, name, route, layout(run.machine, name, route))


def layout(machine: Machine, name: str, route: str) -> Layout:
    """The atoms of one person (canonical name) and route."""
    found = machine.layouts.get((name, route))
    if found is None:
        found = machine.layouts[name, route] = Layout(machine.program, machine.law, name, route)
    return found


class Layout:
    """The atoms of one person and route in a ground program, in the order of the law, looked up once for all cases."""

    def __init__(self, program: GroundProgram, law: Law, name: str, route: str) -> None:
        numbers = program.number
        self.results = tuple(numbers[a] for a in ((result, name, route) for result in RESULTS) if a in numbers)
        self.conditions = self._states(program, "condition", name, route)
        self.documents = self._states(program, "document", name, route)
        self.rows = {
            predicate: tuple((n, program.atoms[n][3:]) for n in program.about(predicate, name, route))
            for predicate in ("effect", "effect_date", "deadline", "fee", "authority", "channel", "note", "warning")
        }
        self.accepts = tuple(
            (n, *program.atoms[n][2:]) for n in program.by_predicate.get("accepts", ()) if program.atoms[n][1] == name
        )
        self.defects = tuple(
            (n, *program.atoms[n][2:]) for n in program.by_predicate.get("defect", ()) if program.atoms[n][1] == name
        )
        self.tolerated = frozenset(law.table("tolerates"))
        self.papers = {name: self._papers(name, atoms) for name, atoms in self.documents.items()}
        self.files = tuple(numbers[a] for a in ((state, name, route) for state in FILES) if a in numbers)
        carrying = (numbers.get((predicate, name, route)) for predicate in CARRYING)
        self.carrying = tuple(number for number in carrying if number is not None)
        self.everything = tuple(
            dict.fromkeys(
                (
                    *self.results,
                    *self.carrying,
                    *self.files,
                    *(number for atoms in self.conditions.values() for number in atoms.values()),
                    *(number for papers in self.papers.values() for number in papers),
                    *(number for rows in self.rows.values() for number, _ in rows),
                )
            )
        )
        self.kinds = {str(effect): str(kind) for effect, kind in law.table("effect_kind")}
        self.amounts = {str(fee): (amount, str(currency)) for fee, _, amount, currency in law.table("amount")}
        self.holder = (route,) in law.table("holder_route")

    def _papers(self, identifier: str, atoms: Mapping[str, int]) -> tuple[int, ...]:
        """What the row of a document reads: its states, which types are accepted, and their defects."""
        accepted = {kind: number for number, wanted, kind in self.accepts if wanted == identifier}
        flaws = (number for number, kind, _, _ in self.defects if kind in accepted)
        return (*atoms.values(), *accepted.values(), *flaws)

    @staticmethod
    def _states(program: GroundProgram, predicate: str, name: str, route: str) -> dict[str, dict[str, int]]:
        """For conditions and documents: id to status to the atom that says so."""
        found: dict[str, dict[str, int]] = {}
        for number in program.about(predicate, name, route):
            identifier, status = program.atoms[number][3:]
            found.setdefault(str(identifier), {})[str(status)] = number
        return found


Row = tuple[tuple[Any, ...], tuple[str, ...]]
"""What holds for certain: the arguments after person and route, and the provisions behind it."""


class _Findings(NamedTuple):
    """All of an outcome that follows from the truth of the inputs alone: what a later case can share.

    Names of persons and days are put in for each case.
    """

    result: str
    because: tuple[Remark, ...]
    conditions: tuple[tuple[Condition, Ways], ...]
    documents: tuple[DocumentStatus, ...]
    file: str
    effects: tuple[Effect, ...]
    rows: dict[str, tuple[Row, ...]]


_CITING = ("deadline", "fee", "authority", "note", "warning")


class Parts:
    """The parts of the outcome of a person on a route, each worked out when it is first asked for."""

    def __init__(self, run: Run, name: str, route: str, layout: Layout) -> None:
        self.run, self.name, self.route, self.layout = run, name, route, layout
        self.person = run.cast.person[name]

    @cached_property
    def _findings(self) -> _Findings:
        return self.run.remembered(("findings", self.name, self.route), self.layout.everything, self._found)

    def _found(self) -> _Findings:
        documents = tuple(self._documents())
        return _Findings(
            self._result(),
            tuple(self._because()),
            tuple(self._conditions()),
            documents,
            file_in({document.status for document in documents}, self.run, self.layout.files),
            tuple(self._effects()),
            {predicate: tuple(self._true(predicate)) for predicate in self.layout.rows if predicate != "effect"},
        )

    def outcome(self, regime: str) -> Outcome:
        """All of them."""
        joins, found = not self.layout.holder, self._findings
        authorities, result = tuple(self._authorities()), found.result
        return Outcome(
            person=self.person,
            sponsor=self.run.cast.sponsor_of.get(self.person) if joins else None,
            route=self.route,
            regime=regime,
            applied_on=self._date(("applied", self.name)) if joins else None,
            filed=self._is("filed", self.name),
            asked=self._is("requested", self.name, self.route),
            result=result,
            because=found.because,
            file=found.file,
            conditions=tuple(c._replace(distance=self._gap(ways)) if ways else c for c, ways in found.conditions),
            documents=found.documents,
            effects=tuple(self._dated_effects()),
            deadlines=tuple(self._deadlines()),
            fees=tuple(self._fees()),
            authority=next((a.body for a in authorities if a.task == "decides"), None),
            authorities=authorities,
            channel=tuple(str(channel) for (channel,), _ in found.rows["channel"]),
            notes=tuple(self._remarks("note")),
            warnings=tuple(self._remarks("warning")),
            depends_on=tuple(self.depends_on()) if result == "undetermined" else (),
            assumed=tuple(self._assumed()),
        )

    def cited(self) -> frozenset[str]:
        """Every provision that the outcome cites."""
        found = self._findings
        conditions = (condition for condition, _ in found.conditions)
        parts: Any = (*conditions, *found.documents, *found.effects)
        rows = (row for predicate in _CITING for row in found.rows[predicate])
        return frozenset(p for part in parts for p in part.provisions) | {p for _, cited in rows for p in cited}

    # -- reading the program ------------------------------------------------------------------------------------

    def _is(self, *atom: Any) -> bool:
        number = self.run.program.number.get(atom)
        return number is not None and self.run.inputs.truth[number] is True

    def _cited(self, number: int) -> tuple[str, ...]:
        return self.run.explainer.provisions(number)

    def cited_if_true(self, number: int) -> tuple[str, ...] | None:
        """The provisions behind an atom that certainly holds."""
        return self.run.remembered(("true", number), (number,), partial(self._cited_if_true, number))

    def _cited_if_true(self, number: int) -> tuple[str, ...] | None:
        return self._cited(number) if self.run.state(number) else None

    def _true(self, predicate: str) -> Iterator[Row]:
        """What holds for certain of a predicate: remaining arguments and provisions."""
        for number, arguments in self.layout.rows[predicate]:
            if (cited := self.cited_if_true(number)) is not None:
                yield arguments, cited

    def _date(self, term: Any) -> date | None:
        return self.run.inputs.calendar.resolve(term) if term is not None else None

    # -- the parts ----------------------------------------------------------------------------------------------

    def _result(self) -> str:
        for number in self.layout.results:
            if self.run.truth(number):
                return str(self.run.program.atoms[number][0])
        return "undetermined"

    def _because(self) -> Iterator[Remark]:
        """What carries the result besides its conditions: somebody else goes first, or the law leaves it to favour."""
        for number in self.layout.carrying:
            if (cited := self.cited_if_true(number)) is not None:
                yield Remark(str(self.run.program.atoms[number][0]), (), cited)

    def _conditions(self) -> Iterator[tuple[Condition, Ways]]:
        for identifier in self.layout.conditions:
            condition, ways = self.condition(identifier)
            if condition is not None:
                yield condition, ways

    def condition(self, identifier: str) -> tuple[Condition | None, Ways]:
        """The condition and the comparisons between it and being met; none in cases it does not belong to."""
        atoms = self.layout.conditions[identifier]
        key = ("condition", self.name, self.route, identifier)
        build = partial(self._condition, identifier, atoms)
        return self.run.remembered(key, tuple(atoms.values()), build)

    def _condition(self, identifier: str, atoms: Mapping[str, int]) -> tuple[Condition | None, Ways]:
        state = self.run.state
        status = next((status for status, number in atoms.items() if state(number)), None)
        if status is None and not any(state(number) is None for number in atoms.values()):
            return None, ()
        cited = list(self.run.thorough.named(("requires", self.name, self.route, identifier)))
        for predicate in {"met": ("satisfied",), "waived": ("waived",)}.get(status or "", ("satisfied", "waived")):
            if (number := self.run.program.number.get((predicate, self.name, self.route, identifier))) is not None:
                cited += self.run.thorough.provisions(number)
        ways = self._ways(identifier) if status == "unmet" else ()
        return Condition(identifier, status or "unknown", tuple(dict.fromkeys(cited))), ways

    def _ways(self, identifier: str) -> Ways:
        ways = []
        for instance in self.run.explainer.explain(("satisfied", self.name, self.route, identifier)).children:
            ends = list(_ends(instance))
            # Whether a distance exists depends on the dates of the case, so that _gap asks for it.
            if all(end.kind == "comparison" and not end.negated for end in ends):
                ways.append(tuple(end.atom for end in ends))
        return tuple(ways)

    def _gap(self, ways: tuple[tuple[Any, ...], ...]) -> Gap | None:
        """How far the best way is from holding: the one that fails fewest comparisons, by the one it fails most."""
        distance = self.run.inputs.calendar.distance
        measured = []
        for way in ways:
            gaps = [
                (gap.amount, gap, comparison) for comparison in way if (gap := distance(comparison)) and not gap.holds
            ]
            if len(gaps) == len(way):
                measured.append((len(gaps), *max(gaps, key=lambda gap: gap[0])))
        if not measured:
            return None
        _, amount, gap, comparison = min(measured, key=lambda way: way[:2])
        left, right = (comparison[1], comparison[3]) if comparison[0] == "date" else (None, None)
        return Gap(gap.unit, amount, self._date(left), self._date(right))

    def _documents(self) -> Iterator[DocumentStatus]:
        for identifier in self.layout.documents:
            if (found := self.document(identifier)) is not None:
                yield found

    def document(self, identifier: str) -> DocumentStatus | None:
        """A required document; none in cases that do not require it."""
        build = partial(self._document, identifier, self.layout.documents[identifier])
        key = ("document", self.name, self.route, identifier)
        return self.run.remembered(key, self.layout.papers[identifier], build)

    def _document(self, identifier: str, atoms: Mapping[str, int]) -> DocumentStatus | None:
        state, explainer = self.run.state, self.run.explainer
        status = next((status for status, number in atoms.items() if state(number)), None)
        if status is None and not any(state(number) is None for number in atoms.values()):
            return None
        types = [
            kind for n, wanted, kind in self.layout.accepts if wanted == identifier and explainer.state(n) != FALSE
        ]
        cited = list(self.run.thorough.named(("needs", self.name, self.route, identifier)))
        defects: list[str] = []
        if status in ("defective", None):
            for number, kind, _slot, defect in self.layout.defects:
                if kind in types and (identifier, defect) not in self.layout.tolerated and state(number):
                    defects.append(str(defect))
                    cited += self._cited(number)
        if status == "waived":
            cited += self._cited(self.run.program.number["excused", self.name, self.route, identifier])
        several = tuple(dict.fromkeys(types)) if types != [identifier] else ()
        unique = tuple(dict.fromkeys(cited))
        return DocumentStatus(identifier, status or "unknown", tuple(dict.fromkeys(defects)), several, unique)

    def _effects(self) -> Iterator[Effect]:
        for number, (name,) in self.layout.rows["effect"]:
            yield self.run.remembered(("effect", number), (number,), partial(self._effect, number, name))

    def _dated_effects(self) -> Iterator[Effect]:
        dates: dict[str, Any] = {effect: term for (effect, term), _ in self._findings.rows["effect_date"]}
        for effect in self._findings.effects:
            dated = effect.status == "applies" and effect.id in dates
            yield effect._replace(date=self._date(dates[effect.id])) if dated else effect

    def _effect(self, number: int, name: str) -> Effect:
        status = _STATUS[self.run.state(number)]
        return Effect(name, self.layout.kinds.get(name, "right"), status, None, self._cited(number))

    def _deadlines(self) -> Iterator[Deadline]:
        for (deadline, term), cited in self._findings.rows["deadline"]:
            yield Deadline(deadline, self._date(term), cited)

    def _fees(self) -> Iterator[Fee]:
        for (fee, status), cited in self._findings.rows["fee"]:
            amount, currency = self.layout.amounts.get(fee, (None, None)) if status == "due" else (None, None)
            yield Fee(fee, status, amount, currency, cited)

    def _authorities(self) -> Iterator[Authority]:
        for (task, body), cited in self._findings.rows["authority"]:
            yield Authority(task, body, cited)

    def _remarks(self, predicate: str) -> Iterator[Remark]:
        for (remark,), cited in self._findings.rows[predicate]:
            name, *about = remark if isinstance(remark, tuple) else (remark,)
            yield Remark(name, tuple(self.run.cast.person.get(part, str(part)) for part in about), cited)

    # -- what it rests on ---------------------------------------------------------------------------------------

    def depends_on(self) -> Iterator[Dependence]:
        """What can still change the result."""
        run = self.run
        for item in depends_on(run.program, run.inputs, run.rails.truth, self.layout.results):
            atom = run.open_at.get(item.path, item.path[-1:])
            yield Dependence(dotted(item.path), str(atom[0]), item.size, atom)

    def _assumed(self) -> Iterator[Assumption]:
        run, found = self.run, dict[str, Assumption]()
        numbers, points = run.machine.behind(self.layout.results)
        for number in filter(run.inputs.assumed.__contains__, numbers):
            self._assume(found, run.program.atoms[number], "yes" if run.inputs.truth[number] else "no")
        for point in filter(run.inputs.assumed_points.__contains__, points):
            self._assume(found, point, "none")
        yield from found.values()

    def _assume(self, found: dict[str, Assumption], atom: Any, value: str) -> None:
        path = dotted(self.run.inputs.reader.place(atom))
        found.setdefault(path, Assumption(path, str(atom[0]), value))


def file_state(states: Set[str]) -> str | None:
    """The state of a file whose documents have some statuses; None where one that is unknown may matter for it."""
    if not states:
        return "not_applicable"
    if states & {"missing", "defective"}:
        return "incomplete"
    return None if "unknown" in states else "complete"


def file_in(states: Set[str], run: Run, files: Iterable[int]) -> str:
    """The state of a file in a run; where its documents do not tell, one of ``files``, atoms of :data:`FILES`, may."""
    certain = (str(run.program.atoms[number][0]) for number in files if run.state(number))
    return file_state(states) or next(certain, "undetermined")


def _ends(node: Node) -> Iterator[Node]:
    if not node.children:
        yield node
    for child in node.children:
        yield from _ends(child)


def as_data(value: Any) -> Any:
    """A result as plain data for JSON: dates as ISO strings, absent values left out of nested objects."""
    if hasattr(value, "_fields"):
        return {name: as_data(part) for name, part in value._asdict().items() if name not in INTERNAL}
    if isinstance(value, tuple | list):
        return [as_data(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): as_data(item) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return value
