"""Archives of made-up cases: realistic families under a law, the same for the same seed.

What they are like is data, in `synth.yaml` beside this module; which words and papers there are, and around which ages,
periods and days cases lie, is read from the law.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from reasoner.batch.synth_days import Draw, Rule, Weights
from reasoner.batch.synth_faults import spoiled
from reasoner.batch.synth_text import Node, Writer, weighted

if TYPE_CHECKING:
    from reasoner.program import Law

CHUNK = 24_576


class Family(NamedTuple):
    """Cases of one kind: named days and words, and the text of the rest."""

    days: dict[str, Rule]
    words: dict[str, Weights]
    text: Node


class Chunk(NamedTuple):
    """Some cases of an archive, each as one line of JSON, and how many of them have a fault."""

    lines: list[str]
    faulty: int


class Source:
    """Made-up cases under a law.

    `unsure` is the share of cases with facts that are unknown, partly known or left out, `errors` the share of cases
    with a fault. With `typed` off they have the form of a row of a table.
    """

    def __init__(
        self, law: Law, *, seed: int = 0, errors: float = 0.0, unsure: float | None = None, typed: bool = True
    ) -> None:
        settings = read_settings()
        self.seed, self.errors = seed, errors
        self.unsure = float(settings["unsure"]["cases"]) if unsure is None else unsure
        self.faults = [fault for fault in settings["faults"] if typed or "json" not in fault]
        families = list(_families(law, settings, Writer(law, settings, typed=typed)))
        self.families = [family for family, _ in families]
        self.shares = Weights([share for _, share in families])

    def chunks(self, count: int) -> Iterator[Chunk]:
        """`count` cases."""
        for start in range(0, count, CHUNK):
            yield self._chunk(start, min(CHUNK, count - start))

    def _chunk(self, start: int, count: int) -> Chunk:
        random = np.random.Generator(np.random.PCG64((self.seed, start)))
        which = self.shares.total.searchsorted(random.random(count), side="right")
        texts = np.empty(count, dtype=object)
        for number, family in enumerate(self.families):
            cases = np.flatnonzero(which == number)
            draw = Draw((self.seed, start, number), cases.size, self.unsure, family.days)
            draw.words = {name: draw.picks(weights) for name, weights in family.words.items()}
            texts[cases] = family.text(draw)
        for case, text in enumerate(texts):  # in their place: they are large
            texts[case] = f'{{"case":"synth-{start + case}",{text}\n'
        faulty = np.flatnonzero(random.random(count) < self.errors)
        for case in faulty.tolist():
            texts[case] = spoiled(texts[case].rstrip(), self.faults, random) + "\n"
        return Chunk(texts.tolist(), faulty.size)


def _families(law: Law, settings: Mapping[str, Any], writer: Writer) -> Iterator[tuple[Family, float]]:
    """The families of the regimes that the law has, with how often they occur."""
    regimes = {str(row[1]) for row in law.table("route")}
    for found in settings["families"].values():
        if found["regime"] in regimes:
            for described, share in _repeated(found):
                yield _family(described, writer), share * float(found["share"])


def _family(found: Mapping[str, Any], writer: Writer) -> Family:
    words = {name: weighted(of) for name, of in found["words"].items()}
    days = {name: writer.days.rules(weighted(rules)) for name, rules in found["days"].items()}
    drawn = {name: Weights(list(of.values())) for name, of in words.items()}
    return Family(days, drawn, writer.case(found["case"], {name: list(of) for name, of in words.items()}))


def _repeated(found: Mapping[str, Any]) -> Iterator[tuple[Any, float]]:
    """A description with as many of each thing whose name ends in a star as there may be, and how often."""
    repeat = found.get("repeat", {})
    ways = [[(name, int(number), float(share)) for number, share in of.items()] for name, of in repeat.items()]
    for way in product(*ways):
        described: Any = {key: value for key, value in found.items() if key != "repeat"}
        share = 1.0
        for name, number, weight in way:
            described = _spread(described, name, number)
            share *= weight / sum(float(one) for one in repeat[name].values())
        yield described, share


def _spread(part: Any, name: str, number: int) -> Any:
    if isinstance(part, dict):
        found: dict[str, Any] = {}
        for key, value in part.items():
            for copy, new in _copies(key, name, number):
                found[copy] = _spread(new(value), name, number)
        return found
    if isinstance(part, list):
        return [_spread(new(one), name, number) for one in part for _, new in _copies(str(one), name, number)]
    return part


def _copies(text: str, name: str, number: int) -> list[tuple[str, Callable[[Any], Any]]]:
    star = f"{name}*"
    if star not in text:
        return [(text, lambda part: part)]
    return [(text.replace(star, f"{name}{n}"), _renamed(star, f"{name}{n}")) for n in range(1, number + 1)]


def _renamed(star: str, name: str) -> Callable[[Any], Any]:
    def rename(part: Any) -> Any:
        if isinstance(part, dict):
            return {rename(key): rename(value) for key, value in part.items()}
        if isinstance(part, list):
            return [rename(one) for one in part]
        return part.replace(star, name)

    return rename


@cache
def read_settings() -> dict[str, Any]:
    """What `synth.yaml` says; every value in it is a text."""
    import yaml

    class Loader(yaml.CSafeLoader):
        """Reads texts, and merges mappings."""

        yaml_implicit_resolvers = {"<": yaml.CSafeLoader.yaml_implicit_resolvers["<"]}  # noqa: RUF012

    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, Loader)
    return found
