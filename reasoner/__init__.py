"""An eligibility reasoner for residence and family reunification law.

>>> from reasoner import load_case, decide, explain
>>> decision = decide(load_case("case.yaml"))
>>> for outcome in decision.outcomes:
...     print(outcome.person, outcome.route, outcome.result)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reasoner.api import decide, explain, load_case
    from reasoner.errors import CaseFileError, ReasonerError, RulesError, UsageError

__version__ = "0.1.0"
__all__ = ["CaseFileError", "ReasonerError", "RulesError", "UsageError", "decide", "explain", "load_case"]


def __getattr__(name: str) -> Any:
    # Imported on first use, so that `reasoner --version` and shell completion stay instant.
    if name in ("load_case", "decide", "explain"):
        from reasoner import api

        return getattr(api, name)
    if name in __all__:
        from reasoner import errors

        return getattr(errors, name)
    raise AttributeError(f"module 'reasoner' has no attribute {name!r}")
