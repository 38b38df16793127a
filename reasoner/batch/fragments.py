"""Explanations of single conclusions as data without names and days, so that many cases share each of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

from reasoner.explanation import Node
from reasoner.ground import Atom
from reasoner.outcome import Condition, DocumentStatus, Outcome
from reasoner.program import Law
from reasoner.run import Run
from reasoner.target import condition_node, document_node


class Reasons(NamedTuple):
    """The fragments of an outcome, each with its number: of the result, and of every condition and document."""

    result: tuple[int, bytes]
    conditions: list[tuple[int, bytes]]
    documents: list[tuple[int, bytes]]


def reasons(run: Run, outcome: Outcome) -> Reasons:
    """What explains an outcome, part by part in the order of the outcome."""
    name, route = run.cast.canonical[outcome.person], outcome.route
    layout, remembered = run.machine.layouts[name, route], run.remembered
    conditions, documents = [], []
    for condition in outcome.conditions:
        atoms = tuple(layout.conditions[condition.id].values())
        build = partial(_condition, run, name, route, condition)
        conditions.append(remembered(("fragment", name, route, condition.id), atoms, build))
    for document in outcome.documents:
        build = partial(_document, run, name, route, document)
        documents.append(remembered(("paper", name, route, document.type), layout.papers[document.type], build))
    return Reasons(_result(run, name, outcome), conditions, documents)


def _result(run: Run, name: str, outcome: Outcome) -> tuple[int, bytes]:
    """What carries the result besides conditions; nothing else of it is said twice."""
    nodes = [run.explainer.explain((remark.id, name, outcome.route)) for remark in outcome.because]
    provisions = [provision for remark in outcome.because for provision in remark.provisions]
    return _written("result", outcome.result, outcome.file, provisions, nodes)


def _condition(run: Run, name: str, route: str, condition: Condition) -> tuple[int, bytes]:
    node = condition_node(run, name, route, condition.id)
    return _written("condition", condition.id, condition.status, condition.provisions, [node])


def _document(run: Run, name: str, route: str, document: DocumentStatus) -> tuple[int, bytes]:
    node = document_node(run, name, route, document.type)
    return _written("document", document.type, document.status, document.provisions, [node], document.defects)


def _written(
    kind: str, name: str, status: str, provisions: Iterable[str], nodes: Iterable[Node], defects: Iterable[str] = ()
) -> tuple[int, bytes]:
    data = {"kind": kind, "id": name, "status": status, "defects": list(defects), "provisions": list(provisions)}
    text = json.dumps(
        {**data, "trees": [_data(node) for node in nodes]}, ensure_ascii=False, separators=(",", ":")
    ).encode()
    return identifier(text), text


def identifier(fragment: bytes) -> int:
    """The number of a fragment, which follows from what it says: the same in every process."""
    return int.from_bytes(sha256(fragment).digest()[:8], "big", signed=True)


def _data(node: Node) -> dict[str, Any]:
    data: dict[str, Any] = {"kind": node.kind, "atom": node.atom, "state": node.state}
    if node.negated:
        data["negated"] = True
    if node.rule is not None:
        data["rule"] = f"{node.rule.file}:{node.rule.line}"
    if node.provisions:
        data["provisions"] = node.provisions
    if node.children:
        data["because"] = [_data(child) for child in node.children]
    return data


def tree(data: Mapping[str, Any], law: Law) -> Node:
    """The node that a fragment holds among its ``trees``; a rule that the law no longer has is left out."""
    rules = {f"{rule.file}:{rule.line}": rule for rule in law.rules}

    def node(data: Mapping[str, Any]) -> Node:
        return Node(
            data["kind"],
            _atom(data["atom"]),
            data["state"],
            data.get("negated", False),
            rules.get(data.get("rule", "")),
            (),
            tuple(data.get("provisions", ())),
            children=tuple(map(node, data.get("because", ()))),
        )

    return node(data)


def _atom(value: Any) -> Atom:
    return tuple(_atom(part) if isinstance(part, list) else part for part in value)
