"""Why and why not: the explanation of any atom, read off the ground program that decided the case.

A true atom is explained by a rule instance whose body holds; a false one by *every* rule instance that could have made
it true, each with all that fails in it; an open one by all that is open. Nodes are data; sentences come from wording/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from reasoner.dates import Distance
from reasoner.facts import Inputs
from reasoner.ground import Atom, GroundProgram
from reasoner.program import TAG, Law, Rule

TRUE, FALSE, OPEN = "true", "false", "open"
_STATES = {True: TRUE, False: FALSE, None: OPEN}


@dataclass(eq=False, repr=False)
class Node:
    """One step of an explanation.

    ``kind`` is ``derived`` (a conclusion of rules), ``rule`` (one rule instance that could give it), ``input`` (a fact
    of the case), or ``comparison``. ``negated`` says that the step above needs the atom to be false. ``where`` is the
    path in the case file, ``distance`` how far a comparison is from its other answer.
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
        self._provisions: dict[int, tuple[str, ...]] = {}

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
        instances = tuple(map(self._instance, self._chosen(number)))
        return Node("derived", atom, self.state(number), negated, children=instances)

    def provisions(self, number: int) -> tuple[str, ...]:
        """The provisions named anywhere in the explanation of an atom, in reading order, without building its tree."""
        found = self._provisions.get(number)
        if found is None:
            named: dict[str, None] = {}
            for instance in self._chosen(number):
                named.update(dict.fromkeys(self._named_by(instance)))
                for other, _ in instance.shown:
                    named.update(dict.fromkeys(self.provisions(other)))
            found = self._provisions[number] = tuple(named)
        return found

    def named(self, atom: Atom) -> tuple[str, ...]:
        """The provisions named by the rules that give an atom themselves, without what they rest on."""
        number = self.program.number.get(atom)
        chosen = () if number is None else self._chosen(number)
        return tuple(provision for instance in chosen for provision in self._named_by(instance))

    def _chosen(self, number: int) -> list[_Chosen]:
        """The rule instances that explain an atom, given its state."""
        if number not in self.program.rules:
            return []
        state, chosen = self.state(number), list[_Chosen]()
        for instance in self._in_state(number, None if state == FALSE else state):
            chosen.append(instance)  # what fails for good neither carries a conclusion nor keeps it open
            if state == TRUE and not self.full:
                break
        if state == TRUE and not chosen:
            # Certain without any one instance that is: in each possible case another of them carries it.
            chosen += self._in_state(number, OPEN)
        return chosen

    def _in_state(self, number: int, state: str | None) -> Iterator[_Chosen]:
        """The rule instances of an atom whose body is in a state (None: in any)."""
        truth = self._truth
        for index, values, positive, negative in self.program.rules[number]:
            held, lacking = TRUE, list[tuple[int, bool]]()
            for literals, negated in ((positive, False), (negative, True)):
                for n in literals:
                    value = truth(n)
                    if value is None:
                        lacking.append((n, negated))
                        held = held if held == FALSE else OPEN
                    elif value is negated:
                        lacking.append((n, negated))
                        held = FALSE
                if held == FALSE and state is not None:
                    break
            if state in (None, held):  # what holds already is not what is missing
                shown = lacking or [(n, False) for n in positive] + [(n, True) for n in negative]
                yield _Chosen(index, values, shown, held)

    def _named_by(self, instance: _Chosen) -> tuple[str, ...]:
        rule = self.law.rules[instance.rule]
        if rule.provisions:
            return rule.provisions
        return tuple(str(v) for v, name in zip(instance.values, rule.variables, strict=True) if name == "Provision")

    def _instance(self, instance: _Chosen) -> Node:
        rule = self.law.rules[instance.rule]
        binding = tuple(zip(rule.variables, instance.values, strict=True))
        nodes = tuple(self.node(number, negated) for number, negated in instance.shown)
        atom, provisions = (TAG, instance.rule, *instance.values), self._named_by(instance)
        return Node("rule", atom, instance.state, False, rule, binding, provisions, children=nodes)


class _Chosen(NamedTuple):
    """A rule instance of an explanation: the literals to show are all of a body that holds, else those that do not."""

    rule: int
    values: tuple[Any, ...]
    shown: list[tuple[int, bool]]
    state: str


def _needed(state: str, negated: bool) -> str:
    return {TRUE: FALSE, FALSE: TRUE}.get(state, OPEN) if negated else state


def leaves(node: Node) -> Iterator[Node]:
    """The inputs and comparisons at the ends of an explanation."""
    for part in node.walk():
        if part.kind in ("input", "comparison"):
            yield part
