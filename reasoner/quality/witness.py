"""A possible case as a case file: readable, with real dates, and decided again as any other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from reasoner import case_model
from reasoner.case_model import field_at
from reasoner.facts import Thing, address
from reasoner.ground import Shape
from reasoner.quality import lists
from reasoner.quality.casetext import lines
from reasoner.quality.space import Space, Values

Case = dict[str, Any]


def case_file(space: Space, values: Values, shape: Shape, side: int = 0) -> Case:
    """The case, as seen by a side, as the data of a case file. It says what the search asked about, nothing else."""
    return _Writer(space, shape).write(values, side)


class _Writer:
    def __init__(self, space: Space, shape: Shape) -> None:
        self.space, self.law = space, space.law
        self.case: Case = {
            "persons": {f"p{n}": {} for n in range(1, shape.persons + 1)},
            "unions": [],
            "applications": [],
        }
        section_of = {role: section for side in space.sides for section, role in side.law.role_of.items()}
        for role, numbers in shape.roles:
            for number in numbers:
                self.case["persons"][f"p{number}"][section_of[role]] = {}
        for applicant, sponsor in shape.joins:
            self.case["applications"].append({"applicant": f"p{applicant}", "sponsor": f"p{sponsor}"})
        self.found: dict[Thing, Any] = {}

    def write(self, values: Values, side: int) -> Case:
        """All places, things before what is said of them."""
        facts = [(key[0], truth) for key, truth in values.truth.items() if key[1] in (None, side)]
        for atom, _ in sorted((fact for fact in facts if fact[1]), key=lambda fact: len(self._place(fact[0])[1])):
            self._input(atom, True)
        for key, value in values.points.items():
            if len(key) == 2 and key[1] in (None, side):
                self._point(key[0], value)
            elif len(key) == 3 and key[2] in (None, side) and value is not None:
                self._periods(key[0], key[1], value.spans, self._end(values, key, value.end))
        for point, day in self.space.sides[side].pinned.items():
            self._point(point, day)
        for atom, truth in facts:  # once it is known which things the file lists
            if not truth:
                self._input(atom, False)
        return self._tidy()

    def _end(self, values: Values, place: Any, point: Any) -> date:
        """The day from which the periods at a place are counted back."""
        day: date | None = None if point is None else values.points[point]
        if day is not None:
            return day
        return next((day for (filed, _), day in self._ends(values) if filed[1] == place[0][1]), lists.END)

    def _ends(self, values: Values) -> Sequence[tuple[Any, date]]:
        filed = []
        for key, value in values.points.items():
            if len(key) == 2 and value is not None and self.space.vocabulary[key[0][0]].path.endswith(".filed"):
                filed.append((key, value))
        for side in self.space.sides:
            filed += [((point, None), day) for point, day in side.pinned.items() if len(point) > 1]
        return filed

    def _place(self, atom: Any) -> tuple[Thing, tuple[str, ...]]:
        return address(self.space.vocabulary[atom[0]], atom)

    # -- things -------------------------------------------------------------------------------------------------

    def _thing(self, thing: Thing) -> Any:
        """The mapping that stands for a thing, made when first needed."""
        kind = thing[0]
        if kind == "case":
            return self.case
        if kind == "persons":
            return self.case["persons"][thing[1]]
        if kind == "applications":
            found = next((a for a in self.case["applications"] if a["applicant"] == thing[1]), None)
            if found is None:  # of somebody who joins nobody
                found = {"applicant": thing[1]}
                self.case["applications"].append(found)
            return found
        if kind == "extensions":
            listed = self._thing(("applications", thing[1])).setdefault("procedure", {}).setdefault("extensions", [])
            while len(listed) < thing[2]:
                listed.append({"decided": "none", "ground": "none"})
            return listed[thing[2] - 1]
        if kind == "unions":
            return self._union(thing)
        if thing not in self.found:
            joins = thing[1] in [a["applicant"] for a in self.case["applications"]]
            holder = self._thing(("applications", thing[1]) if joins else ("persons", thing[1]))
            self.found[thing] = {"type": thing[2]}
            holder.setdefault("documents", []).append(self.found[thing])
        return self.found[thing]

    def _union(self, thing: Thing) -> Any:
        pair = {thing[1], thing[2]}
        listed = [u for u in self.case["unions"] if set(u["partners"]) == pair and thing[3] in ("any", u["kind"])]
        if not listed:
            listed = [{"partners": [thing[2], thing[1]], "kind": thing[3]}]
            self.case["unions"] += listed
        return listed[0]

    def _there(self, thing: Thing) -> bool:
        """Whether the file already speaks of a thing that it may leave out."""
        if thing[0] == "documents":
            return thing in self.found
        if thing[0] == "unions":
            pair = {thing[1], thing[2]}
            return any(set(u["partners"]) == pair and thing[3] in ("any", u["kind"]) for u in self.case["unions"])
        return True

    # -- what is said of them -----------------------------------------------------------------------------------

    def _input(self, atom: Any, truth: bool) -> None:
        entry, (thing, names) = self.space.vocabulary[atom[0]], self._place(atom)
        if not names:
            if truth:
                self._thing(thing)
            elif thing[0] == "applications":
                self._thing(thing)["filed"] = "none"
            elif thing[0] == "documents" and self._there(thing):
                self._thing(thing)["handed_in"] = "none"
            return
        if not self._there(thing) and (not truth or thing[0] == "documents"):
            return  # what is said of a paper that is not handed in says nothing
        wanted = self._wanted(entry, atom)
        if wanted is None:
            if (entry.silence != "yes") if truth else entry.silence in ("unknown", "yes"):
                self._put(thing, names, truth)
            return
        if truth and entry.silence == "default" and atom[1:] in self.law.table("default_reading"):
            return
        if truth and field_at(str(thing[0]), names).repeated:
            self._get(thing, names[:-1]).setdefault(names[-1], []).append(wanted)
        elif truth:
            self._put(thing, names, wanted)
        elif entry.silence == "unknown" and names[-1] not in self._get(thing, names[:-1]):
            self._put(thing, names, "none")

    @staticmethod
    def _wanted(entry: Any, atom: Any) -> Any:
        if entry.enumerated:
            return atom[-1]
        named = zip(entry.arguments, atom[1:], strict=True)
        return next((argument for name, argument in named if "{" + name + "}" not in entry.path), None)

    def _point(self, point: Any, value: Any) -> None:
        entry, (thing, names) = self.space.vocabulary[point[0]], self._place(point)
        if entry.path == "assessed_on":
            self.case["assessed_on"] = value.isoformat()
            return
        if thing[0] == "documents" and not self._there(thing):
            return
        if value is None:
            if entry.silence != "no" and self._there(thing):
                self._put(thing, names, "none")
            return
        if isinstance(value, date):
            moment = self.space.point_kinds[point[0]] == "time"
            value = value.isoformat() + (" 00:00" if moment else "")
        self._put(thing, names, list(value) if isinstance(value, tuple) else value)

    def _periods(self, thing: Thing, names: tuple[str, ...], spans: lists.Spans, end: date) -> None:
        if not self._there(thing):
            return
        lawful = names[-1] == "cohabitation"
        listed = []
        for first, last, kept in lists.dates(spans, end):
            period = {"from": first.isoformat(), "to": "none" if last is None else last.isoformat()}
            listed.append({**period, "lawful": kept} if lawful else period)
        self._put(thing, names, listed)

    def _get(self, thing: Thing, names: tuple[str, ...]) -> dict[str, Any]:
        found = self._thing(thing)
        for name in names:
            found = found.setdefault(name, {})
        return found  # type: ignore[no-any-return]

    def _put(self, thing: Thing, names: tuple[str, ...], value: Any) -> None:
        self._get(thing, names[:-1])[names[-1]] = value

    def _tidy(self) -> Case:
        """Without what is empty, everything in the order in which the case file describes it."""
        return {key: part for key, part in _ordered(self.case).items() if part}


_ORDER = {
    field.alias or name: place
    for place, (name, field) in enumerate(
        pair
        for model in vars(case_model).values()
        if hasattr(model, "model_fields")
        for pair in model.model_fields.items()
    )
}


def _ordered(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _ordered(part[key]) for key in sorted(part, key=lambda key: (_ORDER.get(key, -1), key))}
    return [_ordered(item) for item in part] if isinstance(part, list) else part


def text(case: Case) -> str:
    """A case file as it is shown, so that what is said of its lines is said of those that are seen."""
    return "\n".join(lines(case))
