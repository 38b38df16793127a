"""Checks on law files that clingo itself does not make: what stands inside a comparison must be declared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from reasoner.errors import RulesError

if TYPE_CHECKING:
    from clingo import ast

    from reasoner.program import Entry

# What the reasoner itself understands inside a comparison, with the number of arguments; see dates.py.
OPERATIONS = {"birthday": (2,), "days": (3,), "count": (3,), "longest": (3,), "+": (2,), "*": (2,)}
_STRING = re.compile(r'"[^"]*"')
UNITS = frozenset({"years", "months", "days", "hours"})


def check_letters(name: str, text: str) -> None:
    """Raises :class:`RulesError` for a letter outside ASCII in a rule: clingo cannot say what is wrong with it."""
    comment = False
    for number, line in enumerate(text.splitlines(), 1):
        code = "" if comment else _STRING.sub("", line).partition("%")[0]
        if not code.isascii():
            raise RulesError(f"{name}:{number}: a letter outside ASCII in a rule; write names in plain letters")
        comment = (comment or line.lstrip().startswith("%*")) and "*%" not in line


def check_choices(rules: Iterable[tuple[str, ast.AST]]) -> None:
    """Raises :class:`RulesError` listing every rule with a choice or a disjunction."""
    from clingo import ast

    kinds = (ast.ASTType.Aggregate, ast.ASTType.HeadAggregate, ast.ASTType.Disjunction)
    faults = [
        f"{name}:{node.location.begin.line}: a choice or a disjunction; the law must have one answer for each case"
        for name, node in rules
        if node.head.ast_type in kinds
    ]
    if faults:
        raise RulesError("\n".join(faults))


def check_comparisons(rules: Iterable[tuple[str, ast.AST]], entries: Sequence[Entry]) -> None:
    """Raises :class:`RulesError` listing every name inside a comparison that the vocabulary does not declare."""
    from clingo import ast

    points = {entry.name: len(entry.arguments) for entry in entries if entry.point}
    faults: list[str] = []
    for name, node in rules:
        for literal in node.body:
            atom = getattr(literal, "atom", None)
            if atom is None or atom.ast_type != ast.ASTType.TheoryAtom:
                continue
            terms = [term for element in atom.elements for term in element.terms]
            if atom.guard is not None:
                terms.append(atom.guard.term)
            for term in terms:
                for fault in _faults(term, points):
                    faults.append(f"{name}:{node.location.begin.line}: {fault}")
    if faults:
        raise RulesError("\n".join(faults))


def _faults(term: Any, points: dict[str, int]) -> Iterable[str]:
    from clingo import ast

    if term.ast_type == ast.ASTType.TheoryUnparsedTerm:
        for part in term.elements:
            yield from _faults(part.term, points)
    elif term.ast_type == ast.ASTType.TheoryFunction:
        arity = len(term.arguments)
        if points.get(term.name) != arity and arity not in OPERATIONS.get(term.name, ()):
            yield f"{term.name}/{arity} in a comparison is neither a point of the vocabulary nor an operation"
        for argument in term.arguments:
            if argument.ast_type != ast.ASTType.Variable:
                yield from _faults_of_argument(argument, points)
    elif term.ast_type == ast.ASTType.SymbolicTerm:
        text = str(term.symbol)
        if text.isidentifier() and text not in UNITS and points.get(text) != 0:
            yield f"{text} in a comparison is neither a unit nor a point of the vocabulary"


def _faults_of_argument(argument: Any, points: dict[str, int]) -> Iterable[str]:
    from clingo import ast

    # A constant argument of a point is a value such as the kind of a union; only nested functions are checked.
    if argument.ast_type in (ast.ASTType.TheoryFunction, ast.ASTType.TheoryUnparsedTerm):
        yield from _faults(argument, points)
