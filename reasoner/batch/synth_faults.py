"""Mistakes put into cases, of the kinds that reading a case file knows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


def spoiled(text: str, faults: Sequence[dict[str, Any]], random: np.random.Generator) -> str:
    """A case as JSON with one of the `faults` in it: the first, from one drawn by chance, that finds its place."""
    start = int(random.integers(len(faults)))
    for fault in (*faults[start:], *faults[:start]):
        if "cut" in fault:
            return text[: int(random.integers(1, len(text)))]
        case = json.loads(text)
        found = _place(case, fault["at"].split(".") if fault.get("at") else [], random)
        if found is None or not set(fault.get("drop", ())) <= set(found):
            continue
        for key in fault.get("drop", ()):
            del found[key]
        found.update(fault.get("put", {}))
        return json.dumps(case, ensure_ascii=False, separators=(",", ":"))
    raise ValueError("no fault finds its place")


def _place(part: Any, path: list[str], random: np.random.Generator) -> Any:
    """The thing at a path, whose stars stand for any of several; None when there is none."""
    for step in path:
        if step != "*":
            part = part.get(step)
        elif part:
            one = int(random.integers(len(part)))
            part = part[one] if isinstance(part, list) else list(part.values())[one]
        if not part:
            return None
    return part
