"""Cases whose dates cannot be true of anybody; the ordinary reader then says what is wrong with them."""

from __future__ import annotations

from typing import Any

import numpy as np

from reasoner.batch.people import NOBODY, People
from reasoner.batch.tables import Bools, Ints, Things, is_silent
from reasoner.batch.values import FLOOR, PARTIAL, SAID, SILENT, Codes, Words
from reasoner.case_checks import CHAINS, Chain
from reasoner.case_values import NO_CHOICE, Choices

_LATE, _EARLY = np.int32(2**31 - 1), np.int32(FLOOR)


class _Days:
    """The first and last day that a column of dates can mean; where it means none, no comparison holds."""

    def __init__(self, codes: Codes, words: Words) -> None:
        self.first: Codes = np.maximum(codes, _EARLY)
        self.last: Codes = np.where(codes > FLOOR, codes, _LATE)
        for index in np.flatnonzero(codes <= PARTIAL):
            self.first[index], self.last[index] = words.partials[PARTIAL - codes[index]]

    def at(self, index: Ints) -> tuple[Codes, Codes]:
        """First and last days of things, by their places; -1 for none."""
        return np.append(self.first, _EARLY)[index], np.append(self.last, _LATE)[index]


def find(people: People, choices: Choices) -> None:
    """Marks as odd every case whose dates contradict each other, that answers a question that there is not, or that has
    a document in a form of other documents."""
    odd, words = people.odd, people.words
    tables = {"persons": people.persons, "unions": people.unions, "applications": people.applications}
    for kind, things in tables.items():
        for chain in CHAINS[kind]:
            _order(things, chain, words, odd)
    for papers in people.papers:
        for chain in CHAINS["documents"]:
            _order(papers, chain, words, odd)
        _variants(papers, choices, words, odd)
    for listing in (*people.persons.lists.values(), *people.unions.lists.values()):
        if listing.things is not None and ("from_",) in listing.things.codes:
            _order(listing.things, (("from_",), ("to",)), words, odd)
    born = _Days(people.persons.codes["born",], words)
    _births(people, born, odd)
    unions, case = people.unions, people.unions.case
    for partner in people.partners:
        place = np.where(partner == NOBODY, -1, people.first[case] + partner)
        for key in ("concluded", "known_since"):
            if not is_silent(unions.codes[key,]):
                odd[case[born.at(place)[0] > _Days(unions.codes[key,], words).last]] = True
    applications = people.applications
    place = np.where(people.applicant == NOBODY, -1, people.first[applications.case] + people.applicant)
    odd[applications.case[born.at(place)[0] > _Days(applications.codes["filed",], words).last]] = True
    decided = applications.codes["procedure", "decided"]
    known = (decided > FLOOR) | (decided <= PARTIAL)
    undecided = applications.codes["procedure", "decision"] == words.of("none")
    odd[applications.case[known & undecided]] = True
    odd[applications.case[applications.lists["procedure", "extensions"].counts > 2]] = True
    _readings(people, choices, odd)


def _column(things: Things, path: tuple[Any, ...]) -> tuple[Things, Codes] | None:
    """The column of a path, with what an index in a list means spread over the things themselves; None if nothing
    has it."""
    for length in range(1, len(path)):
        if isinstance(path[length], int):
            listing = things.lists[path[:length]]
            assert listing.things is not None
            if not len(listing.things):
                return None
            counts = listing.counts
            has = counts > path[length]
            starts = np.cumsum(counts) - counts
            values = np.append(listing.things.codes[path[length + 1 :]], SILENT)
            return things, values[np.where(has, starts + path[length], -1)]
    return None if is_silent(things.codes[path]) else (things, things.codes[path])


def _order(things: Things, chain: Chain, words: Words, odd: Bools) -> None:
    columns = [_Days(found[1], words) for path in chain if (found := _column(things, path))]
    for index, later in enumerate(columns):
        for earlier in columns[:index]:
            odd[things.case[earlier.first > later.last]] = True


def _variants(papers: Things, choices: Choices, words: Words, odd: Bools) -> None:
    """Documents have a form that documents of their type have."""
    start = "documents.*.variant."
    for path, allowed in choices.items():
        if path.startswith(start):
            variants = papers.codes["variant",]
            fine = np.isin(variants, [words.of(value) for value in (*allowed, NO_CHOICE)]) | (variants < 0)
            odd[papers.case[(papers.codes["type",] == words.of(path.removeprefix(start))) & ~fine]] = True


def _births(people: People, born: _Days, odd: Bools) -> None:
    """Nobody is born before a parent."""
    case = people.persons.case
    parents = people.masks["parents",] | np.where(
        people.mother == NOBODY, 0, np.int64(1) << np.maximum(people.mother, 0)
    )
    if not parents.any():
        return
    for position in range(people.width):
        child = np.flatnonzero(parents >> position & 1)
        parent = people.first[case[child]] + position
        first, last = born.first[parent], born.last[child]
        known = (first > _EARLY) & (last < _LATE)
        odd[case[child[known & (first >= last)]]] = True


def _readings(people: People, choices: Choices, odd: Bools) -> None:
    listing = people.cases.lists["readings",]
    if listing.keys is None or listing.values is None or not len(listing.keys):
        return
    words = people.words
    allowed = np.array(
        [
            words.of(path.removeprefix("readings.")) << 32 | words.of(value.lower())
            for path, values in choices.items()
            if path.startswith("readings.")
            for value in values
        ]
    )
    names = np.array([words.of(path.removeprefix("readings.")) for path in choices if path.startswith("readings.")])
    given = listing.keys.astype(np.int64) << 32 | np.maximum(listing.values, 0)
    fine = np.where(listing.values == SAID, np.isin(listing.keys, names), np.isin(given, allowed))
    odd[people.cases.case[listing.owner[~fine]]] = True
