"""What a finding about the law is about, in words: no case stands behind it, so that nobody has a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reasoner.program import Law
from reasoner.quality.search import shapes
from reasoner.quality.timing import FIRST, LAST
from reasoner.render.lines import NO_ARTICLE, reference
from reasoner.wording import Wording

# Where the words for a name are looked up: for a kind of thing, else in this order.
_SECTIONS = {
    "route": ("routes",),
    "condition": ("conditions",),
    "document": ("documents",),
    "effect": ("effects",),
    "warning": ("warnings",),
    "fee": ("fees",),
    "channel": ("channels",),
    "note": ("provisions",),
    "task": ("tasks",),
    "body": ("authorities",),
}
_ANY = ("provisions", "results", "documents", "conditions", "fees", "statuses", "routes", "effects", "search_words")


class Subjects:
    """Names of one law as words of one language."""

    def __init__(self, law: Law, wording: Wording) -> None:
        self.law, self.wording = law, wording
        labels = ((str(p), str(text)) for p, text in law.table("article") if text != NO_ARTICLE)
        self.articles = {provision: wording.citation(label) for provision, label in labels}

    def word(self, name: str, kind: str = "") -> str:
        """The words for a name; the name itself where there are none."""
        for section in _SECTIONS.get(kind, _ANY):
            entry = self.wording.get(section, name)
            if section == "provisions" and isinstance(entry, Mapping):
                return f"{entry['title']} ({reference(name)})"
            text = entry.get("text") if isinstance(entry, Mapping) else entry
            if isinstance(text, str):
                return self.wording.fluent(text.format_map(self._people()))
        return name

    def _people(self) -> Mapping[str, str]:
        ui = self.wording.ui
        applicant, sponsor = ui("search_applicant"), ui("search_sponsor")
        return _Gaps(Person=applicant, Applicant=applicant, Sponsor=sponsor, Route="…")

    def about(self, about: Sequence[tuple[str, str]]) -> str:
        """What a finding is about: ``condition: ...; route: ...``."""
        parts = []
        for kind, name in about:
            if name:
                label = self.wording.get("search_about", kind)
                parts.append(self.wording.ui("pair", Name=label or kind, Value=self.word(name, kind)))
        return "; ".join(parts)

    def provision(self, provision: str) -> str:
        """A provision with its title, article and dates in force."""
        details = [reference(provision), *([self.articles[provision]] if provision in self.articles else [])]
        for table in ("in_force_from", "in_force_until"):
            details += [self.wording.ui(table, Date=day) for own, day in self.law.table(table) if own == provision]
        title = str((self.wording.get("provisions", provision) or {"title": provision})["title"])
        return f"{title} ({', '.join(details)})"


def bound(law: Law) -> dict[str, Any]:
    """How far a search goes: the most persons, applications, and papers of a type, and the first and last day."""
    listed = list(shapes(law))
    return {
        "persons": max(shape.persons for shape in listed),
        "applications": max(len(shape.joins) for shape in listed),
        "papers": max(count for shape in listed for *_, count in shape.slots),
        "first": FIRST.isoformat(),
        "last": LAST.isoformat(),
    }


def bound_text(law: Law, wording: Wording) -> str:
    """The bound in words."""
    found = bound(law)
    values = {key.capitalize(): value for key, value in found.items()}
    return wording.ui("search_bound", **values)


class _Gaps(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"
