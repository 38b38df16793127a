"""The law as a program: which files it consists of, its rules and what each of them cites.

A law file is read with ``clingo.ast`` once for each version of the law; everything later questions need
from the source (text, comment, place and provisions of every rule, the vocabulary, the tables under
``facts/``) is kept in a :class:`Law`, which is cheap to store and to load again.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from reasoner.errors import RulesError

if TYPE_CHECKING:  # clingo is imported only where a program is parsed or ground
    from clingo import ast

    from reasoner.reform import Reform

PACKAGE = Path(__file__).parent
TAG, SWITCH, POSSIBLE = "_rule", "_law", "_possible"


def law_root() -> Path:
    """The folder that holds ``encodings/`` and ``facts/``: inside an installed package, or the checkout around it."""
    installed = PACKAGE / "_law"
    return installed if installed.is_dir() else PACKAGE.parent


def law_files(root: Path) -> dict[Path, bytes]:
    """The law files with their contents, in the order in which ``encodings/main.lp`` lists them and what they
    include.

    Raises :class:`RulesError` when one cannot be read.
    """
    files: dict[str, bytes] = {}

    def visit(path: str) -> None:
        if path in files:
            return
        try:
            with open(path, "rb") as file:
                files[path] = content = file.read()
        except OSError as error:
            raise RulesError(f"{path}: the law file cannot be read ({error.strerror})") from None
        if b"#include" in content:
            folder = Path(path).parent
            for name in re.findall(rb'^#include\s+"([^"]+)"\s*\.', content, re.MULTILINE):
                visit(os.path.normpath(f"{folder}/{name.decode()}"))

    visit(str((root / "encodings" / "main.lp").resolve()))
    return {Path(path): content for path, content in files.items()}


def digest_of(root: Path, files: Mapping[Path, bytes], reforms: Sequence[Reform] = ()) -> str:
    """SHA-256 over names and contents of the law files and those of reforms: two runs with the same digest apply the
    same law."""
    base, total = root.resolve(), hashlib.sha256()
    for path, content in files.items():
        total.update(_name(base, path).encode() + b"\0" + content + b"\0")
    for reform in reforms:
        for name, content in reform.files.items():
            total.update(f"reform {reform.name}/{name}".encode() + b"\0" + content + b"\0")
    return total.hexdigest()


def _name(base: Path, path: Path) -> str:
    """The name of a file relative to the resolved root of the law."""
    return str(path).removeprefix(f"{base}{os.sep}").replace(os.sep, "/")


@dataclass(repr=False)
class Rule:
    """One rule of the law: where it stands, what it says, which provisions it names."""

    index: int
    file: str
    line: int
    text: str
    comment: str
    head: str
    variables: tuple[str, ...]
    provisions: tuple[str, ...]
    tagged: bool


class Entry(NamedTuple):
    """One documented input predicate or point of the vocabulary."""

    name: str
    arguments: tuple[str, ...]
    path: str
    silence: str
    kind: str
    point: bool

    @property
    def enumerated(self) -> bool:
        """Whether the last argument is the value found at the path (``civil_status(Person, Status)``)."""
        return not self.point and bool(self.arguments) and "{" + self.arguments[-1] + "}" not in self.path


class Change(NamedTuple):
    """One statement that a reform ``adds`` or ``ends``, and where it stands."""

    reform: str
    kind: str
    file: str
    line: int
    text: str


@dataclass(repr=False)
class Law:
    """One version of the law: rules, vocabulary and tables. ``facts`` maps a predicate to its argument tuples.

    ``changes`` are what the ``reforms`` made of the law they were given.
    """

    digest: str
    rules: tuple[Rule, ...]
    entries: tuple[Entry, ...]
    facts: dict[str, tuple[tuple[Any, ...], ...]]
    changes: tuple[Change, ...] = ()
    reforms: tuple[Reform, ...] = ()

    @cached_property
    def vocabulary(self) -> dict[str, Entry]:
        """Inputs and points by name."""
        return {entry.name: entry for entry in self.entries}

    @cached_property
    def point_kinds(self) -> dict[str, str]:
        """Point to the kind of its value."""
        return {str(name): str(kind) for name, kind in self.table("point")}

    @cached_property
    def document_types(self) -> tuple[tuple[str, str], ...]:
        """Types of documents, each with the role of those who hand it in, in order."""
        return tuple(sorted((str(kind), str(role)) for kind, role in self.table("document_type")))

    @cached_property
    def role_of(self) -> dict[str, str]:
        """Section of a person's data to the role of those who have it; laws that do not say so know one."""
        listed = self.table("sponsor_section") or (("protection", "holder"),)
        return {str(section): str(role) for section, role in listed}

    @cached_property
    def provision_rules(self) -> dict[str, tuple[Rule, ...]]:
        """Provision id to the rules that name it."""
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for provision in rule.provisions:
                found.setdefault(provision, []).append(rule)
        return {provision: tuple(rules) for provision, rules in found.items()}

    def table(self, name: str) -> tuple[tuple[Any, ...], ...]:
        """All facts of a predicate of ``facts/`` as tuples of its arguments, in source order."""
        return self.facts.get(name, ())

    @cached_property
    def choices(self) -> dict[str, tuple[str, ...]]:
        """For every path of a case file that takes one of a list of values (stars for its variable parts): the
        values."""
        found: dict[str, tuple[str, ...]] = {}
        for entry in self.entries:
            if entry.enumerated and not entry.path.startswith("readings"):
                values = tuple(str(value) for name, value in self.table("value") if name == entry.name)
                if values:
                    path = star(entry.path)
                    found[path] = (*found.get(path, ()), *values)
        found["applications.*.route"] = tuple(str(row[0]) for row in self.table("route"))
        found["documents.*.type"] = tuple(dict.fromkeys(str(row[0]) for row in self.table("document_type")))
        found["documents.*.variant"] = tuple(dict.fromkeys(str(row[1]) for row in self.table("variant_of")))
        for kind, variant in self.table("variant_of"):
            path = f"documents.*.variant.{kind}"
            found[path] = (*found.get(path, ()), str(variant))
        found["unions.*.kind"] = tuple(str(value) for name, value in self.table("value") if name == "union")
        for question, answer in self.table("reading_option"):
            path = f"readings.{question}"
            found[path] = (*found.get(path, ()), str(answer))
        return found

    def as_data(self) -> dict[str, Any]:
        """Plain data for the cache; :func:`law_from_data` is the inverse."""
        return {
            "digest": self.digest,
            "rules": [tuple(vars(rule).values()) for rule in self.rules],
            "entries": [tuple(entry) for entry in self.entries],
            "facts": self.facts,
            "changes": [tuple(change) for change in self.changes],
        }


def law_from_data(data: dict[str, Any], reforms: tuple[Reform, ...] = ()) -> Law:
    """The :class:`Law` that :meth:`Law.as_data` described; ``reforms`` are those that its digest covers."""
    return Law(
        data["digest"],
        tuple(Rule(*row) for row in data["rules"]),
        tuple(Entry(*row) for row in data["entries"]),
        data["facts"],
        tuple(Change(*row) for row in data["changes"]),
        reforms,
    )


def star(path: str, atom: tuple[Any, ...] = ()) -> str:
    """``persons.{Person}.born`` as ``persons.*.born``; the four-part document prefix as ``documents.*``.

    A reading keeps its name and the variant of a document its type, which ``atom`` gives: each has values of its own.
    """
    if path.startswith("readings.") and atom:
        return f"readings.{atom[1]}"
    starred = re.sub(r"^documents\.\*\.\*\.\*", "documents.*", re.sub(r"\{[^}]+\}", "*", path))
    return f"{starred}.{atom[2]}" if atom and starred == "documents.*.variant" else starred


@dataclass(eq=False, repr=False)
class Source:
    """A parsed law: the :class:`Law` that its statements give, and the predicates it shows.

    A varying rule goes to the grounder in two parts, through an atom that carries its identity and variables.
    """

    law: Law
    shown: tuple[str, ...]
    _parts: tuple[tuple[ast.AST, Rule | None], ...]  # each statement, with the rule that it is if it varies

    @property
    def statements(self) -> Iterator[ast.AST]:
        """What to ground, as parsed statements: they know where in the files they stand."""
        for node, rule in self._parts:
            yield from (node,) if rule is None else _through_tag(node, rule)

    @property
    def text(self) -> str:
        """What to ground as text, which is grounded, and made, faster."""
        return "\n".join(str(node) if rule is None else _as_text(node, rule) for node, rule in self._parts)


def parse(root: Path, reforms: tuple[Reform, ...] = ()) -> Source:
    """The law under ``root`` with its reforms, parsed, checked and tagged.

    Raises :class:`RulesError` naming file and line for anything clingo cannot parse or the vocabulary does not declare.
    """
    from clingo import ast

    from reasoner import lawcheck

    files, base = law_files(root), root.resolve()
    for path, content in files.items():
        lawcheck.check_letters(_name(base, path), content.decode())
    parsed: Sequence[tuple[str, list[ast.AST]]] = _parse_files(root)
    ended, changes = frozenset[int](), list[Change]()
    if reforms:
        from reasoner.amend import amended

        parsed, ended, rows = amended(parsed, reforms)
        changes = [Change(*row) for row in rows]
    statements = [
        (name, node) for name, nodes in parsed for node in nodes if not _skipped(node, ast) and id(node) not in ended
    ]
    laws = [(name, node) for name, node in statements if node.ast_type == ast.ASTType.Rule]
    heads = {id(node): predicate_of(node.head) for _, node in laws}
    bodies = {id(node): [*map(_rests_on, node.body)] for _, node in laws}
    static = _static_predicates([node for _, node in statements], heads, bodies)
    entries = tuple(_entries(parsed))
    lawcheck.check_choices(laws)
    lawcheck.check_comparisons([(name, node) for name, node in laws if None in bodies[id(node)]], entries)
    parts, rules = _told_apart(parsed, static, ended, heads, bodies)
    facts = _tables([node for _, node in laws if heads[id(node)] in static])
    shown = tuple(str(node.name) for node, _ in parts if node.ast_type == ast.ASTType.ShowSignature)
    law = Law(digest_of(root, files, reforms), tuple(rules), entries, facts, tuple(changes), reforms)
    return Source(law, shown, tuple(parts))


def _parse_files(root: Path) -> list[tuple[str, list[ast.AST]]]:
    """Statements and comments of every law file, by the name of the file relative to ``root``."""
    from clingo import ast

    nodes: list[ast.AST] = []
    messages: list[str] = []
    main = root / "encodings" / "main.lp"
    try:
        ast.parse_files([str(main)], nodes.append, logger=lambda _code, message: messages.append(message))
    except RuntimeError:
        raise RulesError("\n".join(messages) or f"{main}: cannot be parsed") from None
    files: dict[str, list[ast.AST]] = {}
    for node in nodes:
        files.setdefault(node.location.begin.filename, []).append(node)
    base = root.resolve()
    return [(_name(base, Path(name).resolve()), found) for name, found in files.items()]


def _skipped(node: ast.AST, kinds: Any) -> bool:
    return node.ast_type in (kinds.ASTType.Comment, kinds.ASTType.Program)


_NAME = r"_*[a-z][\w']*"
_VARIABLE = r'"(?:\\.|[^"\\])*"|(?<![\w\'])(_*[A-Z][\w\']*)'  # what is quoted is none


def predicate_of(literal: Any) -> str | None:
    """``name`` of the symbolic atom in a literal, or of a pool of them; None for a comparison or theory atom."""
    return _name_in(getattr(literal, "atom", None))


def _name_in(atom: Any) -> str | None:
    symbol = getattr(atom, "symbol", None)
    found = None if symbol is None else re.search(_NAME, str(symbol))  # as text: its parts are slow to ask for
    return found and found[0]


Heads = Mapping[int, str | None]
"""Of each rule, by the identity of its node, the predicate it is about."""
Bodies = Mapping[int, Sequence[str | None]]
"""Of each rule, by the identity of its node, what the literals of its body rest on."""


def _static_predicates(nodes: Sequence[ast.AST], heads: Heads, bodies: Bodies) -> frozenset[str]:
    """Predicates that the shape of a case alone decides: no input and no comparison stands behind them."""
    from clingo import ast

    varying: set[str | None] = {None}
    varying.update(str(node.atom.symbol.name) for node in nodes if node.ast_type == ast.ASTType.External)
    rules = [(head, frozenset(bodies[rule])) for rule, head in heads.items() if head is not None]
    changed = True
    while changed:
        changed = False
        for head, body in rules:
            if head not in varying and not body.isdisjoint(varying):
                varying.add(head)
                changed = True
    return frozenset(head for head, _ in rules if head not in varying)


def _rests_on(literal: Any) -> str | None:
    """The predicate on which a literal rests: "" for none, None where it varies with a case whatever that is."""
    from clingo import ast

    atom = getattr(literal, "atom", None)
    kind = ast.ASTType.Comparison if atom is None else atom.ast_type
    if kind == ast.ASTType.Comparison:
        return ""
    if kind in (ast.ASTType.TheoryAtom, ast.ASTType.BodyAggregate):
        return None
    return _name_in(atom) or str(atom)


def _told_apart(
    parsed: Sequence[tuple[str, list[ast.AST]]],
    static: frozenset[str],
    ended: frozenset[int],
    heads: Heads,
    bodies: Bodies,
) -> tuple[list[tuple[ast.AST, Rule | None]], list[Rule]]:
    """The statements but those in ``ended``, each with the rule that it is if it varies, and all rules."""
    from clingo import ast

    parts: list[tuple[ast.AST, Rule | None]] = []
    rules: list[Rule] = []
    still = {"", *static, *SHAPE}
    for name, nodes in parsed:
        comments = _Comments(nodes)
        for node in nodes:
            if node.ast_type == ast.ASTType.Comment or id(node) in ended:
                continue
            head = heads.get(id(node))
            if head is None or name.startswith("facts/"):
                parts.append((node, None))
                continue
            text, line, body = str(node), comments.line[id(node)], bodies[id(node)]
            variables = variables_of(text)
            varies = head not in static and not still.issuperset(body)
            rules.append(
                Rule(
                    len(rules),
                    name,
                    line,
                    text,
                    comments.above(line),
                    head,
                    variables,
                    provisions_of(each for each, read in zip(node.body, body, strict=True) if read == "in_force"),
                    varies,
                )
            )
            parts.append((node, rules[-1] if varies else None))
    return parts, rules


SHAPE = frozenset({"person", "joins", "holder", "slot"})


def _as_text(node: ast.AST, rule: Rule) -> str:
    """A varying rule as :func:`_through_tag` has it."""
    head = str(node.head)
    body = rule.text[len(head) :].removeprefix(" :- ").removesuffix(".")
    tag = f"{TAG}({','.join((str(rule.index), *rule.variables))})"
    return f"{tag} :- {body}{'; ' if body else ''}{SWITCH}.\n{head} :- {tag}."


def _through_tag(node: ast.AST, rule: Rule) -> Iterator[ast.AST]:
    from clingo import ast, symbol

    where = node.location

    def literal(name: str, terms: list[ast.AST]) -> ast.AST:
        function = ast.Function(where, name, terms, 0)
        return ast.Literal(where, ast.Sign.NoSign, ast.SymbolicAtom(function))

    terms = [
        ast.SymbolicTerm(where, symbol.Number(rule.index)),
        *(ast.Variable(where, name) for name in rule.variables),
    ]
    yield ast.Rule(where, literal(TAG, terms), [*node.body, literal(SWITCH, [])])
    yield ast.Rule(where, node.head, [literal(TAG, terms)])


def variables_of(node: ast.AST | str) -> tuple[str, ...]:
    """The names of the variables of a rule or of a part of one, or of its text, sorted."""
    return tuple(sorted({name for name in re.findall(_VARIABLE, str(node)) if name}))


def provisions_of(body: Iterable[Any]) -> tuple[str, ...]:
    """The provisions that the literals of a body name."""
    found = []
    for literal in body:
        if named := re.match(rf"in_force\(({_NAME})[,)]", str(literal)):  # as text: its parts are slow to ask for
            found.append(named[1])
    return tuple(found)


class _Comments:
    """The lines of nodes, and the comment lines that stand directly above a line."""

    def __init__(self, nodes: Sequence[ast.AST]) -> None:
        from clingo import ast

        self.line: dict[int, int] = {}  # of each node, by its identity
        self._lines: dict[int, str] = {}
        self._own: dict[int, int] = {}
        for node in nodes:
            where = node.location
            first, last = where.begin.line, where.end.line
            self.line[id(node)] = first
            if node.ast_type == ast.ASTType.Comment:
                for offset, text in enumerate(str(node.value).splitlines()):
                    self._lines[first + offset] = text.lstrip("%").strip()
            else:
                self._own.update(dict.fromkeys(range(first, last + 1), first))

    def above(self, line: int) -> str:
        """Comment above ``line``; rules that follow each other without a blank line share the one above the first."""
        line -= 1
        while line in self._own and line not in self._lines:
            line = self._own[line] - 1
        found: list[str] = []
        while line in self._lines:
            found.insert(0, self._lines[line])
            line -= 1
        return " ".join(found)


def _entries(parsed: Sequence[tuple[str, list[ast.AST]]]) -> Iterator[Entry]:
    from clingo import ast

    for name, nodes in parsed:
        for node in nodes:
            text = str(node.value) if node.ast_type == ast.ASTType.Comment else ""
            if not text.startswith("%*!"):
                continue
            lines = text.removeprefix("%*!").removesuffix("*%").strip().splitlines()
            title = lines[0].strip()
            keys = dict(line.split(None, 1) for line in lines[1:] if len(line.split(None, 1)) == 2)
            point = title.startswith("point ")
            signature = title.removeprefix("point ").strip()
            match = re.fullmatch(r"(\w+)(?:\(([^)]*)\))?", signature)
            if match is None or not {"path", "silence", "kind"} <= keys.keys():
                raise RulesError(
                    f"{name}:{node.location.begin.line}: an entry needs a signature, path, silence and kind"
                )
            arguments = tuple(part.strip() for part in (match[2] or "").split(",") if part.strip())
            yield Entry(
                match[1],
                arguments,
                keys["path"].strip(),
                keys["silence"].strip(),
                keys["kind"].strip(),
                point,
            )


def _tables(rules: Iterable[ast.AST]) -> dict[str, tuple[tuple[Any, ...], ...]]:
    """Every predicate of some rules that do not depend on a case, as plain tuples in the order of the source."""
    from clingo import Control
    from clingo.ast import ProgramBuilder

    log: list[str] = []
    control = Control(["--warn=none"], logger=lambda _code, message: log.append(message))
    with ProgramBuilder(control) as builder:
        for rule in rules:
            builder.add(rule)
    try:
        control.ground()
    except RuntimeError:
        raise RulesError("\n".join(log) or "the tables under facts/ cannot be ground") from None
    found: dict[str, list[tuple[Any, ...]]] = {}
    for atom in control.symbolic_atoms:
        found.setdefault(atom.symbol.name, []).append(tuple(plain(argument) for argument in atom.symbol.arguments))
    return {name: tuple(rows) for name, rows in found.items()}


@cache
def plain(symbol: Any) -> Any:
    """A clingo symbol as plain data: a number, a string (of a constant or a text), or a tuple (name, *arguments)."""
    from clingo import SymbolType

    if symbol.type == SymbolType.Number:
        return symbol.number
    if symbol.type == SymbolType.String:
        return symbol.string
    if not symbol.arguments:
        return symbol.name
    return (symbol.name, *(plain(argument) for argument in symbol.arguments))
