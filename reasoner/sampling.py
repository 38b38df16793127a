"""What open facts can bring about, seen in a sample of possible worlds that are evaluated at once.

A conclusion that holds in one world of the sample and fails in another is open for certain; about all others the sample
says nothing, and clingo has to be asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from random import Random

from reasoner.evaluate import Evaluator, Rails
from reasoner.openness import excluded
from reasoner.solve import Option

SAMPLES = 96
RARE = 2  # variables bound by constraints that are chosen freely in one world: more, and few worlds are possible


class Sample:
    """A sample of the worlds of ``moments`` situations that differ in the inputs ``varied`` and ``opened`` alone, as
    :meth:`Evaluator.run` takes them.

    Each of ``variables`` takes one of its options in each world. Open inputs that none of them settles do not hold;
    comparisons stay open.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        truth: Mapping[int, bool | None],
        variables: Iterable[Sequence[Option]],
        moments: int = 1,
        varied: Mapping[int, int] | None = None,
        opened: Mapping[int, int] | None = None,
    ) -> None:
        self.moments = moments
        worlds, one = moments * SAMPLES, (1 << moments) - 1
        every = sum(1 << sample * moments for sample in range(SAMPLES))
        bits = {atom: part * every for atom, part in (varied or {}).items()}
        unknown = {atom: part * every for atom, part in (opened or {}).items()}
        free = [n for n in evaluator.program.inputs if truth[n] is None]
        bits.update((n, 0) for n in free)
        listed = list(variables)
        tied = _tied(evaluator, listed)
        random = Random(0)
        for options in listed:
            chosen = _drawn(random, len(options), RARE / len(tied) if id(options) in tied else 1)
            where = [_spread(samples, moments) * one for samples in chosen]
            for atom in {atom for option in options for atom in option}:
                bits[atom] = sum(w for w, option in zip(where, options, strict=True) if option.get(atom))
                unknown[atom] = sum(w for w, option in zip(where, options, strict=True) if atom not in option)
        self.rails: Rails = evaluator.run(truth, worlds, bits, unknown)
        rails = self.rails
        self.possible = rails.full & ~excluded(evaluator, rails.holds, rails.fails, rails.full)
        # What may be excluded by something that is still open is not known to be possible.
        self.possible &= ~_doubtful(evaluator, rails)

    @property
    def any_possible(self) -> bool:
        """Whether some world of the sample is possible for certain."""
        return self.possible != 0

    def open(self, atom: int) -> int:
        """The situations, as bits, in which an atom is open for certain."""
        rails = self.rails
        return self._seen(rails.holds[atom] & self.possible) & self._seen(rails.fails[atom] & self.possible)

    def _seen(self, worlds: int) -> int:
        if self.moments == 1:
            return int(worlds != 0)
        found, one = 0, (1 << self.moments) - 1
        while worlds:
            found |= worlds & one
            worlds >>= self.moments
        return found


def _drawn(random: Random, options: int, share: float) -> list[int]:
    """For each of some options the worlds, as bits, in which it is chosen.

    In all but a ``share`` of the worlds that is the last one: mostly that something is not so.
    """
    if options == 2 and share == 1:
        first = random.getrandbits(SAMPLES)
        return [first, (1 << SAMPLES) - 1 & ~first]
    found = [0] * options
    for sample in range(SAMPLES):
        option = options - 1 if share < 1 and random.random() > share else random.randrange(options)
        found[option] |= 1 << sample
    return found


def _spread(bits: int, stride: int) -> int:
    """Bits, ``stride`` apart."""
    return bits if stride == 1 else sum(1 << place * stride for place in range(bits.bit_length()) if bits >> place & 1)


def _tied(evaluator: Evaluator, variables: Sequence[Sequence[Option]]) -> frozenset[int]:
    """The variables (by identity) that constraints on possible cases bind to each other."""
    bound = {leaf for body in evaluator.program.constraints for n in (*body[0], *body[1]) for leaf in evaluator.cone(n)}
    return frozenset(id(options) for options in variables if not bound.isdisjoint(options[0]))


def _doubtful(evaluator: Evaluator, rails: Rails) -> int:
    """The worlds in which a constraint is neither violated nor kept for certain."""
    found = 0
    for positive, negative in evaluator.program.constraints:
        kept = 0
        for number in positive:
            kept |= rails.fails[number]
        for number in negative:
            kept |= rails.holds[number]
        found |= rails.full & ~kept
    return found
