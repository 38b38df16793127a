"""Why and why not: the explanation of any atom, read off the ground program that decided the case.

A true atom is explained by a rule instance whose body holds; a false one by *every* rule instance that could have made
it true, each with all that fails in it; an open one by all that is open. Nodes are data; sentences come from wording/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reasoner.dates import Distance
from reasoner.facts import Inputs
from reasoner.ground import Atom, GroundProgram
from reasoner.program import TAG, Law, Rule

TRUE, FALSE, OPEN = "true", "false", "open"
_STATES = {True: TRUE, False: FALSE, None: OPEN}


@dataclass(eq=False, repr=False)
class Node:
    """One step of an explanation.

    ``kind`` is ``derived`` (a conclusion of rules), ``rule`` (one rule instance that could give it), ``input`` (a
    fact of
    the case), or ``comparison``. ``negated`` says that the step above needs the atom to be false. ``where`` is the
    path in
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
    children: tuple[Node, ...] = ()

    @property
    def holds(self) -> str:
        """Whether the step above gets what it needs: the state, turned round where the atom is negated."""
        return _needed(self.state, self.negated)

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    @cached_property
    def all_provisions(self) -> tuple[str, ...]:
        """Provisions named anywhere in the explanation, in reading order."""
        below = (provision for child in self.children for provision in child.all_provisions)
        return tuple(dict.fromkeys((*self.provisions, *below)))


class Explainer:
    """Explains the atoms of one decided case.

    ``full`` shows every rule instance of a true atom too, not only the first whose body holds.
    """

    def __init__(
        self,
        law: Law,
        program: GroundProgram,
        inputs: Inputs,
        truth: Callable[[int], bool | None],
        *,
        full: bool = False,
    ) -> None:
        self.law, self.program, self.inputs, self.full = law, program, inputs, full
        self._truth = truth
        self._nodes: dict[tuple[int, bool], Node] = {}

    def explain(self, atom: Atom) -> Node:
        """The explanation of an atom of the ground program; an atom no rule of which fits the case has no children."""
        number = self.program.number.get(atom)
        return Node("derived", atom, FALSE) if number is None else self.node(number)

    def state(self, number: int) -> str:
        """``true``, ``false`` or ``open``."""
        return _STATES[self._truth(number)]

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
            where = self.inputs.reader.place(atom)
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
        for index, values, positive, negative in self.program.rules.get(number, ()):
            literals = [(n, False) for n in positive] + [(n, True) for n in negative]
            held = self._body_state(literals)
            if state != FALSE and held != state:
                continue  # what fails for good neither carries a conclusion nor keeps it open
            nodes.append(self._instance(index, values, literals, held))
            if state == TRUE and not self.full:
                break
        if state == TRUE and not nodes:
            # Certain without any one instance that is: in each possible case another of them carries it.
            return self._open_instances(number)
        return tuple(nodes)

    def _open_instances(self, number: int) -> tuple[Node, ...]:
        nodes = []
        for index, values, positive, negative in self.program.rules.get(number, ()):
            literals = [(n, False) for n in positive] + [(n, True) for n in negative]
            if (held := self._body_state(literals)) == OPEN:
                nodes.append(self._instance(index, values, literals, held))
        return tuple(nodes)

    def _body_state(self, literals: list[tuple[int, bool]]) -> str:
        states = {_needed(self.state(number), negated) for number, negated in literals}
        return FALSE if FALSE in states else OPEN if OPEN in states else TRUE

    def _instance(self, index: int, values: tuple[Any, ...], literals: list[tuple[int, bool]], state: str) -> Node:
        rule = self.law.rules[index]
        nodes = [self.node(number, negated) for number, negated in literals]
        if state != TRUE:
            nodes = [node for node in nodes if node.holds != TRUE]  # what holds already is not what is missing
        binding = tuple(zip(rule.variables, values, strict=True))
        provisions = rule.provisions or tuple(str(v) for name, v in binding if name == "Provision")
        return Node("rule", (TAG, index, *values), state, False, rule, binding, provisions, children=tuple(nodes))


def _needed(state: str, negated: bool) -> str:
    return {TRUE: FALSE, FALSE: TRUE}.get(state, OPEN) if negated else state


def leaves(node: Node) -> Iterator[Node]:
    """The inputs and comparisons at the ends of an explanation."""
    for part in node.walk():
        if part.kind in ("input", "comparison"):
            yield part
