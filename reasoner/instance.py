"""A case as an instance for plain clingo: the encodings and this text give exactly one model when nothing is open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reasoner.run import Run

_INFIX = frozenset({"+", "*"})


def instance(run: Run) -> str:
    """The instance of one run: its shape, its facts, and one constraint per comparison.

    An open input is a choice and an open comparison is left free, so that the models are then the cases that are
    possible (dates that are open together are not tied to each other: that takes the calendar).
    """
    return "\n".join([*_lines(run), ""])


def _lines(run: Run) -> Iterator[str]:
    program, inputs, cast = run.program, run.inputs, run.cast
    file = inputs.reader.file
    yield f"% {file.case.case or file.name}, assessed on {inputs.reader.assessed.isoformat()}"
    for reform in run.law.reforms:
        yield f"% law under the reform {reform.name}, of which encodings/main.lp knows nothing"
    yield "% " + ", ".join(f"{name} is {person}" for name, person in cast.person.items())
    yield cast.shape.facts()
    for number in program.inputs:
        value = inputs.truth[number]
        if value is not False:
            text = symbol(program.atoms[number])
            yield f"{text}." if value else f"{{ {text} }}."
    for number, comparison in program.comparisons.items():
        value = inputs.truth[number]
        if value is not None:
            yield f":- {'not ' if value else ''}{theory(comparison)}."


def symbol(value: Any) -> str:
    """Plain data as a clingo term."""
    if isinstance(value, tuple):
        name, *arguments = value
        return f"{name}({','.join(map(symbol, arguments))})" if arguments else str(name)
    if isinstance(value, str) and value[:1].isdigit():
        return f'"{value}"'
    return str(value)


def theory(comparison: tuple[Any, ...]) -> str:
    """A comparison as the theory atom it was ground from."""
    kind, *terms = comparison
    if kind == "class":
        name, *points = terms
        return f"&class({name}) {{ {', '.join(map(term, points))} }}"
    if kind in ("date", "number"):
        left, operator, right = terms
        return f"&{kind} {{ {term(left)} }} {operator} {term(right)}"
    if kind == "unbroken":
        *points, length = terms
        return f"&unbroken {{ {', '.join(map(term, points))} }} >= {term(length)}"
    return f"&{kind} {{ {', '.join(map(term, terms))} }}"


def term(value: Any) -> str:
    """A term inside a theory atom."""
    if isinstance(value, tuple) and value[0] in _INFIX:
        return f"({term(value[1])} {value[0]} {term(value[2])})"
    if isinstance(value, tuple):
        name, *arguments = value
        return f"{name}({','.join(map(term, arguments))})" if arguments else str(name)
    return symbol(value)
