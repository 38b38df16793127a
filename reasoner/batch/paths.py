"""Where the cases of a group speak, or would speak, of an input or point: as :meth:`reasoner.facts.Reader.place`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from reasoner.batch.group import Group
from reasoner.batch.tables import Ints, Listing
from reasoner.cast import Path
from reasoner.errors import dotted
from reasoner.facts import Thing, address
from reasoner.ground import Atom


@dataclass(eq=False, repr=False)
class Paths:
    """The places of a group of cases."""

    group: Group

    def of(self, atom: Atom, rows: Ints) -> list[str]:
        """The path of an input or point in each of these cases."""
        thing, names = address(self.group.law.vocabulary[atom[0]], atom)
        name = self._names(rows)
        begin = self._begin(thing, rows, name)
        shown = [part for part in names if part != "lawful"]
        return [
            dotted((*begin(place), *(name(part, place) if part in self.group.canonical else part for part in shown)))
            for place in range(len(rows))
        ]

    def _names(self, rows: Ints) -> Callable[[str, int], str]:
        words, group = self.group.people.words.words, self.group
        ids: dict[str, Any] = {}

        def name(person: str, place: int) -> str:
            if person not in ids:
                ids[person] = group.ids(person)[rows]
            found: str = words[ids[person][place]]
            return found

        return name

    def _begin(self, thing: Thing, rows: Ints, name: Callable[[str, int], str]) -> Callable[[int], Path]:
        group, people, canonical = self.group, self.group.people, self.group.canonical
        if thing[0] == "case":
            return lambda place: ()
        if thing[0] == "persons":
            return lambda place: ("persons", name(thing[1], place))
        found = group.thing(thing)
        at = group.nobody[rows] if found is None else found[1][rows]
        case = group.rows[rows]

        def absent(place: int) -> Path:
            return tuple(name(part, place) if part in canonical else part for part in thing)

        if thing[0] == "unions":
            first = people.first_union
            return lambda place: ("unions", int(at[place] - first[case[place]])) if at[place] >= 0 else absent(place)
        if thing[0] == "applications":
            unasked = group.unasked(thing[1])[rows]

            def application(place: int) -> Path:
                if unasked[place]:
                    return ("persons", name(thing[1], place))
                start = people.first_application[case[place]]
                return ("applications", int(at[place] - start)) if at[place] >= 0 else absent(place)

            return application
        if thing[0] == "extensions":
            holder = self._begin(("applications", thing[1]), rows, name)

            def extension(place: int) -> Path:
                return (*holder(place), "procedure", "extensions", thing[2] - 1) if at[place] >= 0 else absent(place)

            return extension
        return lambda place: self._paper(int(at[place]), int(case[place]), thing, place, name) or absent(place)

    def _paper(self, at: int, case: int, thing: Thing, place: int, name: Callable[[str, int], str]) -> Path | None:
        if at < 0:
            return None
        people = self.group.people
        under = len(people.papers[0])
        if at < under:
            return ("persons", name(thing[1], place), "documents", _within(people.persons.lists["documents",], at))
        listing = people.applications.lists["documents",]
        index = int(listing.owner[at - under] - people.first_application[case])
        return ("applications", index, "documents", _within(listing, at - under))


def _within(listing: Listing, item: int) -> int:
    """Which item of its own list an item is."""
    return int(item - np.searchsorted(listing.owner, listing.owner[item]))
