"""Decisions and explanations printed in the format that was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reasoner import __version__
from reasoner.explanation import TRUE, Node
from reasoner.outcome import Outcome, as_data
from reasoner.render.lines import Line, Writer
from reasoner.render.sentences import Sentences, day
from reasoner.target import Target, condition_node, document_node, matching, outcome_node

if TYPE_CHECKING:
    from reasoner.engine import Decision
    from reasoner.program import Law
    from reasoner.run import Run
    from reasoner.wording import Wording


def decision(
    decision: Decision,
    wording: Wording,
    format: str,
    *,
    person: str | None = None,
    route: str | None = None,
    depth: int | None = None,
    full: bool = False,
) -> None:
    """Prints the outcomes of a decision, or those of one person or route."""
    chosen = matching(decision, Target(person, route)) if person or route else decision.decided
    if format == "json":
        _print_json(as_json(decision, [outcome for _, outcome in chosen]))
        return
    writer = Writer(decision, wording, depth=depth, full=full)
    lines = [writer.cut(writer.outcome(run, outcome)) for run, outcome in chosen]
    if route is None:
        lines = [*writer.ranking(person), *lines]
    _print(decision, wording, format, lines or [Line("", wording.ui("nobody"))], writer.articles)


def as_json(decision: Decision, outcomes: Iterable[Outcome] | None = None) -> dict[str, Any]:
    """A decision as the JSON object of the result contract."""
    return {
        "case": decision.file.case.case or decision.file.name,
        "assessed_on": decision.assessed_on.isoformat(),
        "rules": {"version": __version__, "digest": decision.law.digest, **reforms(decision.law)},
        "readings": dict(decision.readings),
        "outcomes": list(_ranked_data(decision, decision.outcomes if outcomes is None else outcomes)),
    }


def _ranked_data(decision: Decision, outcomes: Iterable[Outcome]) -> Iterator[dict[str, Any]]:
    """Each outcome with its rank among all routes of the person; null for a route that the facts do not open."""
    ranks = {(each.person, each.route, each.sponsor): rank for _, each, rank in decision.ranking}
    for outcome in outcomes:
        own = (outcome.person, outcome.route, outcome.sponsor)
        yield {**as_data(outcome), "rank": as_data(ranks.get(own))}


def reforms(law: Law) -> dict[str, list[str]]:
    """The reforms that a law was given, for the ``rules`` of a result."""
    return {"reforms": [reform.name for reform in law.reforms]} if law.reforms else {}


def explanation(
    decision: Decision, target: Target, wording: Wording, format: str, *, depth: int | None = None, full: bool = False
) -> None:
    """Prints why and why not for what a target names."""
    writer = Writer(decision, wording, depth=depth, full=full, reasons=True)
    chosen = matching(decision, target)
    if format == "json":
        trees = [_tree_data(run, outcome, target, writer.sentences(run)) for run, outcome in chosen]
        _print_json({**as_json(decision, ()), "outcomes": trees})
        return
    lines = list(_explained(writer, chosen, target))
    _print(decision, wording, format, lines or [Line("", wording.ui("nobody"))], writer.articles)


def _explained(writer: Writer, chosen: Iterable[tuple[Run, Outcome]], target: Target) -> Iterator[Line]:
    for run, outcome in chosen:
        sentences = writer.sentences(run)
        if target.condition is None and target.document is None:
            yield writer.cut(writer.outcome(run, outcome))
            continue
        parts = [writer.condition(run, outcome, c, sentences) for c in outcome.conditions if c.id == target.condition]
        parts += [writer.document(run, outcome, d, sentences) for d in outcome.documents if d.type == target.document]
        title = writer.title(outcome, sentences, run.cast.canonical[outcome.person])
        yield writer.cut(Line("", title, children=tuple(parts)))


def _tree_data(run: Run, outcome: Outcome, target: Target, sentences: Sentences) -> dict[str, Any]:
    name = run.cast.canonical[outcome.person]
    if target.condition is not None:
        node = condition_node(run, name, outcome.route, target.condition)
    elif target.document is not None:
        node = document_node(run, name, outcome.route, target.document)
    else:
        node = outcome_node(run, name, outcome)
    return {
        "person": outcome.person,
        "route": outcome.route,
        "result": outcome.result,
        "tree": node_data(node, sentences),
    }


def node_data(node: Node, sentences: Sentences) -> dict[str, Any]:
    """A node of an explanation as plain data: its sentence, state, provisions, rule, place and distance, and what is
    below."""
    data: dict[str, Any] = {
        "kind": node.kind,
        "state": node.state,
        "text": sentences.wording.fluent(sentences.node(node)),
    }
    if node.negated:
        data["negated"] = True
    if node.provisions:
        data["provisions"] = list(node.provisions)
    if node.rule is not None:
        data["rule"] = f"{node.rule.file}:{node.rule.line}"
    if node.where is not None:
        from reasoner.errors import dotted

        data["path"] = dotted(node.where)
    if node.assumed:
        data["assumed"] = True
    if node.distance is not None:
        data["distance"] = {"unit": node.distance.unit, "amount": node.distance.amount, "holds": node.state == TRUE}
    if node.children:
        data["because"] = [node_data(child, sentences) for child in node.children]
    return data


def _print_json(data: dict[str, Any]) -> None:
    import json

    print(json.dumps(data, indent=2, ensure_ascii=False))


def _print(decision: Decision, wording: Wording, format: str, lines: list[Line], articles: dict[str, str]) -> None:
    heading = wording.ui("heading", Case=decision.file.case.case or decision.file.name, Date=day(decision.assessed_on))
    law = wording.ui("law", Version=__version__, Digest=decision.law.digest[:12])
    reforms = [wording.ui("under_reform", Title=reform.title(wording.language)) for reform in decision.law.reforms]
    printed(heading, [law], reforms, lines, articles, format)


def printed(
    heading: str,
    faint: Sequence[str],
    strong: Sequence[str],
    lines: Iterable[Line],
    articles: Mapping[str, str],
    format: str,
) -> None:
    """Prints trees below a heading and some remarks, as Markdown or as text."""
    if format == "markdown":
        from reasoner.render.markdown import markdown

        print("\n\n".join([f"# {heading}", *faint, *(f"**{remark}**" for remark in strong)]), end="\n\n")
        for line in lines:
            print("\n".join(markdown(line, articles)))
        return
    from reasoner.render.text import console, printing, tree

    out = console()
    with printing(out):
        out.print(heading, style="bold")
        for remark in faint:
            out.print(remark, style="dim")
        for remark in strong:
            out.print(remark, style="bold")
        for line in lines:
            out.print()
            out.print(tree(line, articles))
