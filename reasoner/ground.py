"""From the shape of a case to its ground program, kept on disk so that it is ground only once.

The ground program holds every way in which the people of a shape could reach each conclusion, whatever the
facts: every input is an external and every comparison a theory atom, and both stay open in it.
"""

from __future__ import annotations

import marshal
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from reasoner.errors import RulesError
from reasoner.program import (
    POSSIBLE,
    SWITCH,
    TAG,
    Law,
    Source,
    digest_of,
    law_files,
    law_from_data,
    law_root,
    parse,
    plain,
)

FORMAT = 3  # of the cache; raise it when the stored data changes

Atom = tuple[Any, ...]
"""A ground atom as plain data: predicate name and arguments, compound arguments being tuples themselves."""


@dataclass(frozen=True, order=True)
class Shape:
    """What is ground: how many persons, who joins whom, who holds protection, and how many papers of each type.

    Persons are numbers from 1; ``slots`` counts the papers of a type that a person may have.
    """

    persons: int
    joins: tuple[tuple[int, int], ...]
    holders: tuple[int, ...]
    slots: tuple[tuple[int, str, int], ...]

    def facts(self) -> str:
        """The shape as facts of an answer-set program."""
        lines = [f"person(p{number})." for number in range(1, self.persons + 1)]
        lines += [f"joins(p{applicant},p{sponsor})." for applicant, sponsor in self.joins]
        lines += [f"holder(p{number})." for number in self.holders]
        lines += [f"slot(p{number},{kind},1..{count})." for number, kind, count in self.slots]
        return "\n".join(lines)


@dataclass(frozen=True)
class GroundProgram:
    """A ground, stratified, choice-free program.

    ``atoms`` names the atoms (number to name), ``rules`` are (head, positive body, negative body), ``instances`` gives the
    source rule and the variable binding behind a tag atom, ``comparisons`` the comparison behind a theory atom,
    ``inputs`` the externals, and ``constraints`` the bodies that exclude impossible cases.
    """

    atoms: dict[int, Atom]
    rules: tuple[tuple[int, tuple[int, ...], tuple[int, ...]], ...]
    constraints: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    inputs: tuple[int, ...]
    comparisons: dict[int, Atom]
    shown: tuple[int, ...]
    switch: int
    possible: int

    @cached_property
    def number(self) -> dict[Atom, int]:
        """Atom to its number."""
        return {atom: number for number, atom in self.atoms.items()}

    @cached_property
    def instances(self) -> dict[int, tuple[int, tuple[Any, ...]]]:
        """Tag atom to (index of the source rule, values of its variables)."""
        return {
            number: (atom[1], atom[2:]) for number, atom in self.atoms.items() if atom[0] == TAG
        }

    @cached_property
    def bodies(self) -> dict[int, tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]]:
        """Atom to the bodies of the rule instances that could make it true."""
        found: dict[int, list[tuple[tuple[int, ...], tuple[int, ...]]]] = {}
        for head, positive, negative in self.rules:
            found.setdefault(head, []).append((positive, negative))
        return {head: tuple(bodies) for head, bodies in found.items()}

    @cached_property
    def by_predicate(self) -> dict[str, tuple[int, ...]]:
        """Predicate to its atoms."""
        found: dict[str, list[int]] = {}
        for number, atom in self.atoms.items():
            found.setdefault(atom[0], []).append(number)
        return {name: tuple(numbers) for name, numbers in found.items()}

    def aspif(self, shown: tuple[int, ...] = ()) -> str:
        """The program in the intermediate format of clingo, inputs and comparisons being free, ``shown`` being output."""
        lines = ["asp 1 0 0"]
        for head, positive, negative in self.rules:
            lines.append(f"1 0 1 {head} 0 {_body(positive, negative)}")
        lines += [f"1 0 0 0 {_body(positive, negative)}" for positive, negative in self.constraints]
        lines += [
            f"5 {number} 0"
            for number in (self.switch, self.possible, *self.inputs, *self.comparisons)
        ]
        for number in shown:
            lines.append(f"4 {len(str(number)) + 1} a{number} 1 {number}")
        return "\n".join([*lines, "0", ""])


def _body(positive: tuple[int, ...], negative: tuple[int, ...]) -> str:
    return " ".join(
        map(str, (len(positive) + len(negative), *positive, *(-number for number in negative)))
    )


class _Observer:
    """Keeps what gringo prints; anything but normal rules, constraints and externals is refused."""

    def __init__(self) -> None:
        self.rules: list[tuple[int, tuple[int, ...], tuple[int, ...]]] = []
        self.constraints: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        self.inputs: list[int] = []
        self.refused: list[str] = []

    def init_program(self, incremental: bool) -> None: ...

    def begin_step(self) -> None: ...

    def end_step(self) -> None: ...

    def rule(self, choice: bool, head: list[int], body: list[int]) -> None:
        positive = tuple(number for number in body if number > 0)
        negative = tuple(-number for number in body if number < 0)
        if choice or len(head) > 1:
            self.refused.append("a choice or a disjunction")
        elif head:
            self.rules.append((head[0], positive, negative))
        else:
            self.constraints.append((positive, negative))

    def weight_rule(
        self, choice: bool, head: list[int], lower_bound: int, body: list[tuple[int, int]]
    ) -> None:
        self.refused.append("an aggregate")

    def external(self, atom: int, value: object) -> None:
        self.inputs.append(atom)


def ground(source: Source, shape: Shape) -> GroundProgram:
    """The ground program of ``shape``. Raises :class:`RulesError` with file and line when a law file is broken."""
    from clingo import Control
    from clingo.ast import ProgramBuilder

    observer, log = _Observer(), list[str]()
    control = Control(["--warn=all"], logger=lambda _code, message: log.append(message))
    control.register_observer(observer)  # type: ignore[arg-type]
    with ProgramBuilder(control) as builder:
        for statement in source.statements:
            builder.add(statement)
    control.add("base", [], f"#external {SWITCH}. #external {POSSIBLE}.\n{shape.facts()}\n")
    try:
        control.ground()
    except RuntimeError:
        raise RulesError("\n".join(log) or "grounding stopped") from None
    if log:
        raise RulesError("\n".join(log))
    if observer.refused:
        raise RulesError(
            f"the law contains {observer.refused[0]}; it must be choice-free, with one answer for each case"
        )
    atoms = {
        entry.literal: _atom(entry.symbol) for entry in control.symbolic_atoms if not entry.is_fact
    }
    comparisons = {theory.literal: _comparison(theory) for theory in control.theory_atoms}
    facts = {head for head, positive, negative in observer.rules if not positive and not negative}
    shown_names = {str(statement.name) for statement in source.statements if _is_show(statement)}
    switch, possible = (
        next(n for n, atom in atoms.items() if atom == (name,)) for name in (SWITCH, POSSIBLE)
    )
    program = GroundProgram(
        atoms=atoms,
        rules=tuple(rule for rule in observer.rules if rule[0] not in facts),
        constraints=tuple(observer.constraints),
        inputs=tuple(number for number in observer.inputs if number not in (switch, possible)),
        comparisons=comparisons,
        shown=tuple(number for number, atom in atoms.items() if atom[0] in shown_names),
        switch=switch,
        possible=possible,
    )
    return program


def _is_show(statement: Any) -> bool:
    from clingo import ast

    return bool(statement.ast_type == ast.ASTType.ShowSignature)


def _atom(symbol: Any) -> Atom:
    return (symbol.name, *(plain(argument) for argument in symbol.arguments))


def _comparison(theory: Any) -> Atom:
    """A theory atom as plain data: (kind, *terms, operator, right side), copied because it dies with the first solve."""
    name = theory.term.name
    terms = [_theory_term(term) for element in theory.elements for term in element.terms]
    if name == "class":
        return (name, _argument(theory.term.arguments[0]), *terms)
    if theory.guard is None:
        return (name, *terms)
    operator, right = theory.guard
    if name == "unbroken":  # "at least" is the only relation it has
        return (name, *terms, _theory_term(right))
    return (name, *terms, operator, _theory_term(right))


def _theory_term(term: Any) -> Any:
    from clingo import TheoryTermType

    if term.type == TheoryTermType.Number:
        return term.number
    if term.type == TheoryTermType.Symbol:
        return (
            term.name.strip('"')
            if term.name.startswith('"')
            else (term.name if term.name in UNQUOTED else (term.name,))
        )
    return (term.name, *(_argument(argument) for argument in term.arguments))


UNQUOTED = frozenset({"years", "months", "days", "hours", "always"})


def _argument(term: Any) -> Any:
    """An argument of a function: constants such as ``p1`` and ``marriage`` stay plain names."""
    from clingo import TheoryTermType

    if term.type == TheoryTermType.Symbol:
        name = term.name
        return (
            name.strip('"')
            if name.startswith('"')
            else (name if name not in CONSTANT_POINTS else (name,))
        )
    return _theory_term(term)


CONSTANT_POINTS = frozenset({"assessed"})


class Store:
    """Laws and ground programs, in memory and under the user's cache folder; a cache that cannot be written is done without."""

    def __init__(self, root: Path | None = None, folder: Path | None = None) -> None:
        self.root = root or law_root()
        self.folder = folder or cache_folder()
        self._source: Source | None = None
        self._law: Law | None = None
        self._programs: dict[Shape, GroundProgram] = {}

    @cached_property
    def digest(self) -> str:
        """Digest of the law files as they are now."""
        return digest_of(self.root, law_files(self.root))

    @property
    def law(self) -> Law:
        """The law, read from the cache when an unchanged version of it was parsed before."""
        if self._law is None:
            data = self._load(f"law-{self.digest}")
            if data is not None:
                self._law = law_from_data(data)
            else:
                self._law = self.source.law
                self._save(f"law-{self.digest}", self._law.as_data())
        return self._law

    @property
    def source(self) -> Source:
        if self._source is None:
            self._source = parse(self.root)
        return self._source

    def program(self, shape: Shape) -> GroundProgram:
        """The ground program of a shape."""
        found = self._programs.get(shape)
        if found is None:
            name = "ground-" + sha256(f"{self.digest}\n{shape!r}".encode()).hexdigest()
            data = self._load(name)
            if data is not None:
                found = GroundProgram(*data)
            else:
                found = ground(self.source, shape)
                self._save(
                    name, tuple(vars(found)[field] for field in GroundProgram.__dataclass_fields__)
                )
            self._programs[shape] = found
        return found

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.{FORMAT}.bin"

    def _load(self, name: str) -> Any:
        try:
            return marshal.loads(self._path(name).read_bytes())
        except (OSError, ValueError, EOFError, TypeError):
            return None

    def _save(self, name: str, data: Any) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.folder)
            with os.fdopen(handle, "wb") as file:
                file.write(marshal.dumps(data))
            os.replace(temporary, self._path(name))  # readers see the old file or the whole new one
        except OSError:
            return


def cache_folder() -> Path:
    """Where ground programs are kept: ``$REASONER_CACHE``, else ``reasoner`` under the user's cache folder."""
    if own := os.environ.get("REASONER_CACHE"):
        return Path(own)
    if os.name == "nt":
        base = os.environ.get("LOCALAPPDATA")
        return Path(base or Path.home() / "AppData" / "Local") / "reasoner" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reasoner"


def persons(numbers: Iterable[int]) -> tuple[str, ...]:
    """Canonical names of persons."""
    return tuple(f"p{number}" for number in numbers)
