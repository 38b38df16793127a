"""Every small mistake that could be made in writing the law, as one program.

A *variant* is the law with one rule changed in one place. All of them are ground together: a changed rule stands
beside the original, under an index of its own, so that a ground rule instance belongs either to the law as it is or to
one variant. World 0 of an evaluation is the law itself and world ``k`` its variant ``k``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any, NamedTuple

from reasoner.errors import UsageError
from reasoner.ground import GroundProgram, Instance, Shape, ground
from reasoner.program import SWITCH, TAG, Law, Rule, provisions_of, variables_of
from reasoner.store import Store
from reasoner.target import unknown

KINDS = ("drop_literal", "negate_literal", "swap_bound", "move_bound", "drop_rule", "drop_exception")
IGNORE = "ignore_literal"  # for coverage alone: a literal that cannot go because its variables need it
EXCEPTIONS = frozenset({"waived", "excused", "displaced"})  # conclusions of the engine that set another aside
_SWAPPED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


class Variant(NamedTuple):
    """One change of one rule.

    ``number`` counts from 1, ``rule`` is the index of the rule in the law, ``place`` the position in its body (from 0)
    of the literal ``before`` that becomes ``change`` (None: it goes). Without a place the whole rule goes. ``text`` is
    the changed rule, if there is one.
    """

    number: int
    rule: int
    kind: str
    place: int | None
    before: str
    change: str | None = None
    text: str | None = None


@dataclass(eq=False, repr=False)
class Variants:
    """Variants of a law, in its order; ``rules`` are the changed rules by the number of the variant, ``source`` the
    text of the law. Of the variants only those that are ``kept`` (bits) change anything."""

    law: Law
    listed: tuple[Variant, ...]
    rules: dict[int, Rule]
    source: str
    shown: tuple[str, ...]
    kept: int = -1

    def only(self, kept: int) -> Variants:
        """The same variants, of which all but some (bits) are as the law is: there is less to ground."""
        return replace(self, kept=self.kept & kept)

    @cached_property
    def standing(self) -> tuple[Variant, ...]:
        """The variants that are kept."""
        return tuple(variant for variant in self.listed if self.kept >> variant.number & 1)

    @cached_property
    def text(self) -> str:
        """The law and all that is kept, as one program."""
        lines = [self.source]
        for number in (variant.number for variant in self.standing):
            if own := self.rules.get(number):
                tag = f"{TAG}({','.join((str(self.index(number)), *own.variables))})"
                head, _, body = own.text.removesuffix(".").partition(" :- ")
                lines += [f"{tag} :- {body + '; ' if body else ''}{SWITCH}.", f"{head} :- {tag}."]
        return "\n".join(lines)

    def ground(self, shape: Shape) -> GroundProgram:
        """The rule instances of the law and of all its variants for a shape. An instance with an index past the rules
        of the law belongs to the variant that :meth:`number` gives."""
        return ground(self.text, self.shown, shape)

    @cached_property
    def of_rule(self) -> dict[int, int]:
        """Rule index to its variants, as bits."""
        found: dict[int, int] = {}
        for variant in self.standing:
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
        return self.law.rules[index] if not number else self.rules.get(number) or self.original(number)

    def original(self, number: int) -> Rule:
        """The rule that a variant changes."""
        return self.law.rules[self.listed[number - 1].rule]

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
        return replace(self.law, rules=tuple(rules))


def variants(store: Store, kinds: Collection[str] = KINDS, rules: Collection[int] | None = None) -> Variants:
    """The variants of some kinds of the law of a store, of some rules (by index) or of all.

    Raises :class:`RulesError` when the law is broken.
    """
    law, listed, changed = store.law, list[Variant](), dict[int, Rule]()
    for rule in law.rules:
        for variant, own in _changes(rule) if rule.tagged and (rules is None or rule.index in rules) else ():
            if variant.kind in kinds:
                number = len(listed) + 1
                listed.append(variant._replace(number=number))
                if own is not None:
                    changed[number] = own
    return Variants(law, tuple(listed), changed, store.source.text, store.source.shown)


def chosen(law: Law, rule: str | None, provision: str | None) -> set[int] | None:
    """The indices of the rule at FILE:LINE and of the rules that name a provision, as far as these are given; None for
    all. Raises :class:`UsageError` for what does not exist."""
    found = None if rule is None else {_rule_at(law, rule)}
    if provision is not None:
        wanted = provision.lower().replace("-", "_")
        if wanted not in law.provision_rules:
            nearest = get_close_matches(wanted, law.provision_rules, 1)
            raise UsageError("unknown_provision", name=provision, suggestion=nearest[0] if nearest else "")
        named = {one.index for one in law.provision_rules[wanted]}
        found = named if found is None else found & named
    return found


def chosen_kinds(kind: str | None) -> tuple[str, ...]:
    """The kind of that name, or all. Raises :class:`UsageError` when there is none."""
    if kind is not None and kind not in KINDS:
        raise unknown("kind", kind, KINDS)
    return KINDS if kind is None else (kind,)


def _rule_at(law: Law, place: str) -> int:
    """The rule that stands at FILE:LINE, where FILE is the end of a path; any line of the rule will do."""
    file, _, line = place.rpartition(":")
    if not line.isdigit() or not file:
        raise UsageError("option_form", value=place, form="FILE:LINE")
    files = dict.fromkeys(rule.file for rule in law.rules if rule.tagged)
    named = [name for name in files if f"/{name}".endswith(f"/{file}")]
    if not named:
        raise unknown("file", file, files)
    lines = {rule.line: rule.index for rule in law.rules if rule.file == named[0] and rule.tagged}
    return lines[max((number for number in lines if number <= int(line)), default=min(lines))]


class _Part(NamedTuple):
    """A literal of a body as text, with its variables, and whether it gives them values."""

    text: str
    names: frozenset[str]
    binds: bool
    literal: Any


def _changes(rule: Rule) -> Iterator[tuple[Variant, Rule | None]]:
    """Every variant of a rule, not yet numbered, with the rule as it is there."""
    from clingo import ast

    nodes: list[Any] = []
    ast.parse_string(rule.text, nodes.append)
    node = nodes[-1]  # the first is the part of the program
    head, needed = str(node.head), frozenset(variables_of(node.head))
    body = [_part(literal) for literal in node.body]
    yield Variant(0, rule.index, "drop_exception" if rule.head in EXCEPTIONS else "drop_rule", None, rule.text), None
    for place, part in enumerate(body):
        for kind, change in _alternatives(part.literal):
            own = (
                []
                if change is None
                else [part._replace(text=change, binds=not change.startswith("not ") and _binds(part.literal))]
            )
            rest = [*body[:place], *own, *body[place + 1 :]]
            names = needed.union(*(one.names for one in rest))
            if names <= frozenset().union(*(one.names for one in rest if one.binds)):
                text = f"{head} :- {'; '.join(one.text for one in rest)}." if rest else f"{head}."
                provisions = provisions_of([one.literal for one in rest])
                changed = replace(rule, text=text, variables=tuple(sorted(names)), provisions=provisions)
                yield Variant(0, rule.index, kind, place, part.text, change, text), changed
            elif change is None and _binds(part.literal):
                yield Variant(0, rule.index, IGNORE, place, part.text), None


def _part(literal: Any) -> _Part:
    from clingo import ast

    positive = literal.sign == ast.Sign.NoSign
    return _Part(str(literal), frozenset(variables_of(literal)), positive and _binds(literal), literal)


def _binds(literal: Any) -> bool:
    """Whether the atom of a literal, when it is not negated, gives values to its variables."""
    from clingo import ast

    return bool(literal.atom.ast_type == ast.ASTType.SymbolicAtom)


def _alternatives(literal: Any) -> Iterator[tuple[str, str | None]]:
    """What a literal changes into, by kind of change."""
    from clingo import ast

    negated = literal.sign != ast.Sign.NoSign
    yield "drop_exception" if negated else "drop_literal", None
    if literal.atom.ast_type == ast.ASTType.Comparison:
        return  # two names that must be different: that they are the same is never what was meant
    yield "negate_literal", str(literal.atom) if negated else f"not {literal.atom}"
    if literal.atom.ast_type == ast.ASTType.TheoryAtom and literal.atom.guard is not None:
        yield from _bounds(literal, "not " if negated else "")


def _bounds(literal: Any, sign: str) -> Iterator[tuple[str, str]]:
    """The other relation, and the bound moved by one: of the two ways to move it the one that the relation is not."""
    kind, operator, right = str(literal.atom.term), literal.atom.guard.operator_name, str(literal.atom.guard.term)
    if operator not in _SWAPPED or kind == "unbroken":  # which has one relation, and no term that can be moved
        return
    (left,) = (str(term) for element in literal.atom.elements for term in element.terms)
    one = " + 1*days" if kind == "date" else " + 1"
    yield "swap_bound", f"{sign}&{kind} {{ {left} }} {_SWAPPED[operator]} {right}"
    # Days and numbers are whole: a < b + 1 is a <= b.
    on_the_left = operator in ("<", ">=")
    left, right = (left + one, right) if on_the_left else (left, right + one)
    yield "move_bound", f"{sign}&{kind} {{ {left} }} {operator} {right}"
