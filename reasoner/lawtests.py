"""Which provisions the declarative law tests expect, for the coverage table."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from reasoner.program import law_root


def folder() -> Path:
    """Where the law tests are: they travel with the law."""
    return law_root() / "tests" / "law"


@cache
def exercised() -> dict[str, tuple[str, ...]]:
    """Provision to the names of the tests that expect it among the reasons of an outcome."""
    import yaml

    found: dict[str, dict[str, None]] = {}
    for path in sorted(folder().glob("*/*.yaml")):
        if path.parent.name == "bases":
            continue
        for test in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)["tests"]:
            for provision in _expected(test):
                found.setdefault(provision, {})[f"{path.parent.name}/{path.stem}: {test['name']}"] = None
    return {provision: tuple(tests) for provision, tests in found.items()}


def _expected(part: Any, key: str = "") -> Iterator[str]:
    if isinstance(part, dict):
        for name, below in part.items():
            yield from _expected(below, name)
    elif isinstance(part, list):
        for item in part:
            if key in ("provisions", "notes") and isinstance(item, str):
                yield item
            else:
                yield from _expected(item)
