"""One test of the law on all variants of the law: which of them it can tell from the law, and which make it fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from reasoner.cast import casts
from reasoner.engine import Decision, Engine
from reasoner.errors import ReasonerError
from reasoner.evaluate import Rails
from reasoner.facts import Inputs, read_inputs
from reasoner.ground import Shape
from reasoner.outcome import CARRYING, RESULTS
from reasoner.quality import suite
from reasoner.quality.reasons import Reasons, World
from reasoner.quality.testfile import check
from reasoner.quality.variants import Variants
from reasoner.quality.worlds import Worlds
from reasoner.run import Machine, Run
from reasoner.target import Target, matching

# What the keys of an expectation read: predicates, and whether only those about what is named there, or in one state.
# A key that is not listed reads everything.
_READS: dict[str, tuple[tuple[str, ...], bool | str]] = {
    **dict.fromkeys(("person", "route", "why", "sponsor", "applied_on"), ((), False)),
    "candidate": (("candidate",), False),
    "listed": (("relevant", *RESULTS), False),
    "result": (RESULTS, False),
    "file": (("complete", "incomplete"), False),
    "conditions": (("condition",), True),
    **{status: (("condition",), status) for status in ("met", "unmet", "waived", "unknown")},
    "documents": (("document",), True),
    **{status: (("document",), status) for status in ("missing", "defective")},
    "effects": (("effect", "effect_date"), True),
    "deadlines": (("deadline",), True),
    "fees": (("fee",), True),
    "authority": (("authority",), False),
    "authorities": (("authority",), True),
    **dict.fromkeys(("channel", "no_channel"), (("channel",), True)),
    **dict.fromkeys(("notes", "no_notes"), (("note",), True)),
    **dict.fromkeys(("warnings", "no_warnings"), (("warning",), True)),
}
_PLAIN = frozenset({"status", "date", "kind", "body", "defects", "alternatives", "provisions"})  # not distances
MUCH = 3  # times as many variants as are wanted: a shape ground with more is ground again
CIRCULAR = "circular"  # the law of a variant in which a conclusion depends on itself is refused
_OF_HOLDER = frozenset({"defect", "accepts"})  # about a person and paper, on whatever route
_UNSHOWN = frozenset({"candidate", "accepts", *CARRYING})


@dataclass(eq=False, repr=False)
class Bench:
    """Where tests are tried: a law with its variants, ground once for each shape."""

    engine: Engine
    variants: Variants

    def __post_init__(self) -> None:
        self._worlds: dict[Shape, Worlds] = {}
        self._wanted = self.variants

    def only(self, wanted: int) -> None:
        """From here on some variants (bits) alone need to be told from the law: there is less to ground."""
        self._wanted = self.variants.only(wanted)

    def worlds(self, shape: Shape) -> Worlds:
        """The ground program of the law and its variants for a shape, with all that are wanted."""
        found, wanted = self._worlds.get(shape), self._wanted
        if found is not None:
            ground = found.variants
            lacking = wanted.kept & ~ground.kept
            if not lacking and len(wanted.standing) * MUCH >= len(ground.standing):
                return found
        self._worlds[shape] = found = Worlds(wanted, shape)
        return found

    def met(self) -> tuple[Shape, ...]:
        """All shapes that tests had so far."""
        return tuple(self._worlds)

    def shape(self, test: suite.LawTest) -> Shape:
        """The shape of the case of a test, as its persons applied."""
        return casts((test.checked or check(test, self.engine.law)).case, self.engine.law)[0].shape

    def trial(self, test: suite.LawTest) -> Trial:
        """A test, ready to be tried on every variant."""
        return self.tried(test, suite.decide(self.engine, test))

    def tried(self, test: suite.LawTest, decision: Decision) -> Trial:
        """A test whose case is decided as the law itself says."""
        casts = []
        for run in decision.runs:
            worlds = self.worlds(run.cast.shape)
            inputs = read_inputs(worlds.plan, run.inputs.reader)
            casts.append(Cast(run, worlds, inputs, worlds.run(inputs.truth)))
        return Trial(test, decision, tuple(casts))


@dataclass(eq=False, repr=False)
class Cast:
    """One cast of a case: the truth of every atom in every world."""

    run: Run
    worlds: Worlds
    inputs: Inputs
    rails: Rails

    def about(self, person: str, route: str) -> Iterator[tuple[int, str, Any, Any]]:
        """The atoms that a decision is read from: number, predicate, the name of what they are about, its state."""
        atoms, name = self.worlds.program.atoms, self.run.cast.canonical[person]
        for number in self.worlds.about(name, _UNSHOWN):
            predicate, _, second, *rest = atoms[number]
            if second == route or predicate in _OF_HOLDER:
                subject, state = (*rest, None, None)[:2]
                yield number, predicate, subject[0] if isinstance(subject, tuple) else subject, state

    def watched(self, person: str, route: str, key: str, subject: str | None = None) -> list[int]:
        """The atoms that a key of an expectation reads, about one ``subject`` where it is given."""
        predicates, named = _READS.get(key, (None, False))
        return [
            number
            for number, predicate, about, state in self.about(person, route)
            if predicates is None
            or (predicate in predicates and (subject in (None, about) if named is True else named in (False, state)))
        ]

    def papers(self, person: str, document: str) -> list[int]:
        """The atoms that say which types would do for a document, and what is wrong with papers of these types."""
        atoms, found = self.worlds.program.atoms, self.worlds.about(self.run.cast.canonical[person], _UNSHOWN)
        accepted = [n for n in found if atoms[n][0] == "accepts" and atoms[n][2] == document]
        kinds = {atoms[n][3] for n in accepted}
        return accepted + [n for n in found if atoms[n][0] == "defect" and atoms[n][2] in kinds]

    def shown(self, expected: Mapping[str, Any]) -> Iterator[int]:
        """The atoms that a decision shows about the person and route of an expectation."""
        return (n for n, p, *_ in self.about(expected["person"], expected["route"]) if p not in _UNSHOWN)

    def in_world(self, world: int) -> Run:
        """The run in one world."""
        return _Run(self.worlds.machine(world), self.inputs, self.run.cast, World(self.rails, world))


@dataclass(eq=False, repr=False)
class Trial:
    """A test with the truth of every atom in all worlds."""

    test: suite.LawTest
    decision: Decision
    casts: tuple[Cast, ...]

    @cached_property
    def noticed(self) -> int:
        """The variants (bits) in which a decision shows something else about the persons and routes of the test."""
        return _union(
            reasons.differing(atom)
            for cast, reasons in zip(self.casts, self._reasons, strict=True)
            for expected in self.test.expect
            for atom in cast.shown(expected)
        )

    @cached_property
    def failed(self) -> int:
        """Variants (bits) that make the test fail for certain: what it expects to hold, and does, is false there."""
        found = 0
        for expected in self.test.expect if len(self.casts) == 1 else ():
            (cast,), wanted = self.casts, set(_expected(expected))
            for number, *about in cast.about(expected["person"], expected["route"]):
                if tuple(about) in wanted and cast.rails.holds[number] & 1:
                    found |= cast.rails.fails[number]
        return found

    @cached_property
    def suspects(self) -> int:
        """The variants (bits) that may make the test fail; no other can."""
        found = _union(cast.worlds.circular for cast in self.casts)
        for expected in self.test.expect:
            person, route = expected["person"], expected["route"]
            found |= self._may_change(person, route, "candidate")
            if len(self.casts) > 1:  # which of them answers
                found |= self._may_change(person, route, "listed")
            for key, wanted in expected.items():
                if key == "provisions":
                    found |= _union(self._may_lose(person, route, provision) for provision in wanted)
                elif key in _READS and _READS[key][1]:
                    details = wanted if isinstance(wanted, Mapping) else dict.fromkeys(wanted)
                    for subject, detail in details.items():
                        found |= self._may_change(person, route, key, subject, detail)
                else:
                    found |= self._may_change(person, route, key)
        return found

    def _may_change(self, person: str, route: str, key: str, subject: str | None = None, detail: object = None) -> int:
        """The variants in which what a key reads may be another or, where a ``detail`` says so, have other reasons."""
        found = 0
        for reasons, cast in zip(self._reasons, self.casts, strict=True):
            atoms = cast.watched(person, route, key, subject)
            if isinstance(detail, Mapping):
                atoms += cast.papers(person, str(subject)) if key == "documents" else []
                measured = not detail.keys() <= _PLAIN
                found |= reasons.changed(atoms, frozenset(detail.get("provisions", ())), measured)
            found |= _union(map(reasons.differing, atoms)) | reasons.open_behind(atoms)
        return found

    def _may_lose(self, person: str, route: str, provision: str) -> int:
        """The variants in which nothing of an outcome may cite a provision any more."""
        found = -1
        _, outcome = matching(self.decision, Target(person, route))[0]
        for key, parts in outcome._asdict().items():
            for part in parts if key in _READS and isinstance(parts, tuple) else ():
                if provision in getattr(part, "provisions", ()):
                    found &= self._may_change(person, route, key, part[0], {"provisions": [provision]})
        return found & self._reasons[0].rails.full

    @cached_property
    def _reasons(self) -> tuple[Reasons, ...]:
        return tuple(Reasons(cast.worlds, cast.rails) for cast in self.casts)

    @cached_property
    def failing(self) -> bool:
        """Whether the law itself fails the test."""
        return bool(suite.differences(self.test, self.decision))

    def differences(self, world: int) -> list[str]:
        """What is expected and not so in a world; where the law is broken, what the reasoner says to that."""
        if any(cast.worlds.circular >> world & 1 for cast in self.casts):
            return [CIRCULAR]
        try:
            return list(map(str, suite.differences(self.test, self.in_world(world))))
        except ReasonerError as error:
            return [str(error)]

    def in_world(self, world: int) -> Decision:
        """The decision in a world that is not circular."""
        runs = tuple(cast.in_world(world) for cast in self.casts)
        return replace(self.decision, law=runs[0].law, runs=runs)


class _Run(Run):
    """A run whose truth is known. clingo confirms what the law says; what a variant says is nobody's answer."""

    def __init__(self, machine: Machine, inputs: Inputs, cast: Any, rails: Rails) -> None:
        super().__init__(machine, inputs, cast)
        vars(self).update(rails=rails, _confirmed=True)


def _expected(expected: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """The atoms that say a result or a status that is expected: predicate, what it is about, its state."""
    for key, wanted in expected.items():
        predicates, named = _READS.get(key, ((), False))
        if key == "result":
            yield wanted, None, None
        elif key in ("conditions", "documents"):
            for subject, detail in wanted.items():
                yield predicates[0], subject, detail.get("status") if isinstance(detail, Mapping) else detail
        elif isinstance(named, str):
            yield from ((predicates[0], subject, key) for subject in wanted)


def _union(bits: Iterable[int]) -> int:
    found = 0
    for some in bits:
        found |= some
    return found
