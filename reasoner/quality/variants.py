"""Every small mistake that could be made in writing the law, as one program.

A *variant* is the law with one rule changed in one place. All of them are ground together: a changed rule stands
beside the original, under an index of its own, so that a ground rule instance belongs either to the law as it is or to
one variant. World 0 of an evaluation is the law itself and world ``k`` its variant ``k``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any, NamedTuple

from reasoner.errors import UsageError
from reasoner.ground import GroundProgram, Instance, Shape, ground
from reasoner.program import SWITCH, TAG, Law, Rule, provisions_of, variables_of
from reasoner.store import Store
from reasoner.target import unknown

IGNORE = "ignore_literal"  # for coverage alone: a literal that cannot go, since its variables need it
KINDS = ("drop_literal", "negate_literal", "swap_bound", "move_bound", "drop_rule", "drop_exception")
EXCEPTIONS = frozenset({"waived", "excused", "displaced"})  # conclusions of the engine that set another aside
_SWAPPED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


class Variant(NamedTuple):
    """One change of one rule.

    ``number`` counts from 1, ``rule`` is the index of the rule in the law, ``literal`` the position in its body (from
    0) of what changes into ``change`` (None: it goes), ``text`` the changed rule (None: it goes as a whole).
    """

    number: int
    rule: int
    kind: str
    literal: int | None
    before: str
    change: str | None
    text: str | None


@dataclass(eq=False, repr=False)
class Variants:
    """All variants of a law: ``listed`` in the order of the law, ``rules`` as they are in each variant."""

    law: Law
    listed: tuple[Variant, ...]
    rules: dict[int, Rule]
    text: str
    shown: tuple[str, ...]

    def ground(self, shape: Shape) -> GroundProgram:
        """The rule instances of the law and of all its variants for a shape.

        An instance whose index is past the rules of the law belongs to the variant with the number :meth:`number`
        gives.
        """
        return ground(self.text, self.shown, shape)

    @cached_property
    def of_rule(self) -> dict[int, int]:
        """Rule index to its variants, as bits."""
        found: dict[int, int] = {}
        for variant in self.listed:
            found[variant.rule] = found.get(variant.rule, 0) | 1 << variant.number
        return found

    def number(self, index: int) -> int:
        """The variant that the rule of an instance belongs to; 0 for a rule of the law."""
        return max(0, index - len(self.law.rules) + 1)

    def index(self, number: int) -> int:
        """The index of the changed rule of a variant: past those of the law."""
        return len(self.law.rules) + number - 1

    def rule(self, index: int) -> Rule:
        """The rule of an instance, as it is in the law or in the variant that the instance belongs to."""
        number = self.number(index)
        return self.rules.get(number, self.law.rules[self.listed[number - 1].rule]) if number else self.law.rules[index]

    def named(self, instance: Instance) -> tuple[str, ...]:
        """The provisions that the rule of an instance names."""
        rule = self.rule(instance[0])
        if rule.provisions:
            return rule.provisions
        return tuple(str(v) for v, name in zip(instance[1], rule.variables, strict=True) if name == "Provision")

    def law_of(self, number: int) -> Law:
        """The law as it is in a variant."""
        if number not in self.rules:
            return self.law
        rules = list(self.law.rules)
        rules[self.rules[number].index] = self.rules[number]
        return Law(self.law.digest, tuple(rules), self.law.entries, self.law.facts)


def variants(store: Store) -> Variants:
    """The variants of the law of a store. Raises :class:`RulesError` when that is broken."""
    law, listed, rules, lines = store.law, list[Variant](), dict[int, Rule](), [store.source.text]
    for rule in law.rules:
        if not rule.tagged:
            continue
        for kind, literal, before, change, text in _changes(rule):
            number = len(listed) + 1
            listed.append(Variant(number, rule.index, kind, literal, before, change, text))
            if text is not None:
                node = _parsed(text)
                names = variables_of(node)
                rules[number] = replace(rule, text=text, variables=names, provisions=provisions_of(node.body))
                tag = f"{TAG}({','.join((str(len(law.rules) + number - 1), *names))})"
                lines += [f"{tag} :- {'; '.join((*map(str, node.body), SWITCH))}.", f"{node.head} :- {tag}."]
    return Variants(law, tuple(listed), rules, "\n".join(lines), store.source.shown)


def chosen(law: Law, rule: str | None, provision: str | None, kind: str | None) -> Callable[[Variant], bool]:
    """Whether a variant is of the rule at FILE:LINE, of a rule that names a provision, and of a kind, as far as these
    are given. Raises :class:`UsageError` for what does not exist."""
    rules = {found.index for found in law.rules if found.tagged}
    if rule is not None:
        rules &= {_rule_at(law, rule)}
    if provision is not None:
        wanted = provision.lower().replace("-", "_")
        if wanted not in law.provision_rules:
            nearest = get_close_matches(wanted, law.provision_rules, 1)
            raise UsageError("unknown_provision", name=provision, suggestion=nearest[0] if nearest else "")
        rules &= {found.index for found in law.provision_rules[wanted]}
    if kind is not None and kind not in KINDS:
        raise unknown("kind", kind, KINDS)
    return lambda variant: variant.rule in rules and kind in (None, variant.kind)


def _rule_at(law: Law, place: str) -> int:
    """The rule that stands at FILE:LINE, FILE being the end of its path."""
    file, _, line = place.rpartition(":")
    files = dict.fromkeys(rule.file for rule in law.rules if rule.tagged)
    named = [name for name in files if f"/{name}".endswith(f"/{file}")]
    if not line.isdigit() or not file:
        raise UsageError("option_form", value=place, form="FILE:LINE")
    if not named:
        raise unknown("file", file, files)
    lines = {rule.line: rule.index for rule in law.rules if rule.file == named[0] and rule.tagged}
    before = [number for number in lines if number <= int(line)]
    if not before:
        raise unknown("rule", place, [f"{named[0]}:{number}" for number in lines])
    return lines[max(before)]


def _parsed(text: str) -> Any:
    from clingo import ast

    nodes: list[Any] = []
    ast.parse_string(text, nodes.append)
    return nodes[-1]  # the first is the program part


Change = tuple[str, int | None, str, str | None, str | None]


def _changes(rule: Rule) -> Iterator[Change]:
    """Kind, position, literal before and after, and text of every changed rule."""
    from clingo import ast

    node = _parsed(rule.text)
    yield ("drop_exception" if rule.head in EXCEPTIONS else "drop_rule", None, rule.text, None, None)
    for place, literal in enumerate(node.body):
        for kind, change in _literals(literal):
            body = [*node.body[:place], *([] if change is None else [_literal(change)]), *node.body[place + 1 :]]
            if change is None and not _safe(node.head, body) and literal.atom.ast_type == ast.ASTType.SymbolicAtom:
                yield IGNORE, place, str(literal), None, None
            elif _safe(node.head, body):
                parts = "; ".join(map(str, body))
                yield kind, place, str(literal), change, f"{node.head} :- {parts}." if parts else f"{node.head}."


def _literals(literal: Any) -> Iterator[tuple[str, str | None]]:
    """What a literal changes into, by kind of change."""
    from clingo import ast

    negated = literal.sign != ast.Sign.NoSign
    yield ("drop_exception" if negated else "drop_literal", None)
    if literal.atom.ast_type == ast.ASTType.Comparison:
        return  # two names that must be different: that they are the same is never what was meant
    yield ("negate_literal", str(literal.atom) if negated else f"not {literal.atom}")
    if literal.atom.ast_type == ast.ASTType.TheoryAtom and literal.atom.guard is not None:
        yield from _bounds(literal, "not " if negated else "")


def _bounds(literal: Any, sign: str) -> Iterator[tuple[str, str]]:
    """The other relation, and the bound moved by one: of the two ways to move it the one that the relation is not."""
    kind, operator = str(literal.atom.term), literal.atom.guard.operator_name
    (element,), right = literal.atom.elements, str(literal.atom.guard.term)
    terms = [str(term) for term in element.terms]
    if operator not in _SWAPPED or kind == "unbroken":
        return
    one = " + 1*days" if kind == "date" else " + 1"
    (left,) = terms
    yield "swap_bound", f"{sign}&{kind} {{ {left} }} {_SWAPPED[operator]} {right}"
    # Days and numbers are whole: a < b + 1 is a <= b.
    later = operator in ("<=", ">")
    yield "move_bound", f"{sign}&{kind} {{ {left}{'' if later else one} }} {operator} {right}{one if later else ''}"


def _literal(text: str) -> Any:
    return _parsed(f"x :- {text}.").body[0]


def _safe(head: Any, body: Sequence[Any]) -> bool:
    """Whether every variable has a positive literal that gives it values."""
    from clingo import ast

    def names(parts: Iterable[Any]) -> set[str]:
        return {name for part in parts for name in variables_of(part)}

    bound = names(b for b in body if b.sign == ast.Sign.NoSign and b.atom.ast_type == ast.ASTType.SymbolicAtom)
    return names([head, *body]) <= bound
