"""The rows of a result as columns, from what was decided for each person and route."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reasoner.batch.decider import schema
from reasoner.batch.distinct import alike, numbered
from reasoner.batch.values import Words
from reasoner.outcome import file_state

NULL = -(2**31)
_UNMET = "unmet"
_STATES = ("missing", "defective")


class Lists:
    """Distinct combinations, each with the lists of words or numbers that belong to it."""

    def __init__(self, names: Sequence[str]) -> None:
        self.known: dict[Any, int] = {}
        self.lists: dict[str, list[tuple[int, ...]]] = {name: [] for name in names}

    def clear(self) -> None:
        """Forgets every combination: numbers begin anew."""
        self.known.clear()
        for values in self.lists.values():
            values.clear()

    def add(self, key: Any, **lists: tuple[int, ...]) -> int:
        """The number of a new combination."""
        found = self.known[key] = len(self.known)
        for name, values in lists.items():
            self.lists[name].append(values)
        return found

    def spread(self, index: Any, vocabularies: Mapping[str, list[str] | None]) -> dict[str, pa.Array]:
        """Some lists of combinations, one after the other; of numbers where there is no vocabulary."""
        used, first = numbered(index)
        numbers, found = index[first].tolist(), {}
        for name, vocabulary in vocabularies.items():
            lists = [self.lists[name][number] for number in numbers]
            lengths = np.fromiter(map(len, lists), np.int32, len(lists))
            starts = np.cumsum(lengths, dtype=np.int32) - lengths
            values = np.array([value for part in lists for value in part], np.int64)
            inner = pa.array(values) if vocabulary is None else _words(values, vocabulary)
            count = lengths[used]
            ends = np.zeros(len(index) + 1, np.int32)
            np.cumsum(count, out=ends[1:])
            place = np.arange(ends[-1], dtype=np.int32) + np.repeat(starts[used] - ends[:-1], count)
            found[name] = pa.ListArray.from_arrays(pa.array(ends), inner.take(pa.array(place)))
        return found


class Store:
    """The words of results and the combinations met so far."""

    def __init__(self) -> None:
        self.words = Words()
        self.conditions = Lists(("failing", "provisions", "conditions"))
        self.documents = Lists((*_STATES, "documents"))

    def forget(self, most: int) -> None:
        """Begins the combinations anew where there are more than so many."""
        for lists in (self.conditions, self.documents):
            if len(lists.known) > most:
                lists.clear()

    def word(self, name: str | None) -> int:
        """The number of a word; -1 for none."""
        return -1 if name is None else self.words.of(name)


class _Events(NamedTuple):
    """Something that some rows have, each with the row it belongs to."""

    owner: Any
    values: tuple[Any, ...]


class Rows:
    """The rows of a chunk as they are added, group by group; without ``reasons`` they refer to no explanations.

    ``place`` is the row of each case in its chunk.
    """

    def __init__(self, store: Store, place: Any, reasons: bool = True) -> None:
        self.store, self.place, self.reasons = store, place, reasons
        self.size = 0
        self.columns: dict[str, list[Any]] = {}
        self.deadlines: list[_Events] = []
        self.distances: list[_Events] = []
        self.people: list[Any] = []
        self.depends_on: list[_Events] = []
        self.paths = Words()

    def add(
        self,
        columns: Any,
        route: Any,
        rows: Any,
        result: Any,
        conditions: list[Any],
        documents: list[Any],
        settled: Any,
        remarks: list[Any],
        deadlines: list[Any],
        depends_on: list[Any],
        sample: Callable[[int], Any],
    ) -> None:
        """Adds the rows of one person and route: ``rows`` are places in the group, ``result`` words, and the others
        each a part of the outcome with the number of its entry in every row; ``settled`` those of the file where a
        document is unknown."""
        group, store = columns.group, self.store
        papers, file = self._documents(documents, len(rows))
        unsure = (settled >= 0) & (file == store.word("undetermined"))
        file[unsure] = route.file.read(settled[unsure], lambda state: store.word(state or "undetermined"))
        combos = self._conditions(conditions, remarks, len(rows))
        person = int(route.person[1:]) - 1
        position = group.position[person][rows]
        self._column("case_row", group.rows[rows])
        self._column("order", (position << 32) | (columns.cast_number[rows] << 16) | route.place)
        self._column("person", group.names[rows, person])
        self._column("route", np.full(len(rows), store.word(route.route)))
        self._column("result", result)
        self._column("file", file)
        self._column("conditions", combos)
        self._column("documents", papers)
        applied = np.full(len(rows), NULL)
        if not route.layout.holder:
            value = columns.answers.value(("applied", route.person))
            known = value.known[rows]
            applied[known] = value.lo[rows][known]
        self._column("applied_on", applied)
        self._column("fragment", self._results(route, result, file, remarks, sample))
        self._deadlines(deadlines, rows)
        for here, paths in depends_on:
            self.depends_on.append(_Events(self.size + here, (np.array([self.paths.of(path) for path in paths]),)))
        self._distances(columns, route, rows, conditions)
        self.people.append(group.names[rows])
        self.size += len(rows)

    def _column(self, name: str, values: Any) -> None:
        self.columns.setdefault(name, []).append(values)

    def _documents(self, parts: list[Any], size: int) -> tuple[Any, Any]:
        store, found = self.store, self.store.documents
        number, first = _alike([numbers for _, numbers in parts], size)
        combos, files = np.empty(len(first), np.int64), np.empty(len(first), np.int64)
        for index, place in enumerate(first):
            entries = [part.entries[numbers[place]] for part, numbers in parts]
            kept = [(name, e) for (part, _), e in zip(parts, entries, strict=True) if e.status for name in (part.name,)]
            key = tuple((name, entry.fragment, entry.status) for name, entry in kept)
            combo = found.known.get(key)
            if combo is None:
                states = {s: tuple(store.word(n) for n, e in kept if e.status == s) for s in _STATES}
                combo = found.add(key, documents=tuple(entry.fragment for _, entry in kept), **states)
            combos[index] = combo
            state = file_state({entry.status for _, entry in kept if entry.status})
            files[index] = store.word(state or "undetermined")
        return combos[number], files[number]

    def _conditions(self, parts: list[Any], remarks: list[Any], size: int) -> Any:
        store, found = self.store, self.store.conditions
        number, first = _alike([numbers for _, numbers in (*parts, *remarks)], size)
        combos = np.empty(len(first), np.int64)
        for index, place in enumerate(first):
            entries = [(part.name, part.entries[numbers[place]]) for part, numbers in parts]
            kept = [(name, entry) for name, entry in entries if entry.status]
            because = [part.entries[n[place]].provisions for part, n in remarks if n[place] >= 0]
            key = (
                tuple((name, entry.fragment, entry.status, entry.provisions) for name, entry in kept),
                tuple(because),
            )
            combo = found.known.get(key)
            if combo is None:
                failing = [(name, entry) for name, entry in kept if entry.status == _UNMET]
                cited = [entry.provisions for _, entry in failing or kept] + because
                provisions = dict.fromkeys(provision for group in cited for provision in group)
                combo = found.add(
                    key,
                    failing=tuple(store.word(name) for name, _ in failing),
                    provisions=tuple(map(store.word, provisions)),
                    conditions=tuple(entry.fragment for _, entry in kept),
                )
            combos[index] = combo
        return combos[number]

    def _results(self, route: Any, result: Any, file: Any, remarks: list[Any], sample: Callable[[int], Any]) -> Any:
        columns, words = [result, file, *(numbers for _, numbers in remarks)], self.store.words.words
        number, first = alike(columns)
        found = np.empty(len(first), np.int64)
        for index, place in enumerate(first):
            key = tuple(int(column[place]) for column in columns)
            if key not in route.results:
                entries = [(part.name, part.entries[n[place]]) for part, n in remarks if n[place] >= 0]
                carrying = {name: entry.provisions for name, entry in entries if entry.status}
                route.results[key] = sample(int(place)).result(words[key[0]], words[key[1]], carrying)
            found[index] = route.results[key]
        return found[number]

    def _deadlines(self, deadlines: list[Any], rows: Any) -> None:
        for name, holds, value in deadlines:
            here = np.flatnonzero(holds)
            days = np.where(value.known[rows[here]], value.lo[rows[here]], NULL)
            self.deadlines.append(_Events(self.size + here, (self.store.word(name), days)))

    def _distances(self, columns: Any, route: Any, rows: Any, conditions: list[Any]) -> None:
        answers = columns.answers
        for part, numbers in conditions:
            for number, entry in enumerate(part.entries):
                if not entry.ways:
                    continue
                here = np.flatnonzero(numbers == number)
                if len(here):
                    self._distance(answers, part.name, entry.ways, rows[here], self.size + here)

    def _distance(self, answers: Any, name: str, ways: Any, rows: Any, owner: Any) -> None:
        """How far the best way is from holding: the one that fails fewest comparisons, by the one it fails most."""
        size = len(rows)
        best = np.full(size, 2**62)
        unit, amount = np.full(size, -1), np.zeros(size, np.int64)
        on, limit = np.full(size, NULL), np.full(size, NULL)
        for way in ways:
            most = np.full(size, -1)
            fine = np.ones(size, np.bool_)
            chosen: list[Any] = [np.full(size, -1), np.full(size, NULL), np.full(size, NULL)]
            for comparison in way:
                its, gap, ok = answers.gaps(comparison, rows)
                fine &= ok
                more = ok & (gap > most)
                most = np.where(more, gap, most)
                days = [answers.value(comparison[side]) for side in (1, 3)] if comparison[0] == "date" else []
                sides: list[Any] = [np.where(v.known[rows], v.lo[rows], NULL) for v in days] or [NULL, NULL]
                for place, value in enumerate((self.store.word(its), *sides)):
                    chosen[place] = np.where(more, value, chosen[place])
            rank = (len(way) << 40) + most
            better = fine & (rank < best)
            best = np.where(better, rank, best)
            unit, on, limit = (np.where(better, new, old) for new, old in zip(chosen, (unit, on, limit), strict=True))
            amount = np.where(better, most, amount)
        known = unit >= 0
        values = (self.store.word(name), unit[known], amount[known], on[known], limit[known])
        self.distances.append(_Events(owner[known], values))

    # -- the table ----------------------------------------------------------------------------------------------

    def table(self, kept: Any, words: Words) -> pa.Table:
        """All rows about the cases that are ``kept``, case by case."""
        if not self.size:
            return schema().empty_table()
        columns = {name: np.concatenate(parts) for name, parts in self.columns.items()}
        here = np.flatnonzero(kept[columns["case_row"]])
        columns["case_row"] = self.place[columns["case_row"]]
        order = here[np.lexsort((columns["order"][here], columns["case_row"][here]))]
        columns = {name: values[order] for name, values in columns.items()}
        place = np.full(self.size, -1)
        place[order] = np.arange(len(order))
        vocabulary = self.store.words.words
        kinds = schema()

        def spread(lists: Lists, reasons: str, *names: str) -> dict[str, pa.Array]:
            explained: dict[str, Any] = {reasons: None} if self.reasons else {}
            return lists.spread(columns[reasons], dict.fromkeys(names, vocabulary) | explained)

        fields = {
            "case_row": pa.array(columns["case_row"], pa.int64()),
            "person": _ids(columns["person"], words),
            **{name: _words(columns[name], vocabulary) for name in ("route", "result", "file")},
            "applied_on": _days(columns["applied_on"]),
            "distances": self._struct(self.distances, place, len(order), vocabulary, "distances"),
            "deadlines": self._struct(self.deadlines, place, len(order), vocabulary, "deadlines"),
            "depends_on": self._depends_on(place, len(order)),
            "people": self._people(place, len(order), words),
            **spread(self.store.conditions, "conditions", "failing", "provisions"),
            **spread(self.store.documents, "documents", *_STATES),
        }
        if self.reasons:
            fields["fragment"] = pa.array(columns["fragment"], pa.int64())
        return pa.table([fields.get(kind.name, pa.nulls(len(order), kind.type)) for kind in kinds], schema=kinds)

    @staticmethod
    def _gathered(events: list[_Events], place: Any, size: int) -> tuple[Any, list[Any]]:
        """Offsets by row, and the values of events in the order of the rows; those of rows left out are gone."""
        if not events:
            return np.zeros(size + 1, np.int32), []
        owner = np.concatenate([event.owner for event in events])
        values = [
            np.concatenate([np.broadcast_to(event.values[i], len(event.owner)) for event in events])
            for i in range(len(events[0].values))
        ]
        at = place[owner]
        order = np.argsort(at, kind="stable")
        order = order[np.count_nonzero(at < 0) :]
        offsets = np.zeros(size + 1, np.int32)
        np.cumsum(np.bincount(at[order], minlength=size), out=offsets[1:])
        return offsets, [value[order] for value in values]

    def _struct(self, events: list[_Events], place: Any, size: int, vocabulary: Any, name: str) -> Any:
        kind = schema().field(name).type
        offsets, values = self._gathered(events, place, size)
        if not values:
            return pa.ListArray.from_arrays(offsets, pa.array([], kind.value_type))
        if name == "deadlines":
            parts = [_words(values[0], vocabulary), _days(values[1]), pa.nulls(len(values[0]), pa.string())]
        else:
            parts = [_words(values[0], vocabulary), _words(values[1], vocabulary), pa.array(values[2], pa.int32()),
                     _days(values[3]), _days(values[4])]  # fmt: skip
        return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(parts, fields=list(kind.value_type)))

    def _depends_on(self, place: Any, size: int) -> Any:
        offsets, values = self._gathered(self.depends_on, place, size)
        paths = [self.paths.words[code] for code in values[0].tolist()] if values else []
        return pa.ListArray.from_arrays(offsets, pa.array(paths, pa.string()))

    def _people(self, place: Any, size: int, words: Words) -> Any:
        """The persons of each row, of which some rows have more than others."""
        count, begin = np.zeros(size, np.int64), 0
        parts = []
        for names in self.people:
            at = place[begin : begin + len(names)]
            begin += len(names)
            at, names = at[at >= 0], names[at >= 0]
            count[at] = names.shape[1]
            parts.append((at, names))
        ends = np.append(0, np.cumsum(count))
        found = np.empty(ends[-1], np.int64)
        for at, names in parts:
            for index in range(names.shape[1]):
                found[ends[at] + index] = names[:, index]
        return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), _ids(found, words))


def _alike(columns: list[Any], size: int) -> tuple[Any, Any]:
    if not columns:
        return np.zeros(size, np.int64), np.zeros(min(size, 1), np.int64)
    return alike(columns)


def _words(codes: Any, words: list[str]) -> Any:
    """Words of the law: those in use by the alphabet, so that equal columns are equal whatever was met before."""
    used = sorted(np.flatnonzero(np.bincount(codes)).tolist(), key=words.__getitem__)
    place = np.zeros(len(words), np.int32)
    place[used] = np.arange(len(used))
    return pa.DictionaryArray.from_arrays(pa.array(place[codes]), pa.array([words[n] for n in used], pa.string()))


def _ids(codes: Any, words: Words) -> Any:
    """Words of the cases, of which only those in use make up the dictionary."""
    number, first = numbered(codes)
    used = pa.array([words.words[code] for code in codes[first].tolist()], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(number, pa.int32()), used)


def _days(days: Any) -> Any:
    return pa.array(days.astype(np.int32), pa.int32(), mask=days == NULL).view(pa.date32())


def combined(fast: pa.Table, slow: pa.Table) -> pa.Table:
    """Both tables as one, case by case."""
    if not len(slow):
        return fast
    if not len(fast):
        return slow
    both = pa.concat_tables([fast, slow]).unify_dictionaries().combine_chunks()
    return both.take(pc.sort_indices(both["case_row"]))
