"""Why and why not: the explanation of any atom, read off the ground program that decided the case.

A true atom is explained by a rule instance whose body holds; a false one by *every* rule instance that could have made
it true, each with all that fails in it; an open one by all that is open. Nodes are data; sentences come from wording/.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from reasoner.dates import Distance
from reasoner.evaluate import Rails
from reasoner.facts import Inputs
from reasoner.ground import Atom, GroundProgram
from reasoner.program import Law, Rule

TRUE, FALSE, OPEN = "true", "false", "open"
_STATES = {True: TRUE, False: FALSE, None: OPEN}


@dataclass(frozen=True)
class Node:
    """One step of an explanation.

    ``kind`` is ``derived`` (a conclusion of rules), ``rule`` (one rule instance that could give it), ``input`` (a fact of
    the case), or ``comparison``. ``negated`` says that the step above needs the atom to be false. ``where`` is the path in
    the case file, ``distance`` how far a comparison is from its other answer, ``dates`` the values it compares.
    """

    kind: str
    atom: Atom
    state: str
    negated: bool = False
    rule: Rule | None = None
    binding: tuple[tuple[str, Any], ...] = ()
    provisions: tuple[str, ...] = ()
    where: tuple[str | int, ...] | None = None
    assumed: bool = False
    distance: Distance | None = None
    children: tuple[Node, ...] = field(default=(), repr=False)

    @property
    def holds(self) -> str:
        """Whether the step above gets what it needs: the state, turned round where the atom is negated."""
        return {TRUE: FALSE, FALSE: TRUE}.get(self.state, OPEN) if self.negated else self.state

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    @cached_property
    def all_provisions(self) -> tuple[str, ...]:
        """Provisions named anywhere in the explanation, in reading order."""
        return tuple(
            dict.fromkeys(provision for node in self.walk() for provision in node.provisions)
        )


class Explainer:
    """Explains the atoms of one decided case.

    ``full`` shows every rule instance of a true atom too, not only the first whose body holds.
    """

    def __init__(
        self,
        law: Law,
        program: GroundProgram,
        inputs: Inputs,
        rails: Rails,
        exact: dict[int, bool | None],
        *,
        full: bool = False,
    ) -> None:
        self.law, self.program, self.inputs, self.rails, self.exact, self.full = (
            law,
            program,
            inputs,
            rails,
            exact,
            full,
        )
        self._nodes: dict[tuple[int, bool], Node] = {}

    def explain(self, atom: Atom) -> Node:
        """The explanation of an atom of the ground program; an atom no rule of which fits the case has no children."""
        number = self.program.number.get(atom)
        return Node("derived", atom, FALSE) if number is None else self.node(number)

    def state(self, number: int) -> str:
        """``true``, ``false`` or ``open``."""
        value = self.exact.get(number)
        return _STATES[self.rails.truth(number) if value is None else value]

    def node(self, number: int, negated: bool = False) -> Node:
        """The explanation of one literal."""
        key = (number, negated)
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = self._build(number, negated)
        return found

    def _build(self, number: int, negated: bool) -> Node:
        comparison = self.program.comparisons.get(number)
        if comparison is not None:
            distance = self.inputs.calendar.distance(comparison)
            return Node("comparison", comparison, self.state(number), negated, distance=distance)
        atom = self.program.atoms[number]
        if number in self.inputs.truth:
            entry = self.law.vocabulary[atom[0]]
            where = self.inputs.reader.find(entry, atom).path
            return Node(
                "input",
                atom,
                self.state(number),
                negated,
                where=where,
                assumed=number in self.inputs.assumed,
            )
        return Node("derived", atom, self.state(number), negated, children=self._instances(number))

    def _instances(self, number: int) -> tuple[Node, ...]:
        """The rule instances that explain an atom, given its state."""
        state, nodes = self.state(number), list[Node]()
        for positive, _ in self.program.bodies.get(number, ()):
            tag = positive[0]
            if tag not in self.program.instances:
                continue
            if state != FALSE and self.state(tag) != state:
                continue  # what fails for good neither carries a conclusion nor keeps it open
            nodes.append(self._instance(tag))
            if state == TRUE and not self.full:
                break
        return tuple(nodes)

    def _instance(self, tag: int) -> Node:
        index, values = self.program.instances[tag]
        rule, state = self.law.rules[index], self.state(tag)
        ((positive, negative),) = self.program.bodies[tag]
        literals = [(n, False) for n in positive if n != self.program.switch] + [
            (n, True) for n in negative
        ]
        nodes = [self.node(number, negated) for number, negated in literals]
        if state != TRUE:
            # What holds already is not what is missing; in an open instance what is open comes with what fails.
            nodes = [node for node in nodes if node.holds != TRUE]
        binding = tuple(zip(rule.variables, values, strict=True))
        provisions = rule.provisions or tuple(str(v) for name, v in binding if name == "Provision")
        return Node(
            "rule",
            self.program.atoms[tag],
            state,
            False,
            rule,
            binding,
            provisions,
            children=tuple(nodes),
        )


def leaves(node: Node) -> Iterator[Node]:
    """The inputs and comparisons at the ends of an explanation."""
    for part in node.walk():
        if part.kind in ("input", "comparison"):
            yield part
