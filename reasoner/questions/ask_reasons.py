"""Why a question is asked: the way through the law from an outcome to what the answer decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reasoner.cast import Path
from reasoner.ground import Atom
from reasoner.questions.ask_answers import Reason
from reasoner.questions.ask_goals import Goal
from reasoner.questions.ask_places import Places
from reasoner.residue import Residue

if TYPE_CHECKING:
    from reasoner.run import Run

CONDITIONS = frozenset({"satisfied", "waived", "requires", "unmet"})
DOCUMENTS = frozenset({"document", "needs", "excused"})


def reason(run: Run, residue: Residue, places: Places, goal: Goal, place: Path) -> Reason:
    """The shortest ways from a goal to the inputs and comparisons of a place: what they are about and rest on."""
    about: dict[Atom, None] = {}
    provisions: dict[str, None] = {}
    for way in _ways(residue, goal, {leaf for leaf, found in places.of.items() if place in found}):
        atoms = [run.program.atoms[atom] for _, atom in way if atom in run.program.atoms]
        named = [atom for atom in map(_subject, atoms) if atom is not None and atom[1:3] == _of(run, goal)]
        about.update(dict.fromkeys(named[-1:]))
        cited = [run.law.rules[rule].provisions for rule, _ in way if rule >= 0]
        nearest = next((found for found in reversed(cited) if found), ())
        provisions.update(dict.fromkeys(nearest or _required(run, named[-1:])))
    return Reason(goal.person, goal.route, goal.part, tuple(about), tuple(provisions))


def _required(run: Run, named: list[Atom]) -> tuple[str, ...]:
    """The provisions that ask for a condition or a document."""
    required = {"condition": "requires", "document": "needs"}
    return tuple(p for atom in named for p in run.thorough.named((required[atom[0]], *atom[1:])))


def _of(run: Run, goal: Goal) -> tuple[str, str]:
    return run.cast.canonical[goal.person], goal.route


def _subject(atom: Atom) -> Atom | None:
    """The condition or the document that an atom on the way is about."""
    if atom[0] in CONDITIONS:
        return ("condition", *atom[1:4])
    return ("document", *atom[1:4]) if atom[0] in DOCUMENTS else None


def _ways(residue: Residue, goal: Goal, leaves: set[int]) -> Iterator[list[tuple[int, int]]]:
    """For each leaf that a goal reads the shortest way to it, as rules and the atoms that their instances read."""
    came: dict[int, tuple[int, int] | None] = dict.fromkeys((*goal.atoms, *goal.moot))
    queue = list(came)
    for atom in queue:
        if atom in leaves:
            way, at = list[tuple[int, int]](), atom
            while (step := came[at]) is not None:
                way.append((step[0], at))
                at = step[1]
            yield [(-1, at), *reversed(way)]
        for rule, positive, negative in residue.rules.get(atom, ()):
            for other in (*positive, *negative):
                if other not in came:
                    came[other] = (rule, atom)
                    queue.append(other)
