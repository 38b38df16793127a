"""House rules: what every law file, table, sentence and module has to keep, checked on the parsed files."""

from __future__ import annotations

import ast as python
import atexit
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from clingo import SymbolType
from clingo import ast as asp
from clingo.ast import ASTType

import reasoner
from reasoner import wording
from reasoner.case_model import Case
from reasoner.ground import GroundProgram, Shape
from reasoner.program import Entry, Law, law_files, law_root, predicate_of
from reasoner.store import Store

ROOT = law_root()
PACKAGE = Path(reasoner.__file__).parent
RULE_FILES = sorted((ROOT / "encodings" / "law").glob("**/*.lp"))
CONTRACT = frozenset({"candidate", "requires", "satisfied", "waived", "favour", "displaced", "needs", "accepts", "excused",
                      "defect", "effect", "effect_date", "deadline", "fee", "authority", "channel", "note", "warning"})  # fmt: skip


@cache
def store() -> Store:
    return Store()


atexit.register(store.cache_clear)  # parsed statements must go before clingo does


def law() -> Law:
    return store().law


def short(path: Path) -> str:
    return path.relative_to(ROOT.resolve() if path.is_absolute() else ROOT).as_posix()


# -- parsed rules ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parsed:
    """One statement with its file and line."""

    file: str
    node: Any

    @property
    def place(self) -> str:
        return f"{self.file}:{self.node.location.begin.line}"

    @property
    def head(self) -> str | None:
        return predicate_of(self.node.head) if self.node.ast_type == ASTType.Rule else None


@cache
def statements() -> tuple[Parsed, ...]:
    """All statements and comments of the law."""
    found: list[Parsed] = []
    asp.parse_files(
        [str(ROOT / "encodings" / "main.lp")],
        lambda node: found.append(Parsed(short(Path(node.location.begin.filename).resolve()), node)),
    )
    return tuple(found)


atexit.register(statements.cache_clear)


def rules(folder: str = "") -> list[Parsed]:
    return [s for s in statements() if s.node.ast_type == ASTType.Rule and s.file.startswith(folder)]


def walk(node: Any) -> Iterator[Any]:
    """A node and all below it."""
    if isinstance(node, asp.AST):
        yield node
        for key in node.keys():  # noqa: SIM118 - an AST is no mapping
            if key != "location":
                yield from walk(getattr(node, key))
    elif isinstance(node, asp.ASTSequence | list | tuple):
        for part in node:
            yield from walk(part)


def body_atoms(rule: Parsed, *kinds: ASTType) -> Iterator[Any]:
    """The body literals whose atom is of one of the kinds."""
    for literal in rule.node.body:
        if literal.ast_type == ASTType.Literal and literal.atom.ast_type in kinds:
            yield literal


def in_force(rule: Parsed) -> list[str]:
    """The first argument of each in_force literal of a body."""
    atoms = body_atoms(rule, ASTType.SymbolicAtom)
    return [str(a.atom.symbol.arguments[0]) for a in atoms if predicate_of(a) == "in_force"]


def provisions(regime: str | None = None) -> set[str]:
    return {row[0] for row in law().table("provision") if regime in (None, row[1])}


def written() -> set[str]:
    """The provisions of the regimes of which anything is encoded."""
    left_out = {row[0] for row in law().table("not_encoded")}
    regimes = {row[1] for row in law().table("provision") if row[0] not in left_out}
    return {provision for regime in regimes for provision in provisions(regime)}


# -- rules and files ---------------------------------------------------------------------------------------------


def test_every_rule_that_concludes_something_names_a_provision_of_the_catalogue() -> None:
    known = {row[0] for row in law().table("provision")} - {row[0] for row in law().table("not_encoded")}
    for rule in rules("encodings/law/"):
        named = in_force(rule)
        assert set(named) <= known, (
            f"{rule.place} names {named}, which the catalogue does not have or says is not encoded"
        )
        if rule.head in CONTRACT:
            assert named, f"{rule.place} defines {rule.head} and names no provision"


def test_law_files_have_neither_choices_nor_constraints_nor_aggregates_nor_anonymous_variables() -> None:
    for rule in rules("encodings/law/") + rules("encodings/engine/"):
        head = rule.node.head
        assert head.ast_type == ASTType.Literal, f"{rule.place}: a choice or a disjunction"
        assert head.atom.ast_type == ASTType.SymbolicAtom, f"{rule.place}: a constraint"
        for literal in rule.node.body:
            assert literal.ast_type == ASTType.Literal, f"{rule.place}: a conditional literal"
            kinds = (ASTType.SymbolicAtom, ASTType.TheoryAtom, ASTType.Comparison)
            assert literal.atom.ast_type in kinds, f"{rule.place}: an aggregate or something else"
        if rule.file.startswith("encodings/law/"):
            names = {str(n.name) for n in walk([head, *rule.node.body]) if n.ast_type == ASTType.Variable}
            assert "_" not in names, f"{rule.place}: an anonymous variable"


def test_numbers_and_dates_stand_under_facts_only() -> None:
    for rule in rules("encodings/law/"):
        for node in walk([rule.node.head, *rule.node.body]):
            if node.ast_type == ASTType.SymbolicTerm:
                assert node.symbol.type != SymbolType.Number, f"{rule.place}: the number {node}"
                assert not re.search(r"\d{4}-\d\d", str(node)), f"{rule.place}: the date {node}"


def test_a_negated_comparison_stands_beside_something_that_says_its_dates_exist() -> None:
    for rule in rules("encodings/law/"):
        literals = list(body_atoms(rule, ASTType.TheoryAtom))
        there = {point for one in literals if one.sign == asp.Sign.NoSign for point in points_of(one.atom)}
        for literal in literals:
            if literal.sign != asp.Sign.NoSign and literal.atom.term.name in ("date", "number", "unbroken"):
                missing = points_of(literal.atom) - there
                assert not missing, f"{rule.place}: {literal} is also true when {missing} has not happened"


def points_of(atom: Any) -> set[str]:
    """The points that a comparison reads."""
    names = {entry.name for entry in law().entries if entry.point}
    terms = [term for element in atom.elements for term in element.terms]
    terms += [atom.guard.term] if atom.guard else []
    functions = (n for n in walk(terms) if n.ast_type in (ASTType.TheoryFunction, ASTType.SymbolicTerm))
    return {str(n) for n in functions if getattr(n, "name", str(n)) in names - {"assessed"}}


def test_every_law_file_is_reached_from_the_table_of_contents() -> None:
    listed = {path.resolve() for path in law_files(ROOT)}
    written = {path.resolve() for folder in ("encodings", "facts") for path in (ROOT / folder).glob("**/*.lp")}
    assert listed == written


@pytest.mark.parametrize("path", law_files(ROOT), ids=short)
def test_a_law_file_begins_with_its_title_and_a_rule_file_says_what_it_reads_and_defines(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert re.match(r"%# \S", lines[0])
    if short(path).startswith(("encodings/law/", "encodings/engine/")):
        assert len(lines) <= 100
        header = "\n".join(lines[: lines.index("")])
        keys = ("Law", "Reads", "Defines") if "/law/" in short(path) else ("Reads", "Defines")
        missing = [key for key in keys if not re.search(rf"^%  {key} +\S", header, re.MULTILINE)]
        assert not missing


@pytest.mark.parametrize("path", RULE_FILES, ids=short)
def test_the_predicates_that_a_header_says_a_file_defines_are_the_ones_it_defines_for_others(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    header = text[: text.index("\n\n")]
    stated = set(re.findall(r"(\w+)/\d", header.partition("Defines")[2]))
    own = {rule.head for rule in rules() if rule.file == short(path)}
    elsewhere = {predicate_of(literal) for rule in rules("encodings/law/") if rule.file != short(path)
                 for literal in body_atoms(rule, ASTType.SymbolicAtom)}  # fmt: skip
    needed = own & (CONTRACT | {name for name in elsewhere if name})
    assert stated - own == set(), "the header names predicates that the file does not define"
    assert needed - stated == set(), "the file defines predicates for others that its header does not name"


# -- stratification: unification of heads and body atoms -----------------------------------------------------------

Term = Any  # ("?", n) for a variable, (name, *arguments) for a function, else a constant


class Clauses:
    """The rules as clauses with terms; tables of facts stand for what they list, so that constants meet."""

    def __init__(self) -> None:
        self.tables = law().facts
        self.clauses: dict[str, list[tuple[Term, list[tuple[bool, Term]]]]] = {}
        self.fresh = count()
        for rule in rules("encodings/"):
            if rule.head is not None and rule.head not in self.tables:
                names: dict[str, Term] = {}
                head = self.term(rule.node.head.atom.symbol, names)
                body = [(literal.sign != asp.Sign.NoSign, self.term(literal.atom.symbol, names))
                        for literal in body_atoms(rule, ASTType.SymbolicAtom)]  # fmt: skip
                self.clauses.setdefault(rule.head, []).append((head, body))

    def term(self, node: Any, names: dict[str, Term]) -> Term:
        if node.ast_type == ASTType.Variable and str(node.name) != "_":
            return names.setdefault(str(node.name), ("?", next(self.fresh)))
        if node.ast_type == ASTType.SymbolicTerm:
            symbol = node.symbol
            return (
                symbol.number
                if symbol.type == SymbolType.Number
                else symbol.string
                if symbol.type == SymbolType.String
                else symbol.name
            )
        if node.ast_type == ASTType.Function:
            return (str(node.name), *(self.term(argument, names) for argument in node.arguments))
        return ("?", next(self.fresh))  # pools, intervals, sums, `_`: may be anything

    def below(self, goal: Term) -> Iterator[Term]:
        """What an atom of the form of ``goal`` can depend on directly, most general unifiers applied."""
        for head, body in self.clauses.get(goal[0], ()):
            renamed = self.renamed((head, [atom for _, atom in body]))
            bound = unify(goal, renamed[0], {})
            if bound is None:
                continue
            literals = list(zip([negated for negated, _ in body], renamed[1], strict=True))
            listed = [atom for negated, atom in literals if not negated and atom[0] in self.tables]
            for solution in self.joined(listed, bound):
                for _, atom in literals:
                    if atom[0] not in self.tables:
                        yield canonical(resolve(atom, solution))

    def joined(self, listed: list[Term], bound: dict[int, Term]) -> Iterator[dict[int, Term]]:
        if not listed:
            yield bound
            return
        for row in self.tables[listed[0][0]]:
            found = unify(listed[0], (listed[0][0], *row), bound)
            if found is not None:
                yield from self.joined(listed[1:], found)

    def renamed(self, part: Any, names: dict[int, Term] | None = None) -> Any:
        names = {} if names is None else names
        if isinstance(part, tuple) and part and part[0] == "?":
            return names.setdefault(part[1], ("?", next(self.fresh)))
        if isinstance(part, tuple | list):
            return type(part)(self.renamed(p, names) for p in part)
        return part


def resolve(term: Term, bound: dict[int, Term]) -> Term:
    if not isinstance(term, tuple):
        return term
    if term[0] == "?":
        return resolve(bound[term[1]], bound) if term[1] in bound else term
    return (term[0], *(resolve(argument, bound) for argument in term[1:]))


def unify(left: Term, right: Term, bound: dict[int, Term]) -> dict[int, Term] | None:
    """The most general unifier on top of ``bound``, or None."""
    left, right = resolve(left, bound), resolve(right, bound)
    if left == right:
        return bound
    for one, other in ((left, right), (right, left)):
        if isinstance(one, tuple) and one[0] == "?":
            return bound | {one[1]: other}
    if not (isinstance(left, tuple) and isinstance(right, tuple)) or (left[0], len(left)) != (right[0], len(right)):
        return None
    for one, other in zip(left[1:], right[1:], strict=True):
        found = unify(one, other, bound)
        if found is None:
            return None
        bound = found
    return bound


def canonical(term: Term, names: dict[int, int] | None = None) -> Term:
    """The term with its variables numbered in order."""
    names = {} if names is None else names
    if not isinstance(term, tuple):
        return term
    if term[0] == "?":
        return ("?", names.setdefault(term[1], len(names)))
    return (term[0], *(canonical(argument, names) for argument in term[1:]))


def cycle(clauses: Clauses) -> list[Term] | None:
    """Atom forms that depend on themselves, from the most general form of every predicate on; None when there are none."""
    done: set[Term] = set()
    for name, listed in clauses.clauses.items():
        start = (name, *(("?", index) for index in range(len(listed[0][0]) - 1)))
        trail: dict[Term, Iterator[Term]] = {start: iter(set(clauses.below(start)))} if start not in done else {}
        while trail:
            current = next(reversed(trail))
            following = next(trail[current], None)
            if following is None:
                del trail[current]
                done.add(current)
            elif following in trail:
                forms = list(trail)
                return forms[forms.index(following) :]
            elif following not in done:
                trail[following] = iter(set(clauses.below(following)))
    return None


def test_no_conclusion_of_the_law_depends_on_itself() -> None:
    assert cycle(Clauses()) is None


def test_a_conclusion_that_depends_on_itself_would_be_found() -> None:
    clauses = Clauses()
    person = ("?", -1)
    clauses.clauses["art_10_again"] = [(("art_10_again", person), [(False, ("eligible", person, "ip_spouse"))])]
    clauses.clauses["satisfied"].append(
        (("satisfied", person, "ip_spouse", "marriage"), [(True, ("art_10_again", person))])
    )
    found = cycle(clauses)
    assert found is not None
    assert "art_10_again" in {form[0] for form in found}


# -- vocabulary and catalogue --------------------------------------------------------------------------------------


def test_every_input_and_point_is_documented_directly_above_its_declaration() -> None:
    entries = {entry.name: entry for entry in law().entries}
    assert len(entries) == len(law().entries), "an entry is documented twice"
    declared: dict[str, int] = {}
    for file in sorted({s.file for s in statements() if s.file.startswith("encodings/vocabulary")}):
        nodes = [s.node for s in statements() if s.file == file]
        documented, last = "", 0
        for node in nodes:
            begin, text = node.location.begin.line, str(getattr(node, "value", ""))
            if node.ast_type == ASTType.Comment:
                documented = (
                    re.split(r"[ (\n]", text.removeprefix("%*! ").removeprefix("point "))[0]
                    if text.startswith("%*!")
                    else ""
                )
            if node.ast_type == ASTType.External or (
                node.ast_type == ASTType.Rule and predicate_of(node.head) == "point"
            ):
                symbol = node.atom.symbol if node.ast_type == ASTType.External else node.head.atom.symbol
                point = node.ast_type == ASTType.Rule
                name = str(symbol.arguments[0]) if point else str(symbol.name)
                assert documented == name, f"{file}:{begin}: {name} is not documented directly above"
                assert begin == last + 1, f"{file}:{begin}: a gap between {name} and its documentation"
                assert entries[name].point == point
                declared[name] = len(entries[name].arguments) if point else len(symbol.arguments)
            last = node.location.end.line
            if node.ast_type == ASTType.Comment and text.endswith("\n"):
                last -= 1
    assert declared == {name: len(entry.arguments) for name, entry in entries.items()}


@pytest.mark.parametrize("entry", law().entries, ids=lambda entry: entry.name)
def test_an_entry_leads_to_a_place_in_a_case_file_and_says_what_silence_means(entry: Entry) -> None:
    assert entry.silence in ("unknown", "no", "yes", "closed", "default")
    assert entry.kind in ("fixed", "obtainable", "time", "choice", "reading")
    unnamed = [name for name in entry.arguments if "{" + name + "}" not in entry.path]
    assert len(unnamed) <= (0 if entry.point else 1), "more than one argument that the path does not name"
    known = set(model_paths())
    path = re.sub(r"\{\w+\}", "*", entry.path)
    path = re.sub(r"^(unions)\.\*\.\*\.(\*|any)", r"\1.*", path)
    path = re.sub(r"^documents\.\*\.\*\.\*", "applications.*.documents.*", path).removesuffix(".lawful")
    if path.endswith(".evacuation.*"):  # one input for the consents of two States
        assert [p for p in known if p.startswith(path.removesuffix("*") + "consent_")]
    else:
        assert any(
            re.fullmatch(path.replace(".", r"\.").replace("*", r"(\*|\w+)"), known_path) for known_path in known
        ), path


@cache
def model_paths() -> frozenset[str]:
    """Every path of a case file, with stars for ids and numbers."""

    def below(model: Any, prefix: str) -> Iterator[str]:
        for name, info in model.model_fields.items():
            for path, inner in kinds(info.annotation, f"{prefix}{info.alias or name}"):
                yield path
                if inner is not None:
                    yield from below(inner, f"{path}.")

    def kinds(annotation: Any, path: str) -> Iterator[tuple[str, Any]]:
        text = repr(annotation)
        inner = [m for name, m in vars(reasoner.case_model).items() if isinstance(m, type) and hasattr(m, "model_fields")
                 and re.search(rf"\b{name}\b", text) and m is not Case]  # fmt: skip
        many = any(word in text for word in ("dict[", "tuple["))
        yield path, None
        if many:
            yield f"{path}.*", inner[0] if inner else None
        elif inner:
            yield path, inner[0]

    return frozenset(below(Case, ""))


TABLES_BY_PROVISION = {"source": 0, "article": 0, "clock": 0, "in_force_from": 0, "in_force_until": 0, "not_encoded": 0,
                       "period": 0, "age": 0, "least": 0, "window": 0, "opens_before": 0, "closes_before": 0,
                       "period_after": 0, "amount": 1, "reading_of": 1}  # fmt: skip


@pytest.mark.parametrize("table", TABLES_BY_PROVISION)
def test_tables_speak_of_provisions_of_the_catalogue_only(table: str) -> None:
    used = {row[TABLES_BY_PROVISION[table]] for row in law().table(table)}
    assert used or table == "not_encoded"
    assert used <= provisions()


def test_every_encoded_provision_is_named_by_a_rule() -> None:
    left_out = {row[0] for row in law().table("not_encoded")}
    rules_of = {row[0] for row in law().table("provision") if row[3] != "note"}
    assert written() & rules_of - left_out <= set(law().provision_rules)
    assert not left_out & set(law().provision_rules)


def test_every_provision_has_lines_of_a_known_source_and_the_encoded_ones_an_article_and_a_clock() -> None:
    documents = {row[0] for row in law().table("source_document")}
    for _, document, lines in law().table("source"):
        assert document in documents
        assert re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", str(lines)), lines
    assert {row[0] for row in law().table("source")} == provisions()
    for table in ("article", "clock"):
        assert {row[0] for row in law().table(table)} >= written(), table
    assert {row[1] for row in law().table("clock")} <= {"application", "assessment"}
    listed = [row[0] for row in law().table("provision")]
    assert len(listed) == len(set(listed))


def test_every_kind_of_effect_is_that_of_an_effect_of_a_rule() -> None:
    kinds = {row[0]: row[1] for row in law().table("effect_kind")}
    assert set(kinds.values()) <= {"right", "duty", "power", "risk"}
    assert len(kinds) == len(law().table("effect_kind"))
    assert set(kinds) == ids("effect", 3)


# -- wording -------------------------------------------------------------------------------------------------------

LANGUAGES = wording.languages()
SPECIAL = frozenset(
    {"condition", "effect", "warning", "eligible", "not_eligible", "discretionary"}
)  # render/sentences.py


@cache
def large() -> GroundProgram:
    """A ground program in which everything occurs: two join a third, all play every role, with a paper of every type."""
    slots = tuple((n, str(kind), 1) for n in (1, 2, 3) for kind, role in law().table("document_type")
                  if role == "holder" or n > 1)  # fmt: skip
    roles = tuple((role, (1, 2, 3)) for role in law().role_of.values())
    return store().program(Shape(4, ((2, 1), (3, 1)), roles, tuple(sorted(set(slots)))))


def ids(predicate: str, place: int) -> set[str]:
    """The constants at a place of a predicate; of a compound constant its name."""
    found = (large().atoms[number][place] for number in large().by_predicate.get(predicate, ()))
    return {str(value[0] if isinstance(value, tuple) else value) for value in found}


@cache
def sections(language: str) -> dict[str, dict[str, Any]]:
    return wording.read(language)


def flat(part: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(part, dict):
        for key, value in part.items():
            yield from flat(value, f"{path}.{key}")
    else:
        yield path, part


def placeholders(sentence: Any) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name} if isinstance(sentence, str) else set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_have_the_same_entries_with_the_same_placeholders(language: str) -> None:
    def entries(name: str) -> dict[str, Any]:
        # What belongs to the grammar of one language alone has no counterpart.
        return {path: value for path, value in flat(sections(name)) if not path.startswith(".grammar")}

    own, first = entries(language), entries(LANGUAGES[0])
    assert set(own) == set(first)
    for path, value in first.items():
        assert placeholders(own[path]) == placeholders(value), path
        if path.endswith(".args"):
            assert own[path] == value, path


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_a_result_can_name_has_a_sentence(language: str) -> None:
    found = sections(language)
    requirements = ids("document", 3) | {str(row[0]) for row in law().table("document_type")}
    needed: dict[str, set[str]] = {
        "conditions": ids("requires", 3),
        "effects": ids("effect", 3) | {str(row[0]) for row in law().table("effect_kind")},
        "deadlines": ids("deadline", 3),
        "fees": ids("fee", 3) | {str(row[0]) for row in law().table("amount")},
        "tasks": ids("authority", 3),
        "authorities": ids("authority", 4),
        "channels": ids("channel", 3),
        "warnings": ids("warning", 3),
        "documents": requirements,
        "defects": ids("defect", 4),
        "routes": {str(row[0]) for row in law().table("route")},
        "variants": {str(row[1]) for row in law().table("variant_of")},
        "classes": {str(row[0]) for row in law().table("member")},
        "readings": {str(row[0]) for row in law().table("reading_option")},
        "regimes": {str(row[1]) for row in law().table("provision")},
        "sources": {str(row[1]) for row in law().table("source_document")},
        "provisions": provisions(),
        "kinds": {str(row[1]) for row in law().table("effect_kind")},
        "units": {"years", "months", "days", "hours", "times", "units"},
        "conclusions": {"eligible", "not_eligible", "discretionary", "undetermined"},
        "results": {"eligible", "not_eligible", "discretionary", "undetermined"},
        "files": {"complete", "incomplete", "undetermined", "not_applicable"},
    }
    missing = {section: sorted(names - set(found.get(section, {}))) for section, names in needed.items()}
    assert not {section: names for section, names in missing.items() if names}
    for question, answer in law().table("reading_option"):
        assert {"title", str(answer)} <= set(found["readings"][question]), question
    for name in found["classes"]:
        assert {"yes", "no"} <= set(found["classes"][name])
    for provision, *_ in law().table("provision"):
        wanted = {"title", "statement"} if provision in written() else {"title"}
        assert wanted <= {key for key, text in found["provisions"][provision].items() if text}, provision


def test_every_word_of_an_article_label_can_be_said_in_each_language() -> None:
    parts = sections("en")["citations"]
    assert all(parts[part] == part for part in parts)
    same = {"art", "a", "bis", "duodecies", "C", "A", "S", "XC", "Afrin", "KR"}  # signs and names
    for _, label in law().table("article"):
        rest = str(label)
        for part in sorted(parts, key=len, reverse=True):
            rest = re.sub(rf"\b{re.escape(part)}(?!\w)", "", rest)
        assert set(re.findall(r"[A-Za-z]+", rest)) <= same, label


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_predicate_that_an_explanation_can_show_has_a_sentence_that_fits_its_arguments(language: str) -> None:
    atoms, points = sections(language)["atoms"], sections(language)["points"]
    arity = {name: len(large().atoms[numbers[0]]) - 1 for name, numbers in large().by_predicate.items()}
    read = {predicate_of(literal) for rule in rules("encodings/") for literal in body_atoms(rule, ASTType.SymbolicAtom)}
    derived = {
        rule.head for rule in law().rules if rule.tagged and rule.head in read | (set(arity) - CONTRACT)
    } - SPECIAL
    assert {name for name in derived if name in arity} - set(atoms) == set()
    for entry in law().entries:
        kept = points if entry.point else atoms
        assert entry.name in kept, entry.name
        assert len(kept[entry.name]["args"]) == len(entry.arguments), entry.name
        if entry.path != "assessed_on":
            assert kept[entry.name].get("ask"), f"nothing asks for {entry.name}"
    for name, entry_of in atoms.items():
        assert {"yes", "no"} <= set(entry_of), name
        assert len(entry_of["args"]) == arity.get(name, len(entry_of["args"])), f"{name}: number of arguments"
    for kept in (atoms, points):
        for name, entry_of in kept.items():
            for key in ("yes", "no", "text", "ask"):
                assert placeholders(entry_of.get(key, "")) <= set(entry_of["args"]), f"{name}.{key}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_of_the_vocabulary_is_said_in_words(language: str) -> None:
    found = sections(language)
    words = {**found["documents"], **found["conditions"], **found["routes"]}
    for name, value in law().table("value"):
        said = f"{name}.{value}" in found["terms"] or value in found["terms"] or value in words
        assert said, f"{name}: {value}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_about_people_names_nobody_that_a_result_does_not_give(language: str) -> None:
    given = {"conditions": {"Person", "Applicant", "Sponsor", "Route"}, "conclusions": {"Person", "Applicant", "Sponsor", "Route"},
             "effects": {"Person", "Applicant", "Sponsor"}, "deadlines": set(), "fees": set(), "tasks": set(),
             "authorities": set(), "channels": set(), "documents": set(), "defects": set(), "routes": set()}  # fmt: skip
    for section, names in given.items():
        for key, sentence in sections(language)[section].items():
            assert placeholders(sentence) <= names, f"{section}.{key}"


# -- Python --------------------------------------------------------------------------------------------------------

MODULES = sorted(PACKAGE.glob("**/*.py"))
# Words that also mean something in a case file or in a result, whatever the law says.
GENERIC = {
    "means": "a key of the case file",
    "housing": "a key of the case file",
    "other": "a choice of words",
}


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "reasoner"


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """The string literals of a module that are no docstrings, with their line."""
    tree = python.parse(path.read_text(encoding="utf-8"))
    told = {id(node.value) for node in python.walk(tree) if isinstance(node, python.Expr)}
    for node in python.walk(tree):
        if isinstance(node, python.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_holds_no_law(path: Path) -> None:
    named = {"condition": ids("requires", 3), "document": ids("document", 3) | {str(r[0]) for r in law().table("document_type")},
             "route": {str(row[0]) for row in law().table("route")}, "effect": ids("effect", 3),
             "provision": provisions(), "defect": ids("defect", 4), "warning": ids("warning", 3)}  # fmt: skip
    # A name that is also a key of a case file says nothing about the law.
    keys = {part for known in model_paths() for part in known.split(".")} | set(GENERIC)
    for line, text in strings(path):
        for kind, names in named.items():
            assert text not in names - keys, f"line {line} names the {kind} {text}"
        assert not [p for p in provisions() if p in text], f"line {line} names a provision"
        assert not re.search(r"\bart(icle|\.)? ?\d", text), f"line {line} names an article"


# A module imports only modules that stand above it.
LAYERS = [
    "reasoner",
    "errors",
    "wording",
    "days",
    "terms",
    "dates",
    "links",
    "axes",
    "cells",
    "yamlfile",
    "case_values",
    "case_dates",
    "case_model",
    "case_checks",
    "case",
    "reform",
    "lawcheck",
    "amend",
    "program",
    "ground",
    "store",
    "cast",
    "facts",
    "evaluate",
    "residue",
    "solve",
    "openness",
    "sampling",
    "explanation",
    "run",
    "outcome",
    "ranking",
    "engine",
    "versions",
    "instance",
    "target",
    "template",
    "batch",
    "batch.decider",
    "batch.synth_model",
    "batch.synth_days",
    "batch.synth_text",
    "batch.synth_faults",
    "batch.synth",
    "batch.synth_write",
    "quality",
    "quality.names",
    "quality.answers",
    "quality.expected",
    "quality.faults",
    "quality.changes",
    "quality.testfile",
    "quality.suite",
    "quality.mentions",
    "quality.lists",
    "quality.timing",
    "quality.processes",
    "quality.propagator",
    "quality.theory",
    "quality.space",
    "quality.casetext",
    "quality.witness",
    "quality.search",
    "quality.apart",
    "quality.check",
    "quality.difference",
    "quality.properties",
    "quality.recorded",
    "quality.checking",
    "quality.sides",
    "quality.neighbour",
    "quality.generate",
    "quality.variants",
    "quality.worlds",
    "quality.reasons",
    "quality.equivalence",
    "quality.trial",
    "quality.shared",
    "quality.coverage",
    "quality.mutation",
    "quality.proving",
    "quality.missing",
    "questions",
    "questions.remedy_case",
    "questions.remedy_part",
    "questions.remedy_views",
    "questions.remedy_dates",
    "questions.remedy_effects",
    "questions.remedy_moves",
    "questions.remedy_search",
    "questions.remedy_obstacles",
    "questions.remedy",
    "questions.scenario",
    "questions.comparison",
    "questions.whatif",
    "questions.flips",
    "questions.course",
    "questions.possible",
    "questions.causes",
    "questions.timeline",
    "questions.sweep",
    "questions.ask_answers",
    "questions.ask_places",
    "questions.ask_file",
    "questions.ask_start",
    "questions.ask_goals",
    "questions.ask_dates",
    "questions.ask_twins",
    "questions.ask_choice",
    "questions.ask_reasons",
    "questions.ask_next",
    "questions.interview",
    "batch",
    "batch",
    "batch.extras",
    "batch.decider",
    "batch.documents",
    "batch.fragments",
    "batch.rows",
    "batch.slow",
    "batch.values",
    "batch.days",
    "batch.distinct",
    "batch.tables",
    "batch.parts",
    "batch.written",
    "batch.reading",
    "batch.people",
    "batch.contradictions",
    "batch.group",
    "batch.paths",
    "batch.answers",
    "batch.seen",
    "batch.shape",
    "batch.assemble",
    "batch.columnar",
    "batch.mapping",
    "batch.places",
    "batch.growing",
    "batch.footer",
    "batch.encode",
    "batch.sources",
    "batch.prepare",
    "batch.tally",
    "batch.verify",
    "batch.pool",
    "batch.work",
    "batch.journal",
    "batch.cluster",
    "batch.running",
    "batch.laws",
    "batch.reach",
    "batch.impact",
    "batch.impacts",
    "batch.command",
    "batch.archive",
    "render",
    "render.sentences",
    "render.lines",
    "render.text",
    "render.markdown",
    "render.html",
    "render.lawtext",
    "render.rulebook",
    "render.show",
    "render.tests",
    "render.blocks",
    "render.subjects",
    "render.check",
    "render.difference",
    "render.remedy",
    "render.changes",
    "render.whatif",
    "render.picture",
    "render.timeline",
    "render.sweep",
    "render.junit",
    "render.mutation",
    "render.coverage",
    "render.page",
    "render.dateline",
    "render.report",
    "render.lawbook",
    "render.ask_source",
    "render.ask_words",
    "render.ask",
    "render.batch",
    "render.archive",
    "render.impact",
    "api",
    "cli",
    "__main__",
]
# For a type annotation only: what is checked is a part of what the program module keeps.
FOR_TYPES = {("lawcheck", "program"), ("quality.theory", "quality.space")}


def imports(path: Path) -> Iterator[str]:
    """The modules of this package that a module imports, anywhere in it."""
    for node in python.walk(python.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, python.ImportFrom) and (node.module or "").split(".")[0] == "reasoner":
            below = (node.module or "").removeprefix("reasoner").removeprefix(".")
            for alias in node.names:
                inner = f"{below}.{alias.name}".removeprefix(".")
                yield inner if inner in LAYERS else below or "reasoner"
        elif isinstance(node, python.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "reasoner":
                    yield alias.name.removeprefix("reasoner").removeprefix(".") or "reasoner"


def test_every_module_has_its_layer() -> None:
    assert {name_of(path) for path in MODULES} == set(LAYERS)


@pytest.mark.parametrize("path", [path for path in MODULES if name_of(path) != "reasoner"], ids=name_of)
def test_a_module_imports_only_modules_above_it(path: Path) -> None:
    place, name = LAYERS.index, name_of(path)
    below = [other for other in imports(path) if place(other) >= place(name) and (name, other) not in FOR_TYPES]
    assert not below
