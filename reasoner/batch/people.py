"""Who is who in a chunk of cases: those in which the same persons are tied in the same way are cast once.

A *skeleton* is a case without its facts: the persons by their place, who names whom, who can be joined, who applies to
join whom on which route, and of which types somebody has several papers. The ordinary code checks and casts each
skeleton.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from reasoner.batch.distinct import alike
from reasoner.batch.tables import Bools, Ints, Listing, Things
from reasoner.batch.values import SAID, SILENT, Codes, Words
from reasoner.case import check_case
from reasoner.cast import Cast, casts
from reasoner.errors import CaseFileError
from reasoner.program import Law
from reasoner.yamlfile import Document

PERSONS, UNIONS, APPLICATIONS = 12, 12, 12  # cases with more are left to the engine
NOBODY = -1
SLOTS = 4  # papers of one type that a person may have


def place(position: int) -> str:
    """The id that a skeleton gives to the person at a position."""
    return f"x{position}"


@dataclass(eq=False, repr=False)
class People:
    """The persons of each case by their position in it, and everything that refers to them.

    ``roles`` are the sections of a person's data that say that others can join him or her; ``rows`` say where each case
    stands in the chunk.
    """

    cases: Things
    odd: Bools
    rows: Ints
    words: Words
    truths: frozenset[str]
    roles: tuple[str, ...]

    def __post_init__(self) -> None:
        lists = self.cases.lists
        self.size = len(self.odd)
        self.at = np.zeros(self.size, np.int64)  # where a case stands in its table
        self.at[self.cases.case] = np.arange(len(self.cases))
        self.persons = self._things(lists["persons",])
        self.unions = self._things(lists["unions",])
        self.applications = self._things(lists["applications",])
        self.count, self.first = self._ordered(self.persons, PERSONS)
        self.union_count, self.first_union = self._ordered(self.unions, UNIONS)
        self.application_count, self.first_application = self._ordered(self.applications, APPLICATIONS)
        self.odd |= self.count == 0
        keys = lists["persons",].keys
        self.ids: Codes = np.empty(0, np.int32) if keys is None else keys
        self.width = int(self.count[~self.odd].max(initial=1))
        self.id_at = self._matrix(self.persons, self.first, self.ids)
        ids = np.sort(self.id_at, axis=1)
        self.odd |= ((ids[:, 1:] == ids[:, :-1]) & (ids[:, 1:] >= 0)).any(axis=1)  # two persons with one id
        self.partners = self._partners()
        self.applicant = self.position(self.applications.case, self.applications.codes["applicant",])
        self.sponsor = self.position(self.applications.case, self.applications.codes["sponsor",])
        self.mother = self.position(self.persons.case, self.persons.codes["mother",])
        self.masks = {
            path: self.mask(listing, self.persons) for path, listing in self.persons.lists.items() if listing.names
        }

    @staticmethod
    def _things(listing: Listing) -> Things:
        assert listing.things is not None
        return listing.things

    def _ordered(self, things: Things, most: int) -> tuple[Ints, Ints]:
        counts = np.bincount(things.case, minlength=self.size)
        self.odd |= counts > most
        return counts, np.cumsum(counts) - counts

    def _matrix(self, things: Things, first: Ints, values: Any) -> Any:
        """Values of things by case and position; -1 where there is none."""
        found = np.full((self.size, self.width), -1, np.int64)
        position = np.arange(len(things)) - first[things.case]
        at = things.case * self.width + position
        if len(things) and position.max() >= self.width:
            here = position < self.width
            at, values = at[here], values[here]
        found.reshape(-1)[at] = values
        return found

    def position(self, case: Ints, code: Codes) -> Ints:
        """The position of the person with an id in a case; the case is odd when nobody has it."""
        found = np.full(len(case), NOBODY, np.int64)
        for place in range(self.width - 1, -1, -1):
            found[self._columns[place][case] == code] = place
        self.odd[case[(found == NOBODY) & (code != SILENT) & (code != SAID)]] = True
        return found

    @cached_property
    def _columns(self) -> Any:
        """The ids by position and case."""
        return np.ascontiguousarray(self.id_at.T)

    def mask(self, listing: Listing, things: Things) -> Ints:
        """The persons in a list of each thing, as bits."""
        codes = listing.keys if listing.keys is not None else listing.values
        assert codes is not None
        case = things.case[listing.owner]
        found = self.position(case, codes)
        bits = np.zeros(len(things), np.int64)
        np.bitwise_or.at(bits, listing.owner, np.int64(1) << np.maximum(found, 0))
        several = np.bitwise_count(bits) != listing.counts
        self.odd[things.case[several]] = True  # somebody is named twice
        return bits

    def _partners(self) -> tuple[Ints, Ints]:
        listing = self.unions.lists["partners",]
        assert listing.values is not None
        counts, case = listing.counts, self.unions.case
        self.odd[case[(counts != 2) & (listing.state == 0)]] = True
        found = self.position(case[listing.owner], listing.values)
        start = np.cumsum(counts) - counts
        both = counts == 2
        one, other = np.full(len(case), NOBODY), np.full(len(case), NOBODY)
        one[both], other[both] = found[start[both]], found[start[both] + 1]
        return one, other

    @cached_property
    def pairs(self) -> Any:
        """The union of two persons by case and positions; cases in which a pair has several are odd."""
        one, other = self.partners
        here = np.flatnonzero((one != NOBODY) & (other != NOBODY))
        found = np.full((self.size, self.width, self.width), -1, np.int64)
        case, one, other = self.unions.case[here], one[here], other[here]
        found[case, one, other] = here
        found[case, other, one] = here
        self.odd[case[found[case, one, other] != here]] = True
        return found

    @cached_property
    def application_of(self) -> Any:
        """The application of each person by case and position."""
        here = np.flatnonzero(self.applicant != NOBODY)
        found = np.full((self.size, self.width), -1, np.int64)
        found[self.applications.case[here], self.applicant[here]] = here
        return found

    @cached_property
    def all_papers(self) -> Things:
        """All papers: those under persons, then those under applications."""
        one, other = self.papers
        return Things(
            np.concatenate([one.case, other.case]),
            {path: np.concatenate([codes, other.codes[path]]) for path, codes in one.codes.items()},
        )

    # -- papers -------------------------------------------------------------------------------------------------

    @cached_property
    def papers(self) -> tuple[Things, ...]:
        """The papers under persons and under applications."""
        return self._things(self.persons.lists["documents",]), self._things(self.applications.lists["documents",])

    def paper_slots(self, types: dict[int, int]) -> list[Any]:
        """For each slot a table of papers by case, position and type; those of applications after those of persons.

        ``types`` numbers the types by their words. Cases with more papers of a type than there are slots are odd.
        """
        lookup = np.full(max(len(self.words.words), 1), -1)
        for word, number in types.items():
            lookup[word] = number
        under, own = [], np.arange(len(self.persons)) - self.first[self.persons.case]
        for things, listing, holder in (
            (self.papers[0], self.persons.lists["documents",], own),
            (self.papers[1], self.applications.lists["documents",], self.applicant),
        ):  # fmt: skip
            code = things.codes["type",]
            kind = np.where(code >= 0, lookup[np.maximum(code, 0)], -1)
            under.append((things.case, holder[listing.owner], kind, np.arange(len(things))))
        case, person, kind = (np.concatenate([part[i] for part in under]) for i in range(3))
        row = np.concatenate([under[0][3], under[1][3] + len(under[0][3])])
        shape = (self.size, self.width, len(types))
        left = np.flatnonzero((kind >= 0) & (person >= 0) & (person < self.width))
        slots: list[Any] = []
        for _ in range(SLOTS):
            if not len(left) and slots:
                break
            table = np.full(shape, -1, np.int32)
            at = np.ravel_multi_index((case[left], person[left], kind[left]), shape)
            table.reshape(-1)[at[::-1]] = row[left][::-1]  # the first one stays
            slots.append(table)
            left = left[table.reshape(-1)[at] != row[left]]
        self.odd[case[left]] = True
        return slots

    # -- skeletons ----------------------------------------------------------------------------------------------

    def skeletons(self, slots: list[Any]) -> tuple[Ints, Ints]:
        """The number of each case's skeleton, and a case for each; odd cases have any."""
        columns = [self.count, self.union_count, self.application_count]
        flags = self.mother + 1
        given = [self.persons.sections[name,] for name in self.roles]
        given += [self.persons.lists[path].state == 0 for path in self.masks]
        for bit, here in enumerate(given, PERSONS):
            flags |= here.astype(np.int64) << bit
        for values in (flags, *self.masks.values()):
            columns += list(self._matrix(self.persons, self.first, values).T)
        one, other = self.partners
        kinds = self.unions.codes["kind",].astype(np.int64)
        columns += self._by_case(self.unions, self.first_union, (one + 1) | (other + 1) << 8 | (kinds << 16))
        routes = self.applications.codes["route",].astype(np.int64)
        columns += self._by_case(
            self.applications, self.first_application, (self.applicant + 1) | (self.sponsor + 1) << 8 | (routes << 16)
        )
        for table in slots[1:]:
            bits = np.int64(1) << np.arange(table.shape[2], dtype=np.int64)
            columns += list(((table >= 0) * bits).sum(axis=2).T)
        return alike(columns)

    def _by_case(self, things: Things, first: Ints, values: Ints) -> list[Ints]:
        position = np.arange(len(things)) - first[things.case]
        found = []
        for number in range(int(position.max(initial=-1)) + 1):
            column = np.full(self.size, -1, np.int64)
            here = position == number
            column[things.case[here]] = values[here]
            found.append(column)
            if number > PERSONS:
                break
        return found

    def skeleton(self, row: int, slots: list[Any], types: list[str]) -> dict[str, Any]:
        """The skeleton of a case, as a case file."""
        persons: dict[str, Any] = {}
        for number in range(int(self.count[row])):
            index = int(self.first[row]) + number
            data: dict[str, Any] = persons.setdefault(place(number), {})
            data.update({name: {} for name in self.roles if self.persons.sections[name,][index]})
            for path, masks in self.masks.items():
                listing = self.persons.lists[path]
                if listing.state[index] == 0:
                    named = [place(n) for n in range(PERSONS) if masks[index] >> n & 1]
                    data[path[0]] = named if listing.keys is None else dict.fromkeys(named)
            if self.mother[index] != NOBODY:
                data["mother"] = place(self.mother[index])
            papers: list[Any] = []
            for kind, type_ in enumerate(types):
                filled = sum(1 for table in slots if table[row, number, kind] >= 0)
                papers += [{"type": type_}] * (filled if filled > 1 else 0)
            data["documents"] = papers
        unions, applications = [], []
        for index in range(int(self.first_union[row]), int(self.first_union[row] + self.union_count[row])):
            pair = [int(self.partners[0][index]), int(self.partners[1][index])]
            code = int(self.unions.codes["kind",][index])
            word = self.words.words[code] if code >= 0 else None
            unions.append({"partners": [place(n) for n in pair] if pair[0] != NOBODY else None, "kind": word})
        start = int(self.first_application[row])
        for index in range(start, start + int(self.application_count[row])):
            ends = (int(self.applicant[index]), int(self.sponsor[index]))
            keys = ("applicant", "sponsor")
            data = {k: place(n) for k, n in zip(keys, ends, strict=True) if n != NOBODY}
            code = int(self.applications.codes["route",][index])
            applications.append({**data, "route": self.words.words[code] if code >= 0 else None})
        return {"persons": persons, "unions": unions, "applications": applications}


def cast_skeleton(data: dict[str, Any], law: Law) -> tuple[Cast, ...] | None:
    """The casts of a skeleton; None when it contradicts itself, which the ordinary reader then says of each case."""
    try:
        return casts(check_case(Document(data, {}, "skeleton"), choices=law.choices).case, law)
    except CaseFileError:
        return None
