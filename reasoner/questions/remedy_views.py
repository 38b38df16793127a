"""One person's case seen in three ways: as it is, with a new application, and with fresh papers.

Nothing here knows an input of the law by name but the day of an application and that of the assessment, which waiting
moves together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from reasoner.case import CaseFile
from reasoner.case_dates import Day
from reasoner.case_model import Application, Document, field_at
from reasoner.cast import Path
from reasoner.dates import Atom, Calendar, Open, Value, add
from reasoner.facts import Reader, Thing, address, class_table
from reasoner.ground import GroundProgram
from reasoner.program import Entry, Law
from reasoner.run import Run


@dataclass(eq=False, repr=False)
class Views:
    """The case of one person (canonical ``name``) on the day of the assessment, and what of it can be changed."""

    run: Run
    name: str
    assessed: date

    @property
    def law(self) -> Law:
        """The law it is decided by."""
        return self.run.law

    @property
    def program(self) -> GroundProgram:
        """Its ground program."""
        return self.run.program

    @cached_property
    def person(self) -> str:
        """The id of the person."""
        return self.run.cast.person[self.name]

    @cached_property
    def sponsor(self) -> str | None:
        """The id of the person who is joined, or would be."""
        return self.run.cast.sponsor_of.get(self.person)

    @cached_property
    def concerned(self) -> frozenset[str]:
        """Whose affairs may be changed: the person's and those of who is joined (canonical names)."""
        return frozenset({self.name, self.run.cast.canonical[self.sponsor or self.person]})

    @property
    def unasked(self) -> bool:
        """Whether the person has not applied to join anybody, and could."""
        return self.person in self.run.cast.unasked

    @cached_property
    def application(self) -> Path:
        """Where the person's application stands in the case file, or would."""
        applications = self.file.case.applications
        found = (number for number, each in enumerate(applications) if each.applicant == self.person)
        return ("applications", next(found, len(applications)))

    @property
    def file(self) -> CaseFile:
        """The case file."""
        return self.old.file

    # -- the three views ----------------------------------------------------------------------------------------

    @property
    def old(self) -> Reader:
        """The case as it is."""
        return self.run.inputs.reader

    @cached_property
    def new(self) -> Reader:
        """The case with an application of today instead, for which nothing has happened yet."""
        if self.sponsor is None:
            return self.old
        applications, number = list(self.file.case.applications), int(self.application[1])
        today = Day(self.assessed, self.assessed)
        if number == len(applications):
            who = {"applicant": self.person, "sponsor": self.sponsor}
            applications.append(Application.model_validate({**who, "filed": str(today)}))
        else:
            applications[number] = applications[number].model_copy(update={"filed": today, "procedure": None})
        case = self.file.case.model_copy(update={"applications": tuple(applications)})
        cast = replace(self.run.cast, unasked=self.run.cast.unasked - {self.person})
        return replace(self.old, file=CaseFile(case, self.file.name, self.file.lines), cast=cast)

    @cached_property
    def papers(self) -> dict[Thing, Path]:
        """Where a fresh paper of each type stands: in the place of the first that there is, or after the last."""
        found: dict[Thing, Path] = {}
        roles, ends = dict(self.law.document_types), dict[Path, int]()
        for thing in self.run.machine.plan.fields:
            if thing[0] != "documents" or thing[1] not in self.concerned or thing[3] != 1:
                continue
            if thing in self.old.things:
                found[thing] = self.old.things[thing][0]
                continue
            own = thing[1] == self.name and roles[thing[2]] == "applicant"
            holder = self.application if own else ("persons", self.run.cast.person[thing[1]])
            ends.setdefault(holder, self.papers_of(holder))
            found[thing] = (*holder, "documents", ends[holder])
            ends[holder] += 1
        return found

    def papers_of(self, holder: Path) -> int:
        """How many papers an application or a person has."""
        case = self.file.case
        parts: Mapping[Any, Any] = case.persons if holder[0] == "persons" else dict(enumerate(case.applications))
        return len(parts[holder[1]].documents) if holder[1] in parts else 0

    @cached_property
    def fresh(self) -> Reader:
        """The case with a fresh paper of each type, of which is said only what it shares with the present one."""
        entries = [self.law.vocabulary[str(name)] for (name,) in self.law.table("kept")]
        fields = [address(entry, (entry.name, *entry.arguments))[1][-1] for entry in entries]
        reader = replace(self.old)
        reader.things = dict(self.old.things)
        for thing, place in self.papers.items():
            present = self.old.things[thing][1][0] if thing in self.old.things else None
            shared = {field: value for field in fields if (value := getattr(present, field, None)) is not None}
            reader.things[thing] = (place, (Document.model_construct({"type", *shared}, type=thing[2], **shared),))
        return reader

    @cached_property
    def truth_new(self) -> Mapping[int, bool | None]:
        """The truth of inputs with a new application."""
        return self.new.truths(self.run.machine.plan)[0] if self.new is not self.old else self.run.inputs.truth

    @cached_property
    def truth_fresh(self) -> dict[int, bool | None]:
        """The truth of inputs with fresh papers."""
        return self.fresh.truths(self.run.machine.plan)[0]

    def calendar(
        self, day: date | None, paper: Thing | None = None, values: Mapping[Atom, Value] | None = None
    ) -> Calendar:
        """The days and numbers of the case when one waits until ``day`` (None: does not wait), with a fresh paper in
        the place of ``paper`` and with some ``values`` of one's own."""
        reader, known = self.old if day is None else self.new, dict[Any, Value](values or {})
        if day is not None:
            known |= dict.fromkeys(self.clock, day)

        def lookup(point: Any) -> Value:
            if point not in known:
                fresh = paper is not None and self.thing(point) == paper
                known[point] = (self.fresh if fresh else reader).value(point)[0]
            return known[point]

        return Calendar(lookup, class_table(self.law))

    # -- inputs and points --------------------------------------------------------------------------------------

    @cached_property
    def clock(self) -> frozenset[Atom]:
        """The days that waiting moves."""
        return frozenset({("assessed",)} if self.sponsor is None else {("applied", self.name), ("assessed",)})

    @cached_property
    def horizon(self) -> date:
        """The last day that is looked at."""
        ((years,),) = self.law.table("longest_wait")
        return add(self.assessed, years, "years")

    def entry(self, atom: Atom) -> Entry:
        """What the vocabulary says of an input or point."""
        return self.law.vocabulary[atom[0]]

    def thing(self, atom: Atom) -> Thing:
        """What an input or point is about."""
        return address(self.entry(atom), atom)[0]

    def place(self, thing: Thing) -> Path | None:
        """Where a thing stands in the case file, or would; None when it cannot be added."""
        if thing == ("applications", self.name):
            return self.application
        if thing in self.papers:
            return self.papers[thing]
        return self.old.things[thing][0] if thing in self.old.things else None

    def movable(self, atom: Atom) -> bool:
        """Whether an input can be changed, or a point be set; a paper that is there keeps its dates."""
        thing, entry = self.thing(atom), self.entry(atom)
        if entry.kind in ("fixed", "reading") or atom in self.clock or self.place(thing) is None:
            return False
        if thing[0] == "documents" and (entry.point or thing not in self.old.things):
            return False
        return self.concerned.issuperset(part for part in thing[1:] if part in self.run.cast.person)

    def loose(self, point: Atom) -> bool:
        """Whether a date or number is open or can be set, waiting aside: who does not know the day applies again."""
        found = self._loose.get(point)
        if found is None:
            settable = not self.known(point) or (self.dated(point) and self.movable(point))
            found = self._loose[point] = settable and point not in self.clock
        return found

    @cached_property
    def _loose(self) -> dict[Atom, bool]:
        return {}

    def known(self, point: Atom) -> bool:
        """Whether a date or number is not open."""
        return not isinstance(self.old.value(point)[0], Open)

    def limits(self, point: Atom) -> tuple[int, int]:
        """Between which numbers a case file lets a number be."""
        thing, names = address(self.entry(point), point)
        return field_at(str(thing[0]), names).range

    def dated(self, point: Atom) -> bool:
        """Whether a point is a day."""
        return self.law.point_kinds[point[0]] == "date"


def having(calendar: Calendar, values: Mapping[Any, Value]) -> Calendar:
    """A calendar with other values for some points."""
    return Calendar(lambda point: values[point] if point in values else calendar.lookup(point), calendar.members)
