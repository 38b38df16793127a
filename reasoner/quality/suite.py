"""Declarative tests of the law: what is given, and which outcomes and reasons are expected.

A file under ``law/`` holds ``topic``, a ``base`` (the name of a case under ``law/bases/``) and ``tests``. A test has a
``name``, changes (``set`` maps a path to a value, ``unset`` lists paths, ``add_documents`` maps an applicant to
papers), ``as_of``, ``readings``, ``assume_nothing`` and ``expect``: a list of expectations about one person and route each. In
table form ``vary`` names a path and ``rows`` maps each of its values to what is expected in addition.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from reasoner.case import parse_case
from reasoner.engine import Decision, Engine
from reasoner.outcome import Outcome
from reasoner.program import law_root
from reasoner.target import Target, matching


def folder() -> Path:
    """Where the tests of the law that comes with the package are: they travel with it."""
    return law_root() / "tests" / "law"


@dataclass(frozen=True)
class LawTest:
    """One case with what is expected of it."""

    file: str
    name: str
    case: dict[str, Any]
    as_of: date | None
    readings: dict[str, str]
    assume_nothing: bool
    expect: tuple[dict[str, Any], ...]

    @property
    def id(self) -> str:
        """File and name."""
        return f"{self.file}: {self.name}"


def load(path: Path) -> list[LawTest]:
    """The tests of one file, table rows expanded."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)
    found = []
    for test in content["tests"]:
        base = read_case(test.get("base") or content["base"])
        for name, variant in _variants(test):
            case = copy.deepcopy(base)
            for place in variant.get("unset", []):
                change(case, place, None, remove=True)
            for place, value in variant.get("set", {}).items():
                change(case, place, copy.deepcopy(value))  # rows share what the test sets
            for person, papers in variant.get("add_documents", {}).items():
                next(a for a in case["applications"] if a["applicant"] == person).setdefault("documents", []).extend(
                    copy.deepcopy(papers)
                )
            as_of = date.fromisoformat(variant["as_of"]) if "as_of" in variant else None
            found.append(LawTest(path.stem, name, case, as_of, variant.get("readings", {}),
                                 variant.get("assume_nothing") == "yes", tuple(variant["expect"])))  # fmt: skip
    return found


def _variants(test: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if "rows" not in test:
        yield test["name"], test
        return
    for value, expected in test["rows"].items():
        row = {**test, "set": {**test.get("set", {}), test["vary"]: value}}
        if test["vary"] == "as_of":
            row = {**test, "as_of": value}
        yield f"{test['name']} [{value}]", {**row, "expect": [{**common, **expected} for common in test["expect"]]}


def read_case(name: str) -> dict[str, Any]:
    """The case on which tests are based, as plain data."""
    return yaml.load(  # type: ignore[no-any-return]
        (folder() / "bases" / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.CBaseLoader
    )


def change(case: Any, place: str, value: Any, *, remove: bool = False) -> None:
    """Sets or removes what stands at a dotted path; ``[0]`` or ``[type]`` picks an item of a list."""
    *parents, last = place.replace("[", ".[").split(".")
    for part in parents:
        case = _step(case, part)
    if last.startswith("["):
        index = _index(case, last)
        if remove:
            del case[index]
        else:
            case[index] = value
    elif remove:
        case.pop(last, None)
    else:
        case[last] = value


def _step(case: Any, part: str) -> Any:
    if part.startswith("["):
        return case[_index(case, part)]
    return case.setdefault(part, {})


def _index(items: list[Any], part: str) -> int:
    wanted = part.strip("[]")
    if wanted.isdigit():
        return int(wanted)
    keys = ("type", "applicant", "kind")
    return next(i for i, item in enumerate(items) if wanted in [item.get(key) for key in keys])


def decide(engine: Engine, test: LawTest) -> Decision:
    """The decision of the case of a test."""
    text = yaml.dump(test.case, Dumper=_Plain, allow_unicode=True, sort_keys=False)
    file = parse_case(text, choices=engine.law.choices, name=test.id)
    return engine.decide(file, as_of=test.as_of, readings=test.readings, assume_nothing=test.assume_nothing)


class _Plain(yaml.SafeDumper):
    """Writes strings so that the YAML 1.2 reader of case files gets the same scalars back."""


_Plain.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def differences(test: LawTest, decision: Decision) -> list[str]:
    """What is expected and not so, one line each; empty when the test passes."""
    found: list[str] = []
    for expected in test.expect:
        person, route = expected["person"], expected["route"]
        if expected.get("listed") == "no":
            listed = [o for o in decision.outcomes if (o.person, o.route) == (person, route)]
            found += [f"{person} {route}: listed, though it should not be"] if listed else []
            continue
        _, outcome = matching(decision, Target(person, route))[0]
        for key, wanted in expected.items():
            if key in ("person", "route", "why"):
                continue
            found += [f"{person} {route}: {line}" for line in _CHECKS[key](outcome, wanted)]
    return found


def _plain(key: str) -> Any:
    def check(outcome: Outcome, wanted: str) -> list[str]:
        actual = str(getattr(outcome, key))
        return [] if actual == wanted else [f"{key} is {actual}, expected {wanted}"]

    return check


def _conditions(outcome: Outcome, wanted: dict[str, Any]) -> list[str]:
    """``minimum_age: unmet`` or ``minimum_age: {status: unmet, provisions: [...], distance: 4 days}``."""
    actual = {condition.id: condition for condition in outcome.conditions}
    found = []
    for name, expectation in wanted.items():
        details = expectation if isinstance(expectation, dict) else {"status": expectation}
        condition = actual.get(name)
        if details["status"] == "absent":
            found += [f"condition {name} is {condition.status}, expected none"] if condition else []
            continue
        if condition is None:
            found.append(f"condition {name} is absent")
            continue
        if condition.status != details["status"]:
            found.append(f"condition {name} is {condition.status}, expected {details['status']}")
        found += _cites(f"condition {name}", condition.provisions, details.get("provisions", []))
        if "distance" in details:
            gap = condition.distance
            shown = f"{gap.amount} {gap.unit}" if gap else "none"
            if shown != details["distance"]:
                found.append(f"condition {name} is {shown} away, expected {details['distance']}")
    return found


def _only_unmet(outcome: Outcome, wanted: list[str]) -> list[str]:
    actual = sorted(c.id for c in outcome.conditions if c.status == "unmet")
    return [] if actual == sorted(wanted) else [f"unmet are {actual}, expected {sorted(wanted)}"]


def _documents(outcome: Outcome, wanted: dict[str, Any]) -> list[str]:
    """``birth_certificate: held`` or ``{status: defective, defects: [too_old], provisions: [...]}`` or ``absent``."""
    actual = {document.type: document for document in outcome.documents}
    found = []
    for name, expectation in wanted.items():
        details = expectation if isinstance(expectation, dict) else {"status": expectation}
        document = actual.get(name)
        status = document.status if document else "absent"
        if status != details["status"]:
            found.append(f"document {name} is {status}, expected {details['status']}")
        if document is None:
            continue
        if "defects" in details and sorted(document.defects) != sorted(details["defects"]):
            found.append(
                f"document {name} has defects {sorted(document.defects)}, expected {sorted(details['defects'])}"
            )
        found += _cites(f"document {name}", document.provisions, details.get("provisions", []))
    return found


def _effects(outcome: Outcome, wanted: dict[str, Any]) -> list[str]:
    """``silence_grants_permit: applies`` or ``{status: applies, date: 2025-08-16, kind: right, provisions: [...]}``."""
    actual = {effect.id: effect for effect in outcome.effects}
    found = []
    for name, expectation in wanted.items():
        details = expectation if isinstance(expectation, dict) else {"status": expectation}
        effect = actual.get(name)
        for key, value in details.items():
            if key == "provisions":
                continue
            shown = str(getattr(effect, key)) if effect else "not" if key == "status" else "None"
            if shown != value:
                found.append(f"effect {name}: {key} is {shown}, expected {value}")
        found += _cites(f"effect {name}", effect.provisions if effect else (), details.get("provisions", []))
    return found


def _deadlines(outcome: Outcome, wanted: dict[str, Any]) -> list[str]:
    """``decision: 2025-08-20``, ``open`` for a deadline without a day yet, ``absent`` for none."""
    actual: dict[str, Any] = {}
    for listed in outcome.deadlines:
        actual.setdefault(listed.id, listed)
    found = []
    for name, expectation in wanted.items():
        details = expectation if isinstance(expectation, dict) else {"date": expectation}
        deadline: Any = actual.get(name)
        shown = "absent" if deadline is None else "open" if deadline.date is None else str(deadline.date)
        if shown != details["date"]:
            found.append(f"deadline {name} is {shown}, expected {details['date']}")
        if deadline:
            found += _cites(f"deadline {name}", deadline.provisions, details.get("provisions", []))
    return found


def _fees(outcome: Outcome, wanted: dict[str, str]) -> list[str]:
    """``visa_handling_fee: due 180 eur`` or ``due`` or ``waived``."""
    actual = {fee.id: fee for fee in outcome.fees}
    found = []
    for name, expectation in wanted.items():
        fee = actual.get(name)
        shown = "absent" if fee is None else f"{fee.status} {fee.amount} {fee.currency}" if fee.amount else fee.status
        if shown != expectation:
            found.append(f"fee {name} is {shown}, expected {expectation}")
    return found


def _listed(key: str, *, absent: bool = False) -> Any:
    def check(outcome: Outcome, wanted: list[str]) -> list[str]:
        actual = [item if isinstance(item, str) else item.id for item in getattr(outcome, key)]
        if absent:
            return [f"{key} has {name}" for name in wanted if name in actual]
        return [f"{key} lacks {name} (has {', '.join(actual) or 'none'})" for name in wanted if name not in actual]

    return check


def _authorities(outcome: Outcome, wanted: dict[str, str]) -> list[str]:
    """``decides: immigration_office``; several bodies as a list; ``absent`` for none."""
    found = []
    for task, expectation in wanted.items():
        actual = sorted(a.body for a in outcome.authorities if a.task == task)
        expected = (
            sorted(expectation) if isinstance(expectation, list) else [] if expectation == "absent" else [expectation]
        )
        if actual != expected:
            found.append(f"authority for {task} is {actual}, expected {expected}")
    return found


def _depends_on(outcome: Outcome, wanted: list[str]) -> list[str]:
    actual = [item.path for item in outcome.depends_on]
    return [] if sorted(actual) == sorted(wanted) else [f"depends on {sorted(actual)}, expected {sorted(wanted)}"]


def _provisions(outcome: Outcome, wanted: list[str]) -> list[str]:
    """Provisions that must be cited anywhere in the outcome."""
    return _cites("the outcome", cited(outcome), wanted)


def cited(outcome: Outcome) -> tuple[str, ...]:
    """Every provision an outcome cites."""
    lists: tuple[tuple[Any, ...], ...] = (
        *(outcome.conditions, outcome.documents, outcome.effects, outcome.deadlines, outcome.fees),
        *(outcome.authorities, outcome.notes, outcome.warnings),
    )
    parts = (part for listed in lists for part in listed)
    return tuple(dict.fromkeys(provision for part in parts for provision in part.provisions))


def _cites(what: str, actual: tuple[str, ...], wanted: list[str]) -> list[str]:
    return [f"{what} does not cite {p} (cites {', '.join(actual)})" for p in wanted if p not in actual]


_CHECKS: dict[str, Any] = {
    "result": _plain("result"), "file": _plain("file"), "sponsor": _plain("sponsor"), "authority": _plain("authority"),
    "applied_on": _plain("applied_on"), "conditions": _conditions, "unmet": _only_unmet, "documents": _documents,
    "effects": _effects, "deadlines": _deadlines, "fees": _fees, "authorities": _authorities,
    "channel": _listed("channel"), "no_channel": _listed("channel", absent=True),
    "notes": _listed("notes"), "no_notes": _listed("notes", absent=True),
    "warnings": _listed("warnings"), "no_warnings": _listed("warnings", absent=True),
    "depends_on": _depends_on, "provisions": _provisions,
}  # fmt: skip


@cache
def exercised() -> dict[str, tuple[str, ...]]:
    """Provision to the names of the tests that expect it among the reasons of an outcome."""
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
