"""Explanations of single conclusions as data without names and days, so that many cases share each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from hashlib import sha256
from itertools import chain
from typing import Any, NamedTuple

from reasoner.explanation import Node
from reasoner.ground import Atom
from reasoner.outcome import Condition, DocumentStatus, Outcome, layout
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
    carrying = {remark.id: remark.provisions for remark in outcome.because}
    return Reasons(
        of_result(run, name, route, outcome.result, outcome.file, carrying),
        [of_condition(run, name, route, condition) for condition in outcome.conditions],
        [of_document(run, name, route, document) for document in outcome.documents],
    )


def of_condition(run: Run, name: str, route: str, condition: Condition) -> tuple[int, bytes]:
    """Why a condition is in its state, with the number of the fragment."""
    atoms = tuple(layout(run.machine, name, route).conditions[condition.id].values())
    build = partial(_condition, run, name, route, condition)
    return run.remembered(("fragment", name, route, condition.id), atoms, build)


def of_document(run: Run, name: str, route: str, document: DocumentStatus) -> tuple[int, bytes]:
    """Why a document is in its state, with the number of the fragment."""
    atoms = layout(run.machine, name, route).papers[document.type]
    build = partial(_document, run, name, route, document)
    return run.remembered(("paper", name, route, document.type), atoms, build)


def of_result(
    run: Run, name: str, route: str, result: str, file: str, carrying: Mapping[str, tuple[str, ...]]
) -> tuple[int, bytes]:
    """What carries a result besides conditions; nothing else of it is said twice."""
    nodes = [run.explainer.explain((remark, name, route)) for remark in carrying]
    return _written("result", result, file, chain(*carrying.values()), nodes)


def _condition(run: Run, name: str, route: str, condition: Condition) -> tuple[int, bytes]:
    node = condition_node(run, name, route, condition.id)
    return _written("condition", condition.id, condition.status, condition.provisions, [node])


def _document(run: Run, name: str, route: str, document: DocumentStatus) -> tuple[int, bytes]:
    node = document_node(run, name, route, document.type)
    return _written("document", document.type, document.status, document.provisions, [node], document.defects)


def _written(
    kind: str, name: str, status: str, provisions: Iterable[str], nodes: Iterable[Node], defects: Iterable[str] = ()
) -> tuple[int, bytes]:
    from msgspec.json import encode  # of an extra: who reads a fragment does without it

    data = {"kind": kind, "id": name, "status": status, "defects": list(defects), "provisions": list(provisions)}
    text = encode({**data, "trees": [_data(node) for node in nodes]})
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
        children = tuple(map(node, data.get("because", ())))
        return Node(
            data["kind"],
            _atom(data["atom"]),
            data["state"],
            data.get("negated", False),
            rules.get(data.get("rule", "")),
            (),
            tuple(data.get("provisions", ())),
            below=lambda: children,
        )

    return node(data)


def _atom(value: Any) -> Atom:
    return tuple(_atom(part) if isinstance(part, list) else part for part in value)
