"""Descriptions of cases made into JSON, one column of texts for each place where cases differ.

A description has the form of a case file. Where a case file has a value, it has a value, or several with their
weights; `silent` leaves the key out, `any` draws one of the words of the vocabulary, `$home` stands for the word drawn
under that name. Instead of a section there may be a list of them, one of which is drawn; `share` says how often it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import repeat
from math import lcm
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reasoner.batch.synth_days import FIRST, LAST, Column, Days, Draw, Weights, day
from reasoner.batch.synth_model import UNSURE, Place, case_place

if TYPE_CHECKING:
    from reasoner.program import Law

Node = Callable[[Draw], list[str]]
Part = str | Node
Texts = NDArray[np.object_]

_ISO: Texts = np.array([f'"{one}"' for one in np.arange(FIRST, LAST, dtype="M8[D]").astype(str).tolist()], dtype=object)
_OFFSET = day(FIRST)
_SPECIAL = frozenset({"none", "unknown", "silent"})
_DATES = frozenset({"day", "full_date", "moment"})


class Member(NamedTuple):
    """What is at a place inside a list or an object, and what stands before it."""

    head: str
    place: Place
    content: Any


class Gaps:
    """The ways in which a fact of a kind can be unsure, and how often each is met in an unsure case."""

    def __init__(self, shares: Mapping[str, float], kind: str, *, typed: bool) -> None:
        known = {way: share for way, share in shares.items() if kind == "day" or way in _SPECIAL}
        self.ways, self.weights, self.share = list(known), Weights(list(known.values())), sum(known.values())
        if kind == "number" and not typed:
            self.ways = ["silent"] * len(known)  # a column of numbers has no place for a word


class Writer:
    """Turns descriptions into columns of JSON under a law.

    With `typed` off they have the form of columns: truths are words, and persons a list.
    """

    def __init__(self, law: Law, settings: Mapping[str, Any], *, typed: bool) -> None:
        self.law, self.days, self.typed = law, Days(law, settings), typed
        self.papers = Papers(law, settings["papers"])
        first, last = settings["names"]["first"], settings["names"]["last"]
        self.names = [f"{first[n % len(first)]} {last[n % len(last)]}" for n in range(lcm(len(first), len(last)))]
        gaps = weighted(settings["unsure"]["facts"])
        self.gaps = {kind: Gaps(gaps, kind, typed=typed) for kind in UNSURE}
        self.words: Mapping[str, Sequence[str]] = {}

    def case(self, description: Mapping[str, Any], words: Mapping[str, Sequence[str]]) -> Node:
        """The text of each case that a description stands for, after its opening brace; `words` are drawn by name."""
        self.words = words
        return _joined([*self._enclosed("", self._members(case_place(), description), "}")])

    def _parts(self, place: Place, content: Any, head: str) -> Iterator[Part]:
        """What stands at a place, after its head."""
        if place.kind == "section":
            yield from self._section(place, content, head)
        elif place.kind == "list":
            yield from self._enclosed(head + "[", self._members(place, content), "]")
        elif place.kind == "mapping":
            begin, end = "[]" if self._as_list(place) else "{}"
            yield from self._enclosed(head + begin, self._members(place, content), end)
        else:
            yield self._value(place, content, head)

    def _section(self, place: Place, content: Any, head: str) -> Iterator[Part]:
        if isinstance(content, list):
            nodes = [_joined([*self._enclosed(head + "{", self._members(place, one), "}")]) for one in content]
            yield _one_of(nodes, Weights([float(one.get("share", 1)) for one in content]))
            return
        parts = self._enclosed(head + "{", self._members(place, content), "}")
        if "share" in content:
            yield _sometimes(_joined([*parts]), float(content["share"]))
        else:
            yield from parts

    def _members(self, place: Place, content: Any) -> list[Member]:
        """What a section, list or mapping consists of; in a section what is always there comes first."""
        if place.item is not None and place.kind == "list":
            return [Member("", place.item, one) for one in (content if isinstance(content, list) else [content])]
        if place.item is not None and self._as_list(place):
            item = place.item._replace(fields={"id": Place("id"), **place.item.fields})
            return [Member("", item, {"id": key, **one}) for key, one in content.items()]
        if place.item is not None:
            return [Member(f'"{key}":', place.item, one) for key, one in content.items()]
        fields = {key: one for key, one in content.items() if key != "share"}
        if "documents" in fields:
            fields["documents"] = list(self.papers.described(fields["documents"]))
        return sorted((Member(f'"{key}":', place.fields[key], one) for key, one in fields.items()), key=self._may_lack)

    def _as_list(self, place: Place) -> bool:
        """Whether a mapping is written as a list of things with their ids."""
        return not self.typed and place.item is not None and place.item.kind == "section"

    def _may_lack(self, member: Member) -> bool:
        content = member.content
        if member.place.kind in ("section", "list", "mapping"):
            return isinstance(content, dict) and "share" in content
        return "silent" in weighted(content) or (member.place.kind in UNSURE and member.head != "")

    def _enclosed(self, head: str, members: list[Member], end: str) -> Iterator[Part]:
        """The members with commas between them."""
        loose = bool(members) and self._may_lack(members[0])
        parts: list[Part] = [head]
        for number, (before, place, content) in enumerate(members):
            parts += self._parts(place, content, f",{before}" if number or loose else before)
        parts.append(end)
        if loose:
            yield _without_first_comma(_joined(parts), len(head))
        else:
            yield from parts

    # -- values -------------------------------------------------------------------------------------------------

    def _value(self, place: Place, content: Any, head: str) -> Part:
        weights = weighted(content)
        node = self._date(place, weights, head) if place.kind in _DATES else self._choice(place, weights, head)
        named = head.endswith(":")  # what has no key is one of a list, of which nothing is left out
        if isinstance(node, str) or place.kind not in UNSURE or not named:
            return node
        return self._unsure(place, node, head)

    def _choice(self, place: Place, weights: Mapping[str, float], head: str) -> Part:
        found: dict[str, float] = {}
        for word, weight in weights.items():
            if word.startswith("$"):
                return self._named(place, word[1:], head)
            words = [word] if word != "any" else self.law.choices[place.choice] if place.choice else self.names
            for each in words:
                found[each] = found.get(each, 0) + weight / len(words)
        texts = ["" if word == "silent" else head + self._text(place, word) for word in found]
        return _table(texts, Weights(list(found.values()))) if texts[1:] or place.kind in UNSURE else texts[0]

    def _named(self, place: Place, name: str, head: str) -> Node:
        texts = np.array([head + self._text(place, word) for word in self.words[name]], dtype=object)
        return lambda draw: texts[draw.words[name]].tolist()

    def _text(self, place: Place, word: str) -> str:
        if self.typed and place.kind == "truth" and word in ("yes", "no"):
            return "true" if word == "yes" else "false"
        if place.kind == "number" and word.isdigit():
            return word
        return json.dumps(word, ensure_ascii=False)

    def _date(self, place: Place, weights: Mapping[str, float], head: str) -> Node:
        rules = {text: weight for text, weight in weights.items() if text not in _SPECIAL}
        special = [text for text in weights if text in _SPECIAL]
        rule, moment = self.days.rules(rules), place.kind == "moment"
        if not special:
            return lambda draw: _dated(rule(draw), head, draw if moment else None)
        texts = np.array(["" if text == "silent" else f'{head}"{text}"' for text in special] + [""], dtype=object)
        drawn = Weights([*(weights[text] for text in special), sum(rules.values())])

        def render(draw: Draw) -> list[str]:
            chosen = draw.picks(drawn)
            found, cases = texts[chosen], np.flatnonzero(chosen == len(special))
            found[cases] = _dated(rule(draw)[cases], head, draw if moment else None)
            listed: list[str] = found.tolist()
            return listed

        return render

    def _unsure(self, place: Place, node: Node, head: str) -> Node:
        """Some facts of the unsure cases are unknown, left out, or a day of which only the month or year is known."""
        gaps = self.gaps[place.kind]

        def render(draw: Draw) -> list[str]:
            texts = node(draw)
            cases = draw.some(gaps.share, draw.unsure)
            for case, way in zip(cases.tolist(), draw.picks(gaps.weights, cases.size).tolist(), strict=True):
                texts[case] = _blurred(texts[case], gaps.ways[way], head)
            return texts

        return render


def _blurred(text: str, way: str, head: str) -> str:
    if way == "silent" or not text:
        return ""
    if way == "unknown":
        return f'{head}"unknown"'
    value = text.removeprefix(head)
    return f'{head}{value[: 8 if way == "month" else 5]}"' if len(value) == len('"2000-01-01"') else text


class Papers:
    """The papers in a file: those that a description asks for, with the properties that the law reads."""

    def __init__(self, law: Law, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self.reads: dict[str, list[str]] = {}
        for kind, property_ in law.table("reads"):
            self.reads.setdefault(str(kind), []).append(str(property_))

    def described(self, listed: Sequence[Any]) -> Iterator[dict[str, Any]]:
        """The descriptions of papers: kinds, groups of kinds, or either with what is special about them."""
        for one in listed:
            for name, special in one.items() if isinstance(one, dict) else [(one, {})]:
                for kind in self.settings["groups"].get(name, [name]):
                    yield self._described(kind) | special

    def _described(self, kind: str) -> dict[str, Any]:
        found = {"type": kind, "share": self.settings["share"], **self.settings["every"]}
        for property_ in self.reads.get(kind, ()):
            found |= self.settings["reads"].get(property_, {})
        found |= self.settings["kinds"].get(kind, {})
        return found


def weighted(content: str | Mapping[str, str]) -> dict[str, float]:
    """A value, or several, with their weights."""
    return {content: 1.0} if isinstance(content, str) else {key: float(share) for key, share in content.items()}


# -- columns ------------------------------------------------------------------------------------------------------


def _joined(parts: list[Part]) -> Node:
    """The parts one after the other; neighbours that are the same in all cases become one."""
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)

    def render(draw: Draw) -> list[str]:
        columns = (repeat(part, draw.count) if isinstance(part, str) else part(draw) for part in merged)
        return list(map("".join, zip(*columns, strict=True)))

    return render


def _without_first_comma(node: Node, place: int) -> Node:
    def render(draw: Draw) -> list[str]:
        return [f"{one[:place]}{one[place + 1 :]}" if one[place] == "," else one for one in node(draw)]

    return render


def _table(texts: list[str], weights: Weights) -> Node:
    table = np.array(texts, dtype=object)
    return lambda draw: table[draw.picks(weights)].tolist()


def _dated(days: Column, head: str, moments: Draw | None) -> list[str]:
    """Days as texts, or moments of these days."""
    texts = _ISO[days - _OFFSET].tolist()
    if moments is None:
        return [head + text for text in texts]
    hours = moments.random.integers(0, 24, days.size).tolist()
    return [f'{head}{text[:-1]}T{hour:02}:30"' for text, hour in zip(texts, hours, strict=True)]


def _one_of(nodes: list[Node], weights: Weights) -> Node:
    def render(draw: Draw) -> list[str]:
        columns = [node(draw) for node in nodes]
        return [columns[which][case] for case, which in enumerate(draw.picks(weights).tolist())]

    return render


def _sometimes(node: Node, share: float) -> Node:
    def render(draw: Draw) -> list[str]:
        texts = node(draw)
        for case in np.flatnonzero(draw.random.random(draw.count) >= share).tolist():
            texts[case] = ""
        return texts

    return render
