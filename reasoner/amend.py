"""Carries reforms out on the parsed law: what they end is left out, what they add stands at its end.

Nothing in a reform may silently do nothing. What it ends is quoted and must stand in the law; what it adds may not
contradict a row that stays, nor use a name that occurs nowhere else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from reasoner.errors import Fault, RulesError, show
from reasoner.lawcheck import check_letters
from reasoner.reform import Reform, nearest

ADDS, ENDS = "adds", "ends"
_NAME = re.compile(r'"[^"]*"|(?<!\w)[a-z]\w*')
_CONSTANT = re.compile(r'[a-z]\w*|\d+|"[^"]*"')

Row = tuple[str, ...]
Table = list[tuple[Row, "_Statement"]]
Parsed = Sequence[tuple[str, list[Any]]]


class Amended(NamedTuple):
    """The law under its reforms: the statements and comments of every file, and what was changed.

    ``ended`` are statements that are still among the others. A change is the name of its reform, ``adds`` or ``ends``,
    and file, line and text of the statement.
    """

    files: Parsed
    ended: frozenset[int]  # by identity: equal statements may stand in several places
    changes: tuple[tuple[str, str, str, int, str], ...]


def amended(files: Parsed, reforms: Sequence[Reform]) -> Amended:
    """The law with its reforms, carried out one after the other.

    Raises :class:`RulesError` naming file and line for whatever a reform says that clingo cannot read or that would
    have no effect.
    """
    work = _Work(files)
    for reform in reforms:
        work.carry_out(reform)
    return Amended(work.files, frozenset(work.ended), tuple(work.changes))


class _Statement(NamedTuple):
    """A rule or fact: its file (``place`` in messages) and line, what it says, and its parts.

    ``head`` and ``reads`` (what the body says without a negation) are predicates with their arguments, as text.
    """

    file: str
    place: str
    line: int
    text: str
    head: tuple[str, Row] | None
    reads: tuple[tuple[str, Row], ...]
    fact: bool
    node: Any

    @property
    def names(self) -> list[str]:
        return [name for name in _NAME.findall(self.text) if name[0] != '"' and name != "not"]

    def fault(self, code: str, **values: str) -> Fault:
        return Fault(self.place, self.line, 0, "", code, values)


def _statement(file: str, place: str, node: Any) -> _Statement:
    body = list(node.body)
    reads = (_atom(literal) for literal in body if not getattr(literal, "sign", True))
    line, head = node.location.begin.line, _atom(node.head)
    return _Statement(file, place, line, str(node), head, tuple(atom for atom in reads if atom), not body, node)


def _atom(literal: Any) -> tuple[str, Row] | None:
    """Predicate and arguments; None for anything but a plain atom."""
    symbol: Any = getattr(getattr(literal, "atom", None), "symbol", None)
    if not hasattr(symbol, "name") or not hasattr(symbol, "arguments"):
        return None
    return str(symbol.name), tuple(map(str, symbol.arguments))


class _Work:
    def __init__(self, files: Parsed) -> None:
        from clingo.ast import ASTType

        self.files = list(files)
        self.law = [
            _statement(name, name, node) for name, nodes in files for node in nodes if node.ast_type == ASTType.Rule
        ]
        self.ended: set[int] = set()
        self.changes: list[tuple[str, str, str, int, str]] = []

    def carry_out(self, reform: Reform) -> None:
        parts: dict[str, list[_Statement]] = {ADDS: [], ENDS: []}
        for name in reform.files:
            self._read(reform, name, parts)
        if not any(parts.values()):
            raise RulesError(faults=[Fault(reform.place(next(iter(reform.files))), 0, 0, "", "reform_no_statement")])
        before, tables = self.law, _tables(self.law)
        faults = [*self._end(reform, parts[ENDS]), *self._add(reform, parts[ADDS], tables)]
        faults += [*self._names(parts[ADDS], reform), *self._provisions(parts[ADDS]), *self._unread(before, tables)]
        if faults:
            raise RulesError(faults=faults)

    def _read(self, reform: Reform, name: str, parts: Mapping[str, list[_Statement]]) -> None:
        """Puts the statements of a file under the part they stand in; a file begins with what it adds."""
        from clingo.ast import ASTType

        place, called = reform.place(name), f"{reform.name}/{name}"
        check_letters(place, reform.files[name].decode(errors="replace"))
        part, kept, nodes = ADDS, list[Any](), _parsed(place)
        if Path(place).read_bytes() != reform.files[name]:  # what the digest covers is what is carried out
            raise RulesError(faults=[Fault(place, 0, 0, "", "reform_changed")])
        for node in nodes:
            line, kind = node.location.begin.line, node.ast_type
            here = Path(node.location.begin.filename) == Path(place)
            if here and kind == ASTType.Rule:
                parts[part].append(_statement(called, place, node))
            elif here and kind == ASTType.Program:
                part = ADDS if str(node.name) == "base" else str(node.name)
                if part not in parts:
                    values = {"name": part, "suggestion": nearest(part, list(parts))}
                    raise RulesError(faults=[Fault(place, line, 0, "", "reform_part", values)])
            elif not here or kind != ASTType.Comment:
                raise RulesError(faults=[Fault(place, line, 0, "", "reform_statement", {"text": show(str(node))})])
            if kind == ASTType.Comment or (kind == ASTType.Rule and part == ADDS):
                kept.append(node)
        self.files.append((called, kept))

    def _end(self, reform: Reform, quoted: Iterable[_Statement]) -> Iterator[Fault]:
        for quote in quoted:
            meant = [statement for statement in self.law if statement.text == quote.text]
            if not meant:
                yield quote.fault("reform_ends_nothing", text=show(quote.text), suggestion=self._similar(quote))
            self.law = [statement for statement in self.law if statement.text != quote.text]
            self.ended |= {id(statement.node) for statement in meant}
            self.changes += [(reform.name, ENDS, s.file, s.line, s.text) for s in meant]

    def _similar(self, quote: _Statement) -> str:
        head = quote.head
        others = {s.text: s for s in self.law if head is None or (s.head or ("",))[0] == head[0]}
        near = get_close_matches(quote.text, others, 1, 0.4)
        if near:
            return f"{others[near[0]].place}:{others[near[0]].line}: {show(near[0])}"
        return nearest(head[0], [s.head[0] for s in self.law if s.head]) if head else ""

    def _add(self, reform: Reform, added: Sequence[_Statement], tables: Mapping[tuple[str, int], Table]) -> list[Fault]:
        faults = []
        texts = {statement.text: statement for statement in self.law}
        left = _tables(self.law)
        for new in added:
            if new.text in texts:
                old = texts[new.text]
                faults.append(new.fault("reform_adds_nothing", text=show(new.text), at=f"{old.place}:{old.line}"))
            elif new.fact and new.head is not None:
                name, row = new.head
                table = (name, len(row))
                key = row[: _key(tables.get(table, []))]
                for other, old in left.get(table, []) if len(key) < len(row) else ():
                    if other[: len(key)] == key:
                        at = f"{old.place}:{old.line}"
                        faults.append(new.fault("reform_doubles", text=show(new.text), old=old.text, at=at))
        self.law = [*self.law, *added]
        self.changes += [(reform.name, ADDS, s.file, s.line, s.text) for s in added]
        return faults

    def _names(self, added: Iterable[_Statement], reform: Reform) -> Iterator[Fault]:
        """A name that occurs once, and for which there are no words, is misspelt."""
        count = Counter(name for statement in self.law for name in statement.names)
        count.update(name for _, nodes in self.files for node in nodes for name in _declared(node))
        count.update(key for sections in reform.words.values() for entries in sections.values() for key in entries)
        often = [name for name, number in count.items() if number > 1]
        for statement in added:
            for name in statement.names:
                if count[name] == 1:
                    yield statement.fault("reform_name", name=name, suggestion=nearest(name, often))

    def _provisions(self, added: Iterable[_Statement]) -> Iterator[Fault]:
        """Every rule names provisions of the catalogue, and the dates in force of a provision can be reached."""
        tables = _tables(self.law)
        known = _column(tables, "provision", 4) - _column(tables, "not_encoded", 2)
        for statement in self.law:
            for predicate, arguments in statement.reads:
                name = arguments[0] if predicate == "in_force" else ""
                if _CONSTANT.fullmatch(name) and name not in known:
                    yield statement.fault("reform_provision", name=name, suggestion=nearest(name, sorted(known)))
        days = {table: {row[0]: row[1] for row, _ in tables.get((table, 2), [])} for table in _DATES}
        for statement in added:
            table, row = statement.head or ("", ())
            if table not in _DATES or not statement.fact:
                continue
            if row[0] not in known or row[0] not in _column(tables, "clock", 2):
                near = nearest(row[0], sorted(known & _column(tables, "clock", 2)))
                yield statement.fault("reform_dated", name=row[0], suggestion=near)
            elif not _is_day(row[1]):
                yield statement.fault("reform_day", name=row[1])
            elif days["in_force_until"].get(row[0], '"9') < days["in_force_from"].get(row[0], ""):
                begins, ends = (days[name][row[0]].strip('"') for name in _DATES)
                yield statement.fault("reform_never", name=row[0], begins=begins, ends=ends)

    def _unread(self, before: Sequence[_Statement], old: Mapping[tuple[str, int], Table]) -> Iterator[Fault]:
        """What a rule reads from a table stands there, unless it did not before either."""
        tables, earlier = _tables(self.law), {id(statement.node) for statement in before}
        derived = {statement.head[0] for statement in self.law if statement.head and not statement.fact}
        for statement in self.law:
            for name, row in statement.reads:
                table = (name, len(row))
                if name in derived or table not in tables.keys() | old.keys():
                    continue
                missed = id(statement.node) in earlier and not _found(row, old.get(table, []))
                if not missed and not _found(row, tables.get(table, [])):
                    yield statement.fault("reform_unread", text=f"{name}({', '.join(row)})")


_DATES = ("in_force_from", "in_force_until")


def _parsed(path: str) -> list[Any]:
    from clingo import ast

    nodes: list[Any] = []
    messages: list[str] = []
    try:
        ast.parse_files([path], nodes.append, logger=lambda _code, message: messages.append(message))
    except RuntimeError:
        raise RulesError("\n".join(messages) or f"{path}: cannot be parsed") from None
    return nodes


def _declared(node: Any) -> list[str]:
    """The names in what is no rule and no comment of the law: what it declares."""
    from clingo.ast import ASTType

    if node.ast_type in (ASTType.Rule, ASTType.Comment):
        return []
    return [name for name in _NAME.findall(str(node)) if name[0] != '"']


def _tables(law: Iterable[_Statement]) -> dict[tuple[str, int], Table]:
    """The facts of the law, by predicate and number of arguments."""
    tables: dict[tuple[str, int], Table] = {}
    for statement in law:
        if statement.fact and statement.head is not None:
            name, row = statement.head
            tables.setdefault((name, len(row)), []).append((row, statement))
    return tables


def _column(tables: Mapping[tuple[str, int], Table], name: str, arity: int) -> set[str]:
    return {row[0] for row, _ in tables.get((name, arity), [])}


def _key(table: Table) -> int:
    """How many leading arguments tell the rows of a table apart; one that is a list of values is among them."""
    rows = [row for row, _ in table]
    width = len(rows[0]) if rows else 0
    listed = max((n + 1 for row in rows for n, value in enumerate(row) if ";" in value or ".." in value), default=1)
    return next((n for n in range(listed, width) if len({row[:n] for row in rows}) == len(rows)), width)


def _found(wanted: Row, table: Table) -> bool:
    """Whether a row fits; only plain constants on both sides can differ."""
    fixed = [(n, value) for n, value in enumerate(wanted) if _CONSTANT.fullmatch(value)]
    return any(all(row[n] == v or not _CONSTANT.fullmatch(row[n]) for n, v in fixed) for row, _ in table)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text.strip('"')).isoformat() == text.strip('"') and text[0] == '"'
    except ValueError:
        return False
