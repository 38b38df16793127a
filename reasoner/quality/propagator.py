"""What clingo asks a theory while it searches: a propagator that refuses whole candidates."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence

from clingo.propagator import PropagateControl, PropagateInit, Propagator, PropagatorCheckMode

Holds = Callable[[int], bool]
"""Whether a literal of the program holds in a candidate."""


class Refusing(Propagator, ABC):
    """Refuses candidates for which there is a :meth:`conflict`; ``used`` are the literals that it may read and name."""

    used: Sequence[int] = ()

    @abstractmethod
    def conflict(self, holds: Holds) -> Iterable[int] | None:
        """Literals of a candidate that cannot hold together, or None."""

    def init(self, init: PropagateInit) -> None:
        """Called by clingo before it searches."""
        init.check_mode = PropagatorCheckMode.Total
        self._solver = {literal: init.solver_literal(literal) for literal in self.used}

    def check(self, control: PropagateControl) -> None:
        """Called by clingo with a candidate."""
        assignment, solver = control.assignment, self._solver
        if not assignment.is_total:
            return  # also called when assumptions are propagated
        found = self.conflict(lambda literal: bool(assignment.is_true(solver[literal])))
        if found is not None:
            control.add_nogood([solver[abs(n)] * (1 if n > 0 else -1) for n in found])
