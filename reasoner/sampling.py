"""What open facts can bring about, seen in a sample of possible worlds that are evaluated at once.

A conclusion that holds in one world of the sample and fails in another is open for certain; about all others the sample
says nothing, and clingo has to be asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from random import Random

from reasoner.residue import Bits, Residue
from reasoner.solve import Option

SAMPLES = 96  # a multiple of eight: the worlds of a situation are whole bytes
RARE = 2  # variables bound by constraints that are chosen freely in one world: more, and few worlds are possible
_ALL = (1 << SAMPLES) - 1
_BLOCK = (bytes(SAMPLES // 8), bytes([255]) * (SAMPLES // 8))


class Sample:
    """A sample of the worlds of ``moments`` situations that differ in the inputs ``varied`` and ``opened`` alone, as
    :meth:`Evaluator.run` takes them.

    Each of ``variables`` takes one of its options in each world. Open inputs that none of them settles do not hold;
    ``comparisons`` stay open.
    """

    def __init__(
        self,
        part: Residue,
        comparisons: Collection[int],
        variables: Iterable[Sequence[Option]],
        moments: int = 1,
        varied: Mapping[int, int] | None = None,
        opened: Mapping[int, int] | None = None,
    ) -> None:
        self.moments, self.full = moments, (1 << moments * SAMPLES) - 1
        self._open: dict[int, int] = {}
        full, everywhere = self.full, self.full // _ALL
        self.bits: dict[int, Bits] = {n: (0, 0 if n in comparisons else full) for n in part.leaves}
        for atom, where in (varied or {}).items():
            if atom not in self.bits:
                continue
            holds = _spread(where, moments)
            self.bits[atom] = holds, full & ~holds & ~_spread((opened or {}).get(atom, 0), moments)
        listed, tied = list(variables), _tied(part)
        many = sum(not tied.isdisjoint(options[0]) for options in listed)
        random = Random(0)
        for options in listed:
            share = 1 if tied.isdisjoint(options[0]) else RARE / many
            chosen = [worlds * everywhere for worlds in _drawn(random, len(options), share)]
            for atom in {atom for option in options for atom in option}:
                pairs = [(w, option.get(atom)) for w, option in zip(chosen, options, strict=True)]
                self.bits[atom] = sum(w for w, value in pairs if value), sum(w for w, value in pairs if value is False)
        part.evaluate(self.bits, full)
        # What may be excluded by something that is still open is not known to be possible.
        self.possible = part.excluded(self.bits, full)[1]

    @property
    def any_possible(self) -> bool:
        """Whether some world of the sample is possible for certain."""
        return self.possible != 0

    def open(self, atom: int) -> int:
        """The situations, as bits, in which an atom is open for certain."""
        found = self._open.get(atom)
        if found is None:
            holds, fails = self.bits.get(atom, (0, 0))
            found = self._open[atom] = self._seen(holds & self.possible) & self._seen(fails & self.possible)
        return found

    def _seen(self, worlds: int) -> int:
        found = 0
        for moment in range(self.moments if worlds else 0):
            found |= (worlds >> moment * SAMPLES & _ALL != 0) << moment
        return found


def _spread(bits: int, moments: int) -> int:
    """Situations as all their worlds."""
    return int.from_bytes(b"".join([_BLOCK[bits >> moment & 1] for moment in range(moments)]), "little")


def _tied(part: Residue) -> frozenset[int]:
    """What constraints on possible cases read, directly or through other conclusions."""
    seen, stack = set[int](), [n for body in part.constraints for n in (*body[0], *body[1])]
    while stack:
        atom = stack.pop()
        if atom not in seen:
            seen.add(atom)
            stack += [n for _, true, false in part.rules.get(atom, ()) for n in (*true, *false)]
    return frozenset(seen)


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
