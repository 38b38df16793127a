"""Why and why not: the explanation of any atom, read off the ground program that decided the case.

A true atom is explained by a rule instance whose body holds; a false one by *every* rule instance that could have made
it true, each with all that fails in it; an open one by all that is open. Nodes are data; sentences come from wording/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
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
    path in the case file, ``distance`` how far a comparison is from its other answer. ``below`` gives the steps under
    it, which are worked out when they are read.
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
    below: Callable[[], tuple[Node, ...]] = tuple

    @cached_property
    def children(self) -> tuple[Node, ...]:
        """The steps under it."""
        return self.below()

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
        self._choices: dict[int, list[_Chosen]] = {}
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
        return Node("derived", atom, self.state(number), negated, below=partial(self._ways, number))

    def _ways(self, number: int) -> tuple[Node, ...]:
        return tuple(map(self._instance, self._chosen(number)))

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

    def leaves(self, numbers: Iterable[int], wanted: Callable[[int], bool]) -> dict[int, None]:
        """The inputs and comparisons at the ends of the explanations of some atoms, in reading order, without building
        their trees; of an atom that is not ``wanted`` nothing is told."""
        found, seen, stack = dict[int, None](), set[int](), [*numbers][::-1]
        while stack:
            number = stack.pop()
            if number in seen or not wanted(number):
                continue
            seen.add(number)
            if number in self.inputs.truth:
                found[number] = None
            stack += [other for instance in self._chosen(number) for other, _ in instance.shown][::-1]
        return found

    def named(self, atom: Atom) -> tuple[str, ...]:
        """The provisions named by the rules that give an atom themselves, without what they rest on."""
        number = self.program.number.get(atom)
        chosen = () if number is None else self._chosen(number)
        return tuple(provision for instance in chosen for provision in self._named_by(instance))

    def _chosen(self, number: int) -> list[_Chosen]:
        """The rule instances that explain an atom, given its state."""
        found = self._choices.get(number)
        if found is None:
            found = self._choices[number] = self._choose(number) if number in self.program.rules else []
        return found

    def _choose(self, number: int) -> list[_Chosen]:
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
            for body, negated in ((positive, False), (negative, True)):
                for n in body:
                    value = truth(n)
                    if value is None or value is negated:
                        lacking.append((n, negated))
                        held = FALSE if value is negated or held == FALSE else OPEN
                if held == FALSE and state is not None:
                    break  # it is not looked for
            if state in (None, held):  # what holds already is not what is missing
                literals = lacking or [*((n, False) for n in positive), *((n, True) for n in negative)]
                yield _Chosen(index, values, literals, held)

    def _named_by(self, instance: _Chosen) -> tuple[str, ...]:
        rule = self.law.rules[instance.rule]
        if rule.provisions:
            return rule.provisions
        return tuple(str(v) for v, name in zip(instance.values, rule.variables, strict=True) if name == "Provision")

    def _instance(self, instance: _Chosen) -> Node:
        rule = self.law.rules[instance.rule]
        binding = tuple(zip(rule.variables, instance.values, strict=True))
        atom, provisions = (TAG, instance.rule, *instance.values), self._named_by(instance)
        below = partial(self._body, instance)
        return Node("rule", atom, instance.state, False, rule, binding, provisions, below=below)

    def _body(self, instance: _Chosen) -> tuple[Node, ...]:
        return tuple(self.node(number, negated) for number, negated in instance.shown)


class _Chosen(NamedTuple):
    """A rule instance of an explanation: the literals to show are all of a body that holds, else those that do not."""

    rule: int
    values: tuple[Any, ...]
    shown: list[tuple[int, bool]]
    state: str


def _needed(state: str, negated: bool) -> str:
    return {TRUE: FALSE, FALSE: TRUE}.get(state, OPEN) if negated else state
