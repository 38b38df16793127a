"""A result as lines: marks, sentences, provisions and what stands below them, before any format is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from reasoner.explanation import FALSE, OPEN, TRUE, Explainer, Node
from reasoner.outcome import CARRYING, Condition, Deadline, DocumentStatus, Outcome
from reasoner.ranking import Rank
from reasoner.render.sentences import Sentences, day
from reasoner.wording import NAME, Wording

if TYPE_CHECKING:
    from reasoner.engine import Decision
    from reasoner.run import Run

NO_ARTICLE = "source document"  # of a provision that rests on a source alone; "reasoner rules" shows which
YES, NO, ASIDE, ASK, PLAIN = "✓", "✗", "–", "?", ""
MARKS = {"met": YES, "unmet": NO, "waived": ASIDE, "unknown": ASK, "held": YES, "missing": NO, "defective": NO}
_URGENCY = ("unmet", "unknown", "waived", "met")
_NAMED = {"result": "results", "kind": "ranking", "file": "files"}  # criteria of the ranking whose values have names
RESULT_MARKS = {"eligible": YES, "not_eligible": NO, "undetermined": ASK, "discretionary": ASIDE}
_STATES = {TRUE: YES, FALSE: NO, OPEN: ASK}


class Line(NamedTuple):
    """One line: a mark, a sentence, the provisions it rests on, and the lines below it. A heading has no mark."""

    mark: str
    text: str
    provisions: tuple[str, ...] = ()
    children: tuple[Line, ...] = ()
    heading: bool = False


class Writer:
    """Writes the outcomes of one decision as lines, in one language.

    ``depth`` cuts the tree below that many levels; ``reasons`` explains what is met as well, and ``full`` does so by
    every rule that holds, not only the first.
    """

    def __init__(
        self,
        decision: Decision,
        wording: Wording,
        *,
        depth: int | None = None,
        full: bool = False,
        reasons: bool = False,
    ) -> None:
        self.decision, self.wording, self.depth, self.full, self.reasons = (
            decision,
            wording,
            depth,
            full,
            full or reasons,
        )
        labels = ((str(p), str(text)) for p, text in decision.law.table("article") if text != NO_ARTICLE)
        self.articles = {provision: wording.citation(label) for provision, label in labels}

    # -- whole outcomes -----------------------------------------------------------------------------------------

    def sentences(self, run: Run) -> Sentences:
        """The sentences of one run, with the names that the case file gives."""
        people = self.decision.file.case.persons
        names = {name: NAME + (people[person].name or person) for name, person in run.cast.person.items()}
        canonical = run.cast.canonical
        sponsors = {canonical[a]: canonical[s] for a, s in run.cast.joins}
        return Sentences(self.wording, names, sponsors, run.inputs.calendar)

    def outcomes(self) -> Iterator[Line]:
        """Every outcome of the decision."""
        for run, outcome in self.decision.decided:
            yield self.cut(self.outcome(run, outcome))

    def ranking(self, person: str | None = None) -> Iterator[Line]:
        """For each person, or for one, with more than one route: the routes, the best first, and why."""
        for who, listed in groupby(self.decision.ranking, lambda each: each[1].person):
            routes = tuple(self._ranked(*each) for each in listed) if person in (None, who) else ()
            if len(routes) > 1:
                name = NAME + (self.decision.file.case.persons[who].name or who)
                title = self.wording.fluent(self.wording.ui("ranking", Person=name))
                yield Line(PLAIN, title, children=routes, heading=True)

    def _ranked(self, run: Run, outcome: Outcome, rank: Rank) -> Line:
        route = self.sentences(run).route(outcome.route)
        if outcome.sponsor is not None:
            sponsor = NAME + (self.decision.file.case.persons[outcome.sponsor].name or outcome.sponsor)
            route = self.wording.ui("route_to", Route=route, Sponsor=sponsor)
        side = "ranked_equal" if rank.by is None else "ranked_first" if rank.place == 1 else "ranked_after"
        own, other = (self._merit(rank.by, value) for value in (rank.value, rank.other))
        text = self.wording.ui(side, N=rank.place, Route=route, Own=own, Other=other)
        return Line(RESULT_MARKS[outcome.result], self.wording.fluent(text))

    def _merit(self, by: str | None, value: int | str | None) -> str:
        """What a route has on a criterion, in words."""
        if by is None or by in _NAMED:
            return "" if by is None else self.wording.text(_NAMED[by], str(value))
        return self.wording.text("ranking", by if value is not None else f"{by}_open", Value=value)

    def outcome(self, run: Run, outcome: Outcome) -> Line:
        """One outcome: the result, then conditions, documents, what follows, dates, fees, authorities and remarks."""
        sentences = self.sentences(run)
        below: list[Line] = []
        for key, lines in self.parts(run, outcome).items():
            if key in ("conditions", "because"):
                below += lines
            elif lines:
                below.append(Line(PLAIN, self.wording.ui(key), children=lines, heading=True))
        if run.contradictory:
            below.insert(0, Line(ASK, self.wording.ui("contradictory")))
        title = self.title(outcome, sentences, run.cast.canonical[outcome.person])
        text = self.wording.ui("pair", Name=title, Value=self.wording.text("results", outcome.result))
        details = [self.applied(outcome)] if outcome.applied_on or outcome.sponsor else []
        details.append(self.wording.text("files", outcome.file))
        return Line(RESULT_MARKS[outcome.result], f"{text} ({'; '.join(details)})", children=tuple(below))

    def parts(self, run: Run, outcome: Outcome) -> dict[str, tuple[Line, ...]]:
        """The parts of an outcome in their order, by the keys of their headings."""
        sentences, name = self.sentences(run), run.cast.canonical[outcome.person]
        parts: dict[str, Iterable[Line]] = {
            "conditions": self.conditions(run, outcome, sentences),
            "because": self._carrying(run, outcome, sentences),
            "depends_on": self._open(outcome, sentences),
            "documents": self._documents(run, outcome, sentences),
            "effects": self._effects(outcome, sentences, name),
            "deadlines": self.deadlines(outcome.deadlines),
            "fees": self._fees(outcome),
            "authorities": self._authorities(outcome),
            "channels": (Line(PLAIN, self.wording.text("channels", c)) for c in outcome.channel),
            "warnings": (self.remark("warnings", r, sentences, name) for r in outcome.warnings),
            "notes": (self.note(r) for r in outcome.notes),
            "assumed": self._assumed(outcome, sentences),
        }
        return {key: tuple(lines) for key, lines in parts.items()}

    def title(self, outcome: Outcome, sentences: Sentences, name: str) -> str:
        """``Amal, as spouse of Yusuf``."""
        return self.heading(sentences, name, outcome.route, outcome.sponsor)

    def heading(self, sentences: Sentences, name: str, route: str, sponsor: str | None) -> str:
        """A canonical person on a route, joining a sponsor if there is one."""
        words = {"Person": sentences.names[name], "Route": sentences.route(route)}
        if sponsor is None:
            return self.wording.ui("as_route", **words)
        joined = NAME + (self.decision.file.case.persons[sponsor].name or sponsor)
        return self.wording.ui("as_route_of", **words, Sponsor=joined)

    def applied(self, outcome: Outcome) -> str:
        """When the application was filed."""
        if outcome.applied_on is None:
            return self.wording.ui("applied_unknown")
        return self.wording.ui("applied_on" if outcome.filed else "not_asked", Date=day(outcome.applied_on))

    def cut(self, line: Line, level: int = 1) -> Line:
        """The line without what lies deeper than ``depth``."""
        if self.depth is not None and level > self.depth:
            return line._replace(text=self.wording.fluent(line.text), children=())
        below = tuple(self.cut(child, level + 1) for child in line.children)
        return line._replace(text=self.wording.fluent(line.text), children=below)

    # -- conditions and their reasons ---------------------------------------------------------------------------

    def conditions(self, run: Run, outcome: Outcome, sentences: Sentences) -> Iterator[Line]:
        """One line for each condition, what fails first, with the reason below it; the same reason is given once."""
        before: tuple[Line, ...] = ()
        for condition in sorted(outcome.conditions, key=lambda condition: _URGENCY.index(condition.status)):
            line = self.condition(run, outcome, condition, sentences)
            if line.children and line.children == before:
                line = line._replace(children=(Line(PLAIN, self.wording.ui("as_above")),))
            else:
                before = line.children
            yield line

    def condition(self, run: Run, outcome: Outcome, condition: Condition, sentences: Sentences) -> Line:
        """A condition with why it is met, or with everything that could have met it and what fails in each."""
        name = run.cast.canonical[outcome.person]
        explainer = self._explainer(run)
        below: list[Line] = []
        if condition.status != "met" or self.reasons:
            wanted = {"met": ("satisfied",), "waived": ("waived",)}.get(condition.status, ("satisfied", "waived"))
            for predicate in wanted:
                node = explainer.explain((predicate, name, outcome.route, condition.id))
                below += self.instances(node, sentences)
            if not below and condition.status == "unmet":
                below.append(Line(NO, self.wording.ui("nobody_is")))
        text = sentences.condition(name, outcome.route, condition.id)
        required = self._required(explainer, name, outcome.route, condition.id)
        return Line(MARKS[condition.status], text, required, tuple(below))

    def _explainer(self, run: Run) -> Explainer:
        return run.thorough if self.full else run.explainer

    @staticmethod
    def _required(explainer: Explainer, name: str, route: str, condition: str) -> tuple[str, ...]:
        node = explainer.explain(("requires", name, route, condition))
        return tuple(dict.fromkeys(p for rule in node.children for p in rule.provisions))

    def _carrying(self, run: Run, outcome: Outcome, sentences: Sentences) -> Iterator[Line]:
        """What else decides the result: somebody who goes first, or that the law leaves it to favour."""
        name, explainer = run.cast.canonical[outcome.person], self._explainer(run)
        for predicate in CARRYING:
            node = explainer.explain((predicate, name, outcome.route))
            if node.state == TRUE or (node.state == OPEN and outcome.result == "undetermined"):
                yield from self.instances(node, sentences)

    def node(self, node: Node, sentences: Sentences) -> Line:
        """A node of an explanation with everything below it."""
        text = sentences.node(node)
        if node.kind == "input":
            text += self._place(node)
        mark, below = _STATES[node.holds], tuple(self.instances(node, sentences))
        if len(below) == 1 and (below[0].mark, below[0].text, below[0].provisions) == (mark, text, ()):
            below = below[0].children  # a conclusion that says the same in other words of the law
        return Line(mark, text, (), below)

    def instances(self, node: Node, sentences: Sentences) -> Iterator[Line]:
        """The rule instances below a node; an instance that names no provision gives way to what it consists of."""
        seen: set[Line] = set()
        for instance in node.children:
            for line in self._instance(instance, sentences):
                if line not in seen:
                    seen.add(line)
                    yield line

    def _instance(self, instance: Node, sentences: Sentences) -> Iterator[Line]:
        lacking = next((c for c in instance.children if c.atom[0] == "in_force" and c.holds == FALSE), None)
        if lacking is not None:
            # A provision that is not in force fails for that alone, whatever else its rule would ask.
            provision = str(lacking.atom[1])
            yield Line(NO, self._not_in_force(provision), (provision,))
            return
        below = tuple(self.node(child, sentences) for child in instance.children if _informs(child))
        if not instance.provisions:
            yield from below
            return
        title = sentences.node(instance)
        if len(below) == 1 and below[0].text == title:
            below = below[0].children
        yield Line(_STATES[instance.state], title, instance.provisions, below)

    def _not_in_force(self, provision: str) -> str:
        dates = []
        for table in ("in_force_from", "in_force_until"):
            found = [str(day) for own, day in self.decision.law.table(table) if own == provision]
            dates += [self.wording.ui(table, Date=found[0])] if found else []
        title = str((self.wording.get("provisions", provision) or {"title": provision})["title"])
        return self.wording.ui("not_in_force", Title=title, Dates=" ".join(dates))

    def _place(self, node: Node) -> str:
        if node.assumed:
            return f" ({self.wording.ui('assumed_fact')})"
        line = self.decision.file.line(node.where) if node.where else None
        if line is None or node.state == OPEN:
            return ""
        return f" ({self.wording.ui('line', Line=line)})"

    # -- the other parts ----------------------------------------------------------------------------------------

    def _documents(self, run: Run, outcome: Outcome, sentences: Sentences) -> Iterator[Line]:
        for document in outcome.documents:
            yield self.document(run, outcome, document, sentences)

    def document(self, run: Run, outcome: Outcome, document: DocumentStatus, sentences: Sentences) -> Line:
        """A required document with its status, its defects and the types that would do instead."""
        name = self.wording.text("documents", document.type)
        text = self.wording.ui("pair", Name=name, Value=self.wording.text("statuses", document.status))
        below = []
        if document.alternatives and document.status in ("missing", "defective", "unknown"):
            listed = "; ".join(self.wording.text("documents", kind) for kind in document.alternatives)
            below.append(Line(PLAIN, self.wording.ui("alternatives", List=listed)))
        below += self._defects(run, outcome, document, sentences)
        if document.status == "waived":
            name = run.cast.canonical[outcome.person]
            below += self.instances(
                self._explainer(run).explain(("excused", name, outcome.route, document.type)), sentences
            )
        required = document.provisions if document.status != "held" or self.full else ()
        return Line(MARKS[document.status], text, required[:3], tuple(below))

    def _defects(self, run: Run, outcome: Outcome, document: DocumentStatus, sentences: Sentences) -> Iterator[Line]:
        if document.status not in ("defective", "unknown"):
            return
        name, explainer, program = run.cast.canonical[outcome.person], self._explainer(run), run.program
        for number in program.by_predicate.get("defect", ()):
            holder, kind, slot, defect = program.atoms[number][1:]
            if holder != name or kind not in (document.type, *document.alternatives) or run.state(number) is False:
                continue
            if (document.type, defect) in run.law.table("tolerates"):
                continue
            if explainer.state(program.number["handed_in", holder, kind, slot]) == OPEN:
                yield Line(ASK, self.wording.ui("list_open"))
                return
            node = explainer.node(number)
            provisions = tuple(p for rule in node.children for p in rule.provisions)
            below = tuple(self.node(child, sentences) for rule in node.children for child in rule.children)
            paper = self.wording.text("documents", str(kind))
            text = self.wording.ui("pair", Name=paper, Value=self.wording.text("defects", str(defect)))
            yield Line(NO if node.state == TRUE else ASK, text, tuple(dict.fromkeys(provisions)), below)

    def _effects(self, outcome: Outcome, sentences: Sentences, name: str) -> Iterator[Line]:
        for effect in outcome.effects:
            if effect.status == "not":
                continue
            text = self.wording.text("effects", effect.id, **sentences.people(name))
            kind = self.wording.text("kinds", effect.kind)
            on = f", {day(effect.date)}" if effect.date else ""
            yield Line(YES if effect.status == "applies" else ASK, f"{text} ({kind}{on})", effect.provisions[:1])

    def deadlines(self, deadlines: Iterable[Deadline]) -> Iterator[Line]:
        """Dates that count, the first first."""
        for deadline in sorted(deadlines, key=lambda deadline: str(deadline.date or "9")):
            shown = day(deadline.date) if deadline.date else self.wording.ui("open_date")
            text = self.wording.ui("pair", Name=shown, Value=self.wording.text("deadlines", deadline.id))
            yield Line(PLAIN, text, deadline.provisions[:1])

    def _fees(self, outcome: Outcome) -> Iterator[Line]:
        for fee in outcome.fees:
            status = self.wording.text("statuses", f"fee_{fee.status}")
            text = self.wording.ui("pair", Name=self.wording.text("fees", fee.id), Value=status)
            if fee.amount is not None and fee.currency:
                text += f", {self.wording.ui('amount', Currency=fee.currency.upper(), Amount=fee.amount)}"
            yield Line(PLAIN, text, fee.provisions[:1])

    def _authorities(self, outcome: Outcome) -> Iterator[Line]:
        for authority in outcome.authorities:
            task = self.wording.text("tasks", authority.task)
            body = self.wording.text("authorities", authority.body)
            yield Line(PLAIN, self.wording.ui("pair", Name=task, Value=body), authority.provisions[:1])

    def remark(self, section: str, remark: Any, sentences: Sentences, name: str) -> Line:
        """A warning, or another remark of a section, about a canonical person."""
        people = self.decision.file.case.persons
        about = [people[part].name or part if part in people else sentences.value(part) for part in remark.about]
        entry = self.wording.get(section, remark.id)
        values: dict[str, str] = sentences.people(name)
        if isinstance(entry, dict):
            values |= dict(zip(entry.get("args", ()), about, strict=False))
            text = str(entry["text"]).format_map(values)
        else:
            text = self.wording.text(section, remark.id, **values)
        return Line("!", text, remark.provisions[:1])

    def note(self, remark: Any) -> Line:
        """A provision that is shown as context."""
        entry = self.wording.get("provisions", remark.id) or {}
        return Line("i", str(entry.get("statement") or remark.id), (remark.id,))

    def _open(self, outcome: Outcome, sentences: Sentences) -> Iterator[Line]:
        for item in outcome.depends_on:
            size = item.settles
            how = "settles_unknown" if size is None else "settles_alone" if size == 1 else "settles_with"
            question = sentences.question(item.atom)
            yield Line(ASK, f"{item.path}: {question} ({self.wording.ui(how, N=(size or 1) - 1)})")

    def _assumed(self, outcome: Outcome, sentences: Sentences) -> Iterator[Line]:
        if outcome.assumed:
            listed = ", ".join(f"{item.path} = {self.wording.ui(item.value)}" for item in outcome.assumed)
            yield Line(PLAIN, listed)


def _informs(node: Node) -> bool:
    """Whether a node says anything about the case: what holds for everybody rests on no fact and no comparison."""
    return (
        node.kind != "derived"
        or node.holds != TRUE
        or any(part.kind in ("input", "comparison") for part in node.walk())
    )


def reference(provision: str) -> str:
    """A provision's id as the catalogue writes it: ``IPF-spouse-age-21``."""
    regime, _, rest = provision.partition("_")
    return f"{regime.upper()}-{rest.replace('_', '-')}"
