"""From the shape of a case to its ground program.

The ground program holds every way in which the people of a shape could reach each conclusion, whatever the
facts: every input is an external and every comparison a theory atom, and both stay open in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from reasoner.errors import RulesError
from reasoner.program import POSSIBLE, SWITCH, TAG, plain

if TYPE_CHECKING:
    from clingo import Control, ast

Atom = tuple[Any, ...]
"""A ground atom as plain data: predicate name and arguments, compound arguments being tuples themselves."""

Instance = tuple[int, tuple[Any, ...], tuple[int, ...], tuple[int, ...]]
"""A rule instance: index of its source rule, values of that rule's variables, positive body, negative body."""

UNITS = frozenset({"years", "months", "days", "hours", "always"})
OPERATORS = frozenset({"+", "*"})
_REQUIRED = {"condition": "requires", "document": "needs"}


class Shape(NamedTuple):
    """What is ground: how many persons, who joins whom, who plays which role, and how many papers of each type.

    Persons are numbers from 1; ``roles`` are pairs of a role and those who play it, ``slots`` counts the papers of a
    type that a person may have.
    """

    persons: int
    joins: tuple[tuple[int, int], ...]
    roles: tuple[tuple[str, tuple[int, ...]], ...]
    slots: tuple[tuple[int, str, int], ...]

    def facts(self) -> str:
        """The shape as facts of an answer-set program."""
        lines = [f"person(p{number})." for number in range(1, self.persons + 1)]
        lines += [f"joins(p{applicant},p{sponsor})." for applicant, sponsor in self.joins]
        lines += [f"{role}(p{number})." for role, numbers in self.roles for number in numbers]
        lines += [f"slot(p{number},{kind},1..{count})." for number, kind, count in self.slots]
        return "\n".join(lines)


@dataclass(eq=False, repr=False)
class GroundProgram:
    """A ground, stratified, choice-free program.

    ``atoms`` names the atoms by number, ``rules`` maps an atom to the rule instances that could make it true,
    ``constraints`` are the bodies that exclude impossible cases, ``inputs`` the externals, ``comparisons`` the
    comparison behind a theory atom, and ``shown`` the atoms that a decision reports.
    """

    atoms: dict[int, Atom]
    rules: dict[int, tuple[Instance, ...]]
    constraints: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    inputs: tuple[int, ...]
    comparisons: dict[int, Atom]
    shown: tuple[int, ...]
    text: str

    @cached_property
    def number(self) -> dict[Atom, int]:
        """Atom to its number."""
        return {atom: number for number, atom in self.atoms.items()}

    @cached_property
    def number_of_comparison(self) -> dict[Atom, int]:
        """Comparison to its number."""
        return {comparison: number for number, comparison in self.comparisons.items()}

    @cached_property
    def by_predicate(self) -> dict[str, tuple[int, ...]]:
        """Predicate to its atoms."""
        found: dict[str, list[int]] = {}
        for number, atom in self.atoms.items():
            found.setdefault(atom[0], []).append(number)
        return {name: tuple(numbers) for name, numbers in found.items()}

    @cached_property
    def is_shown(self) -> frozenset[int]:
        """``shown`` for asking whether an atom is among them."""
        return frozenset(self.shown)

    @cached_property
    def by_person_and_route(self) -> dict[tuple[str, Any, Any], list[int]]:
        """Predicate, person and route to the shown atoms about them."""
        found: dict[tuple[str, Any, Any], list[int]] = {}
        for number in self.shown:
            name, *arguments = self.atoms[number]
            if len(arguments) > 1:
                found.setdefault((name, arguments[0], arguments[1]), []).append(number)
        return found

    def about(self, predicate: str, person: str, route: str) -> list[int]:
        """The shown atoms of a predicate about a person and route, in the order of the law."""
        found = self._sorted.get((predicate, person, route))
        if found is None:
            listed = self.by_person_and_route.get((predicate, person, route), ())
            found = self._sorted[predicate, person, route] = sorted(listed, key=self._place)
        return found

    @cached_property
    def _sorted(self) -> dict[tuple[str, str, str], list[int]]:
        return {}

    def _place(self, number: int) -> int:
        """Where in the source the first rule stands that could make an atom true, so that lists follow the law.

        The state of a condition or a document stands where the law requires it.
        """
        name, *arguments = self.atoms[number]
        required = self.number.get((_REQUIRED.get(name), *arguments[:3]))
        return min(rule for rule, *_ in self.rules[number if required is None else required])

    @cached_property
    def size(self) -> int:
        """More than the largest number of an atom."""
        return _size(self.atoms, self.comparisons)

    @property
    def possible(self) -> int:
        """The number of the switch that turns the constraints on; no atom has it."""
        return self.size

    def aspif(self) -> str:
        """The program in the intermediate format of clingo: inputs and comparisons are free, nothing is output."""
        return self.text + output(())


def _size(atoms: Iterable[int], comparisons: Iterable[int]) -> int:
    return max(chain(atoms, comparisons), default=0) + 1


def output(atoms: Iterable[int]) -> str:
    """The last lines of the intermediate format: which atoms are output, each ``a`` with its number."""
    return "".join(f"4 {len(str(number)) + 1} a{number} 1 {number}\n" for number in atoms) + "0\n"


def printed(
    rules: Mapping[int, Iterable[tuple[Any, ...]]],
    constraints: Iterable[tuple[tuple[int, ...], tuple[int, ...]]],
    free: Iterable[int],
    possible: int,
) -> str:
    """The lines of the intermediate format for rules, constraints (behind the switch ``possible``) and free atoms.

    The last two parts of each rule instance are its body.
    """
    lines = ["asp 1 0 0"]
    for head, instances in rules.items():
        lines += [f"1 0 1 {head} 0 {_body(positive, negative)}" for *_, positive, negative in instances]
    lines += [f"1 0 0 0 {_body((*true, possible), false)}" for true, false in constraints]
    lines += [f"5 {number} 0" for number in (possible, *free)]
    return "\n".join([*lines, ""])


def _body(positive: tuple[int, ...], negative: tuple[int, ...]) -> str:
    return " ".join(map(str, (len(positive) + len(negative), *positive, *(-number for number in negative))))


def ground(statements: Iterable[ast.AST] | str, shown: Iterable[str], shape: Shape) -> GroundProgram:
    """The ground program of ``shape``; ``shown`` names the predicates that a decision reports.

    Raises :class:`RulesError` when a law file is broken, with file and line when ``statements`` are parsed ones.
    """
    from clingo import Control
    from clingo.ast import ProgramBuilder

    observer, log = _Observer(), list[str]()
    control = Control(["--warn=all"], logger=lambda _code, message: log.append(message))
    control.register_observer(cast(Any, observer))  # it is called by the names of its methods
    if isinstance(statements, str):
        control.add("base", [], statements)
    else:
        with ProgramBuilder(control) as builder:
            for statement in statements:
                builder.add(statement)
    control.add("base", [], f"#external {SWITCH}.\n{shape.facts()}\n")
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
    return _assembled(control, observer, frozenset(shown))


class _Observer:
    """Keeps what gringo prints; anything but normal rules, constraints and externals is refused."""

    def __init__(self) -> None:
        self.rules: list[tuple[int, tuple[int, ...], tuple[int, ...]]] = []
        self.constraints: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        self.inputs: list[int] = []
        self.refused: list[str] = []

    def rule(self, choice: bool, head: list[int], body: list[int]) -> None:
        positive = tuple(number for number in body if number > 0)
        negative = tuple(-number for number in body if number < 0)
        if choice or len(head) > 1:
            self.refused.append("a choice or a disjunction")
        elif head:
            self.rules.append((head[0], positive, negative))
        else:
            self.constraints.append((positive, negative))

    def weight_rule(self, choice: bool, head: list[int], lower_bound: int, body: list[tuple[int, int]]) -> None:
        self.refused.append("an aggregate")

    def external(self, atom: int, value: object) -> None:
        self.inputs.append(atom)


def _assembled(control: Control, observer: _Observer, shown: frozenset[str]) -> GroundProgram:
    """What was observed, with the tag atoms resolved into the source rule and binding of each instance."""
    atoms = {entry.literal: _atom(entry.symbol) for entry in control.symbolic_atoms if not entry.is_fact}
    switches = {number for number, atom in atoms.items() if atom in ((SWITCH,), (POSSIBLE,))}
    tags = {number: atom for number, atom in atoms.items() if atom[0] == TAG}
    bodies = {head: (positive, negative) for head, positive, negative in observer.rules if head in tags}
    rules: dict[int, list[Instance]] = {}
    for head, positive, _ in observer.rules:
        if positive and positive[0] in tags:
            _, index, *values = tags[positive[0]]
            true, false = bodies[positive[0]]
            true = tuple(number for number in true if number not in switches)
            rules.setdefault(head, []).append((index, tuple(values), true, false))
    named = {number: atom for number, atom in atoms.items() if number not in tags and number not in switches}
    inputs = tuple(number for number in observer.inputs if number not in switches)
    comparisons = {theory.literal: _comparison(theory) for theory in control.theory_atoms}
    found = {head: tuple(instances) for head, instances in rules.items()}
    constraints = tuple((tuple(n for n in true if n not in switches), false) for true, false in observer.constraints)
    return GroundProgram(
        atoms=named,
        rules=found,
        constraints=constraints,
        inputs=inputs,
        comparisons=comparisons,
        shown=tuple(number for number in rules if atoms[number][0] in shown),
        text=printed(found, constraints, (*inputs, *comparisons), _size(named, comparisons)),
    )


def _atom(symbol: Any) -> Atom:
    return (symbol.name, *(plain(argument) for argument in symbol.arguments))


def _comparison(theory: Any) -> Atom:
    """A theory atom as plain data: (kind, *terms, operator, right side), copied because it dies with the first
    solve."""
    name = theory.term.name
    terms = [_term(term) for element in theory.elements for term in element.terms]
    if name == "class":
        return (name, _argument(theory.term.arguments[0]), *terms)
    if theory.guard is None:
        return (name, *terms)
    operator, right = theory.guard
    if name == "unbroken":  # "at least" is the only relation it has
        return (name, *terms, _term(right))
    return (name, *terms, operator, _term(right))


def _term(term: Any) -> Any:
    """A theory term as plain data; a bare name that is no unit is a point without arguments."""
    from clingo import TheoryTermType

    if term.type == TheoryTermType.Number:
        return term.number
    if term.type == TheoryTermType.Symbol:
        name: str = term.name
        return name.strip('"') if name.startswith('"') or name in UNITS else (name,)
    part = _term if term.name in OPERATORS else _argument
    return (term.name, *(part(argument) for argument in term.arguments))


def _argument(term: Any) -> Any:
    """An argument of a function: constants such as ``p1`` and ``marriage`` stay plain names."""
    from clingo import TheoryTermType

    if term.type == TheoryTermType.Symbol:
        return term.name.strip('"')
    return _term(term)
