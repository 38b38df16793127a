"""Cases of one shape side by side: where each thing and each field of the vocabulary stands for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from reasoner.batch.people import People
from reasoner.batch.tables import Bools, Ints, Listing, Things
from reasoner.batch.values import NEVER, PARTIAL, SAID, SILENT, Codes
from reasoner.facts import Plan
from reasoner.facts import Thing as Name
from reasoner.program import Law

FALSE, TRUE, OPEN = 0, 1, 2
Truths = np.ndarray[Any, np.dtype[np.uint8]]


class Unsupported(Exception):
    """A field, term or comparison that columns cannot answer."""


class Options(NamedTuple):
    """How cases are decided: the day of assessment, if it is the same for all, today, readings given, silence."""

    as_of: int | None
    today: int
    readings: dict[str, str]
    given: dict[str, str | None]
    silence: bool = True


@dataclass(eq=False, repr=False)
class Group:
    """Cases of one shape: their rows in the chunk, and for each canonical person the position in each case.

    ``asked`` says for each canonical person which cases have an application of that person that counts.
    """

    people: People
    law: Law
    options: Options
    rows: Ints
    position: list[Ints]
    asked: list[Bools]
    joining: frozenset[str]
    slots: list[Any]
    types: dict[str, int]
    applications: Any
    pairs: Any
    slow: Bools = field(init=False)

    def __post_init__(self) -> None:
        self.slow = np.zeros(len(self.rows), np.bool_)
        self._found: dict[Name, tuple[Things, Ints] | None] = {}
        self._applications: dict[str, Ints] = {}
        self._open_papers: dict[str, Bools] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def number(self, name: str) -> int:
        """The index of a canonical person."""
        return int(name[1:]) - 1

    @cached_property
    def canonical(self) -> frozenset[str]:
        """The canonical names."""
        return frozenset(f"p{number}" for number in range(1, len(self.position) + 1))

    @cached_property
    def nobody(self) -> Ints:
        """A thing that no case has."""
        return np.full(len(self), -1, np.int64)

    # -- things -------------------------------------------------------------------------------------------------

    def thing(self, name: Name) -> tuple[Things, Ints] | None:
        """The table of a thing and where it stands there for each case, -1 where a case does not have it."""
        if name not in self._found:
            self._found[name] = self._thing(name)
        return self._found[name]

    def _thing(self, name: Name) -> tuple[Things, Ints] | None:
        people, kind = self.people, name[0]
        if kind == "case":
            return people.cases, people.at[self.rows]
        if kind == "persons":
            return people.persons, people.first[self.rows] + self.position[self.number(name[1])]
        if kind == "applications":
            return people.applications, self.application(name[1])
        if kind == "extensions":
            listing = people.applications.lists["procedure", "extensions"]
            assert listing.things is not None
            at, counts = self.application(name[1]), listing.counts
            starts = np.append(np.cumsum(counts) - counts, 0)
            has = (at >= 0) & (np.append(counts, 0)[at] >= name[2])
            return listing.things, np.where(has, starts[at] + name[2] - 1, -1)
        if kind == "unions":
            one, other = self.position[self.number(name[1])], self.position[self.number(name[2])]
            at = self.pairs[self.rows, one, other]
            if name[3] != "any":
                wanted = people.words.of(name[3])
                kinds = people.unions.column(("kind",))
                at = np.where(kinds[at] == wanted, at, -1)
            return people.unions, at
        if kind == "documents":
            number = self.types.get(name[2])
            if number is None or name[3] > len(self.slots):
                return None
            at = self.slots[name[3] - 1][self.rows, self.position[self.number(name[1])], number].astype(np.int64)
            return self.papers, at
        return None

    @cached_property
    def papers(self) -> Things:
        """All papers: those under persons, then those under applications."""
        found: Things = self.people.all_papers
        return found

    def application(self, person: str) -> Ints:
        """Where the application of a person stands, -1 where there is none that counts."""
        found = self._applications.get(person)
        if found is None:
            number = self.number(person)
            at = self.applications[self.rows, self.position[number]]
            found = self._applications[person] = np.where(self.asked[number], at, -1)
        return found

    def unasked(self, person: str) -> Bools:
        """Which cases look at a person as an applicant who has not applied."""
        number = self.number(person)
        return ~self.asked[number] if person in self.joining else np.zeros(len(self), np.bool_)

    def filed(self, person: str) -> Bools:
        """Whether the application of a person has been filed."""
        at = self.application(person)
        codes = self.people.applications.column(("filed",))
        found: Bools = (at >= 0) & (codes[at] != NEVER)
        return found

    def open_papers(self, person: str) -> Bools:
        """Whether the list of papers of a person is not final."""
        if person not in self._open_papers:
            people, position = self.people, self.position[self.number(person)]
            mine = people.persons.column(("documents_open",)) == 1
            theirs = people.applications.column(("documents_open",)) == 1
            found = np.zeros(len(self), np.bool_)
            if mine.any():
                found |= mine[people.first[self.rows] + position]
            if theirs.any():
                found |= theirs[self.applications[self.rows, position]]
            self._open_papers[person] = found
        return self._open_papers[person]

    # -- fields -------------------------------------------------------------------------------------------------

    def codes(self, things: Things, at: Ints, names: tuple[str, ...]) -> Codes:
        """The numbers of a field; silence for things that a case does not have."""
        if names[0] == "kin":
            found = self._keyed(things.lists["kin",], at, self.ids(names[1]))
            return np.where(found == SAID, SILENT, found)  # what is not known of a relative is not told from silence
        if names[0] == "readings":
            return self._keyed(things.lists["readings",], at, np.full(len(self), self.people.words.of(names[1])))
        path = names if names in things.codes else (*names[:-1], f"{names[-1]}_")
        if path not in things.codes:
            raise Unsupported(".".join(names))
        return things.column(path)[at]

    def lists(self, things: Things, names: tuple[str, ...], wanted: str) -> Bools:
        """Which things have a person or a word in a list; at the end one that is not there."""
        listing, people = things.lists[names], self.people
        has = np.zeros(len(things) + 1, np.bool_)
        if listing.names and names in people.masks:
            position = np.zeros(people.size, np.int64)
            position[self.rows] = self.position[self.number(wanted)]
            has[:-1] = people.masks[names] >> position[things.case] & 1
        elif listing.values is not None:
            has[listing.owner[listing.values == people.words.of(wanted)]] = True
        else:
            raise Unsupported(".".join(names))
        return has

    def ids(self, person: str) -> Ints:
        """The words that are the ids of a canonical person."""
        found: Ints = self.names[:, self.number(person)]
        return found

    @cached_property
    def names(self) -> Ints:
        """The words that are the ids of the canonical persons, case by case."""
        found: Ints = self.people.id_at[self.rows[:, None], np.stack(self.position, axis=1)]
        return found

    def _keyed(self, listing: Listing, at: Ints, key: Ints) -> Codes:
        """What a mapping has under a key of each case."""
        assert listing.keys is not None
        assert listing.values is not None
        found = np.full(len(self), SILENT, np.int32)
        place = np.full(len(listing.state) + 1, -1)
        place[at] = np.arange(len(self))
        case = place[listing.owner]
        here = np.flatnonzero(case >= 0)
        here = here[listing.keys[here] == key[case[here]]]
        values = listing.values[here]
        found[case[here]] = values
        return found


def truths(group: Group, plan: Plan, inputs: tuple[int, ...]) -> tuple[dict[int, Truths], dict[int, Bools]]:
    """The truth of each input in each case, and where it was taken from silence (left out where nowhere)."""
    truth: dict[int, Truths] = {number: np.zeros(len(group), np.uint8) for number in inputs}
    assumed: dict[int, Bools] = {}
    for name, fields in plan.fields.items():
        found = group.thing(name)
        if found is not None:
            things, at = found
            there = at >= 0
            if name[0] == "applications":  # an application that nobody made says nothing
                there = there | group.unasked(name[1])
            if there.any():
                for part in fields:
                    _field(group, name, things, at, there, part, truth, assumed)
        if name[0] == "documents":
            opened = group.open_papers(name[1])
            if opened.any():
                opened = opened if found is None else opened & (found[1] < 0)
                for part in fields:
                    for number, _ in part.inputs:
                        truth[number][opened] = OPEN
    return truth, assumed


def _field(
    group: Group,
    name: Name,
    things: Things,
    at: Ints,
    there: Bools,
    part: Any,
    truth: dict[int, Truths],
    assumed: dict[int, Bools],
) -> None:
    holds: Any
    if not part.names:
        if name[0] == "applications":
            holds = group.filed(name[1])
        elif name[0] == "documents":
            holds = (things.column(("handed_in",))[at] != NEVER) & there
        else:
            holds = there
        for number, _ in part.inputs:
            truth[number][:] = holds
        return
    listing = things.lists.get(part.names)
    codes: Any
    if listing is not None:
        codes = np.append(np.where(listing.state == 0, 0, listing.state), SILENT)[at]
    else:
        codes = group.codes(things, at, part.names)
    known = (codes > SILENT) | (codes <= PARTIAL)
    for number, wanted in part.inputs:
        if listing is not None:
            holds = group.lists(things, part.names, wanted)[at]
        elif wanted is None:
            holds = codes == TRUE if part.names[-1] in group.people.truths else codes != NEVER
        elif wanted in group.canonical:
            holds = codes == group.ids(wanted)
        else:
            holds = codes == group.people.words.of(wanted)
        truth[number][:] = holds & known
    silent = there & ~known
    if silent.any():
        _silent(group, part, codes, silent, truth, assumed)


def _silent(
    group: Group, part: Any, codes: Codes, silent: Bools, truth: dict[int, Truths], assumed: dict[int, Bools]
) -> None:
    said = silent & (codes == SAID)
    unsaid = silent & ~said
    if part.silence == "default":
        for where, readings in ((unsaid, group.options.readings), (said, group.options.given)):
            chosen = readings.get(part.names[-1])
            for number, wanted in part.inputs:
                truth[number][where] = OPEN if chosen is None else chosen == wanted
        return
    for number, _ in part.inputs:
        truth[number][said] = OPEN
        if part.silence == "unknown" or (part.silence in ("yes", "no") and not group.options.silence):
            truth[number][unsaid] = OPEN
        elif part.silence in ("yes", "no"):
            truth[number][unsaid] = part.silence == "yes"
            assumed[number] = unsaid
