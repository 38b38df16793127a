"""The reasons of the law for its answers in one case, and which variants would give others for the same answers."""

from __future__ import annotations

from collections.abc import Iterable

from reasoner.evaluate import Rails
from reasoner.ground import Instance
from reasoner.quality.worlds import Worlds

Choice = tuple[tuple[str, ...], tuple[tuple[int, bool], ...]]
"""What an explanation takes from a rule instance: the provisions its rule names and the literals it shows."""


class World(Rails):
    """The truth of atoms in one of many worlds."""

    def __init__(self, rails: Rails, world: int) -> None:
        super().__init__(rails.holds, rails.fails, rails.full)
        self.world = world

    def truth(self, atom: int) -> bool | None:
        """Of an atom in this world."""
        return True if self.holds[atom] >> self.world & 1 else False if self.fails[atom] >> self.world & 1 else None


class Reasons:
    """The reasons of the law itself (world 0) in one case."""

    def __init__(self, worlds: Worlds, rails: Rails) -> None:
        self.worlds, self.variants, self.rails = worlds, worlds.variants, rails
        self.rules, self.truth = worlds.program.rules, rails.truth  # of a single world that is the first
        self._under: dict[int, frozenset[str]] = {}

    def differing(self, atom: int) -> int:
        """The variants (bits) in which an atom is not what it is in the law."""
        holds, fails, full = self.rails.holds[atom], self.rails.fails[atom], self.rails.full
        return (full ^ holds if holds & 1 else holds) | (full ^ fails if fails & 1 else fails)

    def open_behind(self, atoms: Iterable[int]) -> int:
        """The variants (bits) of rules on which it depends what becomes of those of ``atoms`` that are open.

        A search through the possible cases settles them, and it goes by more than whether something is open.
        """
        found = 0
        seen = {atom for atom in atoms if self.truth(atom) is None}
        stack = list(seen)
        while stack:
            for index, _, positive, negative in self.rules.get(stack.pop(), ()):
                if self._held(positive, negative)[0] is not False:
                    found |= self.worlds.variants_at(index)
                    opened = {n for n in (*positive, *negative) if self.truth(n) is None} - seen
                    seen |= opened
                    stack += opened
        return found

    def changed(self, atoms: Iterable[int], named: frozenset[str], measured: bool) -> int:
        """The variants (bits) that may explain ``atoms`` otherwise: what is behind them differs, or a provision of
        ``named`` is cited no more; where distances are ``measured`` any other explanation counts."""
        found, seen = 0, set(atoms)
        stack = list(seen)
        while stack:
            atom = stack.pop()
            found |= self.differing(atom)
            listed = self.worlds.grouped.get(atom)
            if listed is None:
                continue
            chosen = self._chosen(atom, listed[0])
            shown = {number for _, literals in chosen for number, _ in literals} - seen
            seen |= shown
            stack += shown
            for world, instances in listed.items():
                if found >> world & 1 or not world:
                    continue
                otherwise = self._chosen(atom, instances)
                if otherwise != chosen and (measured or (self._cited(chosen) & named) - self._cited(otherwise)):
                    found |= 1 << world
        return found

    def _held(self, positive: tuple[int, ...], negative: tuple[int, ...]) -> tuple[bool | None, list[tuple[int, bool]]]:
        """Whether a body holds, and the literals an explanation shows: all of one that does, else those that do not."""
        held: bool | None = True
        missing = []
        for numbers, negated in ((positive, False), (negative, True)):
            for number in numbers:
                value = self.truth(number)
                if value is negated:
                    held = False
                elif value is None and held:
                    held = None
                if value is None or value is negated:
                    missing.append((number, negated))
        return held, missing or [(n, False) for n in positive] + [(n, True) for n in negative]

    def _chosen(self, atom: int, instances: Iterable[Instance]) -> list[Choice]:
        """As the explainer chooses: what carries a true atom, what keeps one open, every way to one that is false."""
        state = self.truth(atom)
        found: dict[bool | None, list[Choice]] = {True: [], None: [], False: []}
        for instance in instances:
            held, shown = self._held(instance[2], instance[3])
            found[held if state is not False else False].append((self.variants.named(instance), tuple(shown)))
        return found[state] or (found[None] if state else [])

    def _cited(self, chosen: Iterable[Choice]) -> set[str]:
        found: set[str] = set()
        for named, shown in chosen:
            found.update(named, *(self._below(number) for number, _ in shown))
        return found

    def _below(self, atom: int) -> frozenset[str]:
        found = self._under.get(atom)
        if found is None:
            listed = self.worlds.grouped.get(atom, {})
            found = self._under[atom] = frozenset(self._cited(self._chosen(atom, listed.get(0, ()))))
        return found
