"""The commands: options, call, print, exit code."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from datetime import date
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reasoner import __version__

if TYPE_CHECKING:
    from reasoner.engine import Decision, Engine
    from reasoner.quality.suite import LawTest
    from reasoner.questions.whatif import Asked
    from reasoner.wording import Wording

# Pydantic looks for plugins in every installed distribution before it builds its first model; the commands use none.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

app = typer.Typer(
    name="reasoner",
    help="Eligibility for residence and family reunification: who is entitled to what, what is missing, and why.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Format(StrEnum):
    """How a result is printed."""

    text = "text"
    json = "json"
    markdown = "markdown"


class PageFormat(StrEnum):
    """How a result that can be a page is printed."""

    text = "text"
    json = "json"
    markdown = "markdown"
    html = "html"


class Papers(StrEnum):
    """Which papers an interview asks for."""

    state = "state"
    each = "each"
    none = "none"


CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="Case file in YAML or JSON; - reads standard input.")]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print the result.")]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="Day of assessment, e.g. 2025-03-10; nothing else is moved."),
]
ReadingOption = Annotated[
    list[str] | None,
    typer.Option("--reading", metavar="NAME=VALUE", help="Answer to a question the law leaves open; may be repeated."),
]
ReformOption = Annotated[
    list[Path] | None,
    typer.Option("--reform", metavar="FOLDER", help="Law under the reform in this folder; may be repeated."),
]
NothingOption = Annotated[
    bool, typer.Option("--assume-nothing", help="Leave open what silence in the file would otherwise answer.")
]
LangOption = Annotated[
    str, typer.Option("--lang", "-l", envvar="REASONER_LANG", help="Language of the answer: en, fr or nl.")
]
PersonOption = Annotated[str | None, typer.Option("--person", "-p", metavar="ID", help="Only this person.")]
RouteOption = Annotated[
    str | None, typer.Option("--route", "-r", metavar="ROUTE", help="Only this route, also one the facts do not open.")
]
TestsArgument = Annotated[
    list[Path] | None,
    typer.Argument(metavar="PATH", help="Test files and folders; if none is given, the law's own tests."),
]
JunitOption = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Write the results to this file as JUnit XML.")
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to this file instead of standard output."),
]
SvgOption = Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Draw the answer into this file.")]
InputsArgument = Annotated[
    list[str],
    typer.Argument(metavar="INPUT...", help="Case files, folders of them, JSONL, Parquet or CSV files; - reads JSONL."),
]
MappingOption = Annotated[
    Path | None, typer.Option("--mapping", metavar="FILE", help="Which column of a table belongs where in a case.")
]
WorkersOption = Annotated[int, typer.Option("--workers", "-w", min=1, metavar="N", help="Processes that decide.")]
SchedulerOption = Annotated[
    str, typer.Option("--scheduler", metavar="ADDRESS", help="Work on the Dask cluster with this scheduler.")
]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on with a run that was broken off.")]
ReplaceOption = Annotated[bool, typer.Option("--force", help="Replace an output that exists.")]
PieceOption = Annotated[
    int, typer.Option("--piece", min=1, metavar="KIB", help="How much of the archive is decided at once.")
]
DepthOption = Annotated[
    int | None, typer.Option("--depth", "-d", min=0, metavar="N", help="Cut the tree below this many levels.")
]


def main() -> None:
    """Runs the command line; every error the reasoner knows ends with its message and exit code, none with a
    traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # signs that a terminal cannot show are replaced; a pipe gets UTF-8
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")
    # One command and its end: looking for garbage while it starts, and tearing everything down again, costs a fifth
    # of a decision.
    gc.set_threshold(200_000, 10, 10)
    # Typer prepares every command it knows before it runs one, which costs another eighth.
    called = [each for each in app.registered_commands if each.callback and each.callback.__name__ in sys.argv[1:2]]
    app.registered_commands = called or app.registered_commands
    try:
        app()
    except SystemExit as end:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(end.code if isinstance(end.code, int) else 0 if end.code is None else 1)


def _version(asked: bool) -> None:
    if asked:
        print(f"reasoner {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


@app.command(epilog="Example: reasoner decide examples/spouse-under-21/case.yaml --lang fr")
def decide(
    case: CaseArgument,
    person: PersonOption = None,
    route: RouteOption = None,
    depth: DepthOption = None,
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Explain what is met as fully as what is not.")
    ] = False,
    format: FormatOption = Format.text,
    as_of: AsOfOption = None,
    reading: ReadingOption = None,
    assume_nothing: NothingOption = False,
    reform: ReformOption = None,
    lang: LangOption = "en",
) -> None:
    """What each person in a case is entitled to, what is missing, which dates apply, and why."""
    with _reported(lang, reform) as wording:
        decision = _decided(wording, case, as_of, reading, assume_nothing, reform)
        from reasoner.render import show

        show.decision(decision, wording, format.value, person=person, route=route, depth=depth, full=everything)


@app.command(
    epilog="Example: reasoner whatif examples/spouse-under-21/case.yaml --set 'applications[amal].filed=2025-03-04'"
)
def whatif(
    case: CaseArgument,
    set: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change what the case file says there; may be repeated."),
    ] = None,
    unset: Annotated[
        list[str] | None, typer.Option("--unset", metavar="PATH", help="Take out what stands there; may be repeated.")
    ] = None,
    add_document: Annotated[
        list[str] | None,
        typer.Option("--add-document", metavar="[PERSON:]TYPE", help="Add a paper without fault; may be repeated."),
    ] = None,
    scenarios: Annotated[
        Path | None, typer.Option("--scenarios", metavar="FILE", help="Compare the named scenarios in this YAML file.")
    ] = None,
    person: PersonOption = None,
    route: RouteOption = None,
    everything: Annotated[bool, typer.Option("--all", "-a", help="Show what stays the same as well.")] = False,
    depth: DepthOption = None,
    format: FormatOption = Format.text,
    as_of: AsOfOption = None,
    reading: ReadingOption = None,
    assume_nothing: NothingOption = False,
    reform: ReformOption = None,
    lang: LangOption = "en",
) -> None:
    """What would be different if some facts were: results, conditions, papers, dates, and the rules behind them."""
    with _reported(lang, reform) as wording:
        from reasoner.questions import scenario, whatif
        from reasoner.render import whatif as rendering

        asked = _asked(wording, case, as_of, reading, assume_nothing, reform)
        named = scenario.given(set or (), unset or (), add_document or (), scenarios)
        chosen = whatif.chosen(asked.decision, person, route)
        answers = [asked.what_if(each, chosen) for each in named]
        rendering.report(asked.decision, answers, wording, format.value, depth=depth, everything=everything)


@app.command(
    epilog="Example: reasoner sweep examples/spouse-under-21/case.yaml --vary persons.amal.born=2003-01-01..2005-12-31"
)
def sweep(
    case: CaseArgument,
    vary: Annotated[
        list[str],
        typer.Option(
            "--vary",
            metavar="PATH=FROM..TO[:STEP]",
            help="What to vary; or PATH=VALUE,VALUE. Once, or twice for a map.",
        ),
    ],
    person: PersonOption = None,
    route: RouteOption = None,
    svg: SvgOption = None,
    depth: DepthOption = None,
    format: FormatOption = Format.text,
    as_of: AsOfOption = None,
    reading: ReadingOption = None,
    assume_nothing: NothingOption = False,
    reform: ReformOption = None,
    lang: LangOption = "en",
) -> None:
    """The exact values of one fact, or of two, at which a result or the state of a file changes, and why."""
    with _reported(lang, reform) as wording:
        from reasoner.questions import sweep as sweeping
        from reasoner.questions import whatif
        from reasoner.render import sweep as rendering

        varied = sweeping.varied(vary)
        asked = _asked(wording, case, as_of, reading, assume_nothing, reform)
        chosen = whatif.chosen(asked.decision, person, route)
        answer = rendering.answered(asked, varied, chosen, wording)
        if svg is not None:
            svg.write_text(rendering.svg(answer, wording), encoding="utf-8")
        rendering.report(answer, wording, format.value, depth=depth)


@app.command(epilog="Example: reasoner timeline examples/family-of-eight/case.yaml --person idris")
def timeline(
    case: CaseArgument,
    vary: Annotated[
        str | None,
        typer.Option("--vary", metavar="DAY", help="applied_on (usual where somebody joins somebody) or assessed_on."),
    ] = None,
    first: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day to look at.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day to look at.")] = None,
    person: PersonOption = None,
    route: RouteOption = None,
    svg: SvgOption = None,
    depth: DepthOption = None,
    format: FormatOption = Format.text,
    as_of: AsOfOption = None,
    reading: ReadingOption = None,
    assume_nothing: NothingOption = False,
    reform: ReformOption = None,
    lang: LangOption = "en",
) -> None:
    """When each route is open, closed or undetermined, and why each period begins and ends."""
    with _reported(lang, reform) as wording:
        from reasoner.questions import timeline as course
        from reasoner.questions import whatif
        from reasoner.render import timeline as rendering

        asked = _asked(wording, case, as_of, reading, assume_nothing, reform)
        days = [_parsed(day, _day, "2025-03-10") if day is not None else None for day in (first, last)]
        found = course.timeline(asked, vary, days[0], days[1], whatif.chosen(asked.decision, person, route))
        if svg is not None:
            svg.write_text(rendering.svg(asked.decision, found, wording), encoding="utf-8")
        rendering.report(asked.decision, found, wording, format.value, depth=depth)


@app.command(
    epilog="Example: reasoner explain examples/spouse-under-21/case.yaml --person amal --condition minimum_age"
)
def explain(
    case: CaseArgument,
    person: PersonOption = None,
    route: RouteOption = None,
    condition: Annotated[
        str | None, typer.Option("--condition", "-c", metavar="ID", help="Only this condition.")
    ] = None,
    document: Annotated[str | None, typer.Option("--document", metavar="TYPE", help="Only this document.")] = None,
    depth: DepthOption = None,
    everything: Annotated[bool, typer.Option("--all", "-a", help="Every rule that holds, not only the first.")] = False,
    row: Annotated[
        int | None, typer.Option("--row", min=1, metavar="N", help="CASE is an output of reasoner batch: its case N.")
    ] = None,
    format: FormatOption = Format.text,
    as_of: AsOfOption = None,
    reading: ReadingOption = None,
    assume_nothing: NothingOption = False,
    reform: ReformOption = None,
    lang: LangOption = "en",
) -> None:
    """The why or why-not tree of a person, route, condition or document."""
    if row is not None:
        _explained_row(case, row, (person, route, condition, document), lang, format.value, depth, everything)
        return
    with _reported(lang, reform) as wording:
        decision = _decided(wording, case, as_of, reading, assume_nothing, reform)
        from reasoner.render import show
        from reasoner.target import Target

        target = Target(person, route, condition, document)
        show.explanation(decision, target, wording, format.value, depth=depth, full=everything)


def _explained_row(
    output: str, row: int, target: tuple[str | None, ...], lang: str, format: str, depth: int | None, full: bool
) -> None:
    from reasoner.batch.archive import Archive

    archive = Archive(output)
    with _reported(lang):
        reforms = archive.reforms
    with _reported(lang, reforms) as wording:
        from reasoner.render import archive as rendering
        from reasoner.target import Target

        engine = _engine(wording, reforms)
        rendering.explanation(archive, row, engine, Target(*target), wording, format, depth=depth, full=full)


@app.command(epilog="Example: reasoner report examples/spouse-under-21/case.yaml -o amal.html --lang fr")
def report(
    case: CaseArgument,
    output: OutputOption = None,
    person: PersonOption = None,
    route: RouteOption = None,
    as_of: AsOfOption = None,
    reading: ReadingOption = None,
    assume_nothing: NothingOption = False,
    reform: ReformOption = None,
    lang: LangOption = "en",
) -> None:
    """A page for a file or a client: results, reasons, documents, dates and sources; needs a browser, no network."""
    with _reported(lang, reform) as wording:
        decision = _decided(wording, case, as_of, reading, assume_nothing, reform)
        from reasoner.render import report as rendering
        from reasoner.render.remedy import of_outcomes

        remedies = of_outcomes(_engine(wording, reform), decision, wording)
        rendering.write(decision, wording, output, person=person, route=route, remedies=remedies)


@app.command(
    epilog="Example: reasoner facts examples/spouse-under-21/case.yaml > case.lp; clingo encodings/main.lp case.lp"
)
def facts(
    case: CaseArgument,
    as_of: AsOfOption = None,
    reading: ReadingOption = None,
    assume_nothing: NothingOption = False,
    reform: ReformOption = None,
    lang: LangOption = "en",
) -> None:
    """The case as an instance for plain clingo: facts, and one constraint for each comparison."""
    with _reported(lang, reform) as wording:
        decision = _decided(wording, case, as_of, reading, assume_nothing, reform)
        from reasoner.instance import instance

        print(instance(decision.runs[0]), end="")


@app.command(epilog="Example: reasoner rules IPF-spouse-age-21")
def rules(
    provision: Annotated[
        str | None,
        typer.Argument(metavar="[PROVISION]", help="Show this provision with its source, dates in force and rules."),
    ] = None,
    coverage: Annotated[
        bool,
        typer.Option(
            "--coverage", help="For each provision of the catalogue: whether, where and by which tests it is covered."
        ),
    ] = False,
    routes: Annotated[bool, typer.Option("--routes", help="List the routes.")] = False,
    readings: Annotated[
        bool, typer.Option("--readings", help="List the questions the law leaves open, with their answers.")
    ] = False,
    regime: Annotated[str | None, typer.Option("--regime", help="Only provisions of this regime, e.g. IPF.")] = None,
    reform: ReformOption = None,
    format: Annotated[
        PageFormat,
        typer.Option("--format", "-f", help="How to print the result; html is one page with all of the law."),
    ] = PageFormat.text,
    output: OutputOption = None,
    lang: LangOption = "en",
) -> None:
    """List the provisions of the law, show one of them, show which are encoded and tested, or write the rulebook."""
    with _reported(lang, reform) as wording, _into(output):
        from reasoner.render import rulebook

        engine = _engine(wording, reform)
        law = engine.law
        if format is PageFormat.html:
            from reasoner.errors import UsageError
            from reasoner.render.lawbook import lawbook

            if provision is not None or coverage or routes or readings:
                raise UsageError("html_is_whole")
            print(lawbook(law, engine.store.root, wording, regime), end="")
        elif provision is not None:
            rulebook.provision(law, provision, wording, format.value)
        elif routes:
            rulebook.routes(law, wording, format.value)
        elif readings:
            rulebook.readings(law, wording, format.value)
        elif coverage:
            rulebook.coverage(law, wording, format.value, regime)
        else:
            rulebook.listing(law, wording, format.value, regime)


@app.command(epilog="Example: reasoner test tests/law/ipf -k minimum_age")
def test(
    paths: TestsArgument = None,
    words: Annotated[
        str, typer.Option("-k", metavar="WORDS", help="Only tests with all these words in their name or their file's.")
    ] = "",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="List the tests that pass as well.")] = False,
    junit: JunitOption = None,
    depth: DepthOption = None,
    format: FormatOption = Format.text,
    lang: LangOption = "en",
) -> None:
    """Run declarative tests of the law; exit code 1 when one fails."""
    with _reported(lang) as wording:
        from reasoner.quality import suite
        from reasoner.render import tests

        engine = _engine(wording)
        chosen = suite.select(_tests(engine, paths), words)
        results = list(suite.run(engine, tests.watched(chosen, wording)))
        if junit is not None:
            from reasoner.render.junit import junit as as_junit

            junit.write_bytes(as_junit(results, wording))
        tests.report(results, wording, format.value, verbose=verbose, depth=tests.DEPTH if depth is None else depth)
        if any(result.differences for result in results):
            raise typer.Exit(1)


@app.command(epilog="Example: reasoner coverage --format html -o coverage.html")
def coverage(
    paths: TestsArgument = None,
    format: Annotated[PageFormat, typer.Option("--format", "-f", help="How to print the result.")] = PageFormat.text,
    output: OutputOption = None,
    threshold_rules: Annotated[
        float, typer.Option(metavar="PERCENT", min=0, max=100, help="Exit code 1 if less of the rules is covered.")
    ] = 0,
    threshold_conditions: Annotated[
        float, typer.Option(metavar="PERCENT", min=0, max=100, help="Exit code 1 if less of the conditions is covered.")
    ] = 0,
    prove: Annotated[
        bool, typer.Option("--prove", help="Leave out conditions that are proved to decide nothing by failing alone.")
    ] = False,
    junit: JunitOption = None,
    reform: ReformOption = None,
    lang: LangOption = "en",
) -> None:
    """Which rules and conditions of the law decide an outcome by themselves in some test (MC/DC)."""
    with _reported(lang) as wording:
        from reasoner.quality.coverage import KINDS, cover, uncoupled
        from reasoner.quality.proving import prover
        from reasoner.quality.trial import Bench
        from reasoner.quality.variants import variants
        from reasoner.render import page as shown
        from reasoner.render.coverage import junit as as_junit
        from reasoner.render.text import progress

        engine = _engine(wording, reform)
        law = variants(engine.store, KINDS)
        bench, tests = Bench(engine, law), _tests(engine, paths)
        with progress(len(tests), wording.ui("coverage_running")) as advance:
            found = cover(bench, tests, advance)
        if prove:
            open_sides = sum(not literal.failing for one in found.rules for literal in one.literals)
            with progress(open_sides, wording.ui("coverage_proving")) as advance:
                found = uncoupled(found, law, partial(prover, engine), advance)
        if junit is not None:
            junit.write_bytes(as_junit(found, wording))
        shown.write(found, engine.store.root, wording, format.value, output)
        if found.percentage("rule") < threshold_rules or found.percentage("literal") < threshold_conditions:
            raise typer.Exit(1)


@app.command(epilog="Example: reasoner mutate --provision IPF-spouse-age-21 --threshold 95")
def mutate(
    paths: TestsArgument = None,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="FILE:LINE", help="Only the rule that stands there.")
    ] = None,
    provision: Annotated[
        str | None, typer.Option("--provision", metavar="ID", help="Only rules that name this provision.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Only changes of this kind.")] = None,
    threshold: Annotated[
        float, typer.Option(metavar="PERCENT", min=0, max=100, help="Exit code 1 if the score is below.")
    ] = 0,
    junit: JunitOption = None,
    reform: ReformOption = None,
    format: FormatOption = Format.text,
    lang: LangOption = "en",
) -> None:
    """Which small changes of the law's rules its tests notice."""
    with _reported(lang) as wording:
        from reasoner.quality.mutation import attempt, judge
        from reasoner.quality.proving import prover
        from reasoner.quality.trial import Bench
        from reasoner.quality.variants import chosen, chosen_kinds, variants
        from reasoner.render import mutation
        from reasoner.render.text import progress

        engine = _engine(wording, reform)
        changed = variants(engine.store, chosen_kinds(kind), chosen(engine.law, rule, provision))
        bench, tests = Bench(engine, changed), _tests(engine, paths)
        with progress(len(tests), wording.ui("mutation_running")) as advance:
            tried = attempt(bench, tests, advance)
        with progress(len(tried.open(changed)), wording.ui("coverage_proving")) as advance:
            found = judge(changed, tried, partial(prover, engine), advance)
        if junit is not None:
            junit.write_bytes(mutation.junit(found, engine.law, wording))
        mutation.report(found, engine.law, wording, format.value)
        if found.score < threshold:
            raise typer.Exit(1)


@app.command(epilog="Example: reasoner generate --provision IPF-window-3m -o missing.yaml")
def generate(
    paths: TestsArgument = None,
    rule: Annotated[
        str | None, typer.Option("--rule", metavar="FILE:LINE", help="Only the rule that stands there.")
    ] = None,
    provision: Annotated[
        str | None, typer.Option("--provision", metavar="ID", help="Only rules that name this provision.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, metavar="N", help="Stop after tests for this many conditions.")
    ] = 20,
    output: OutputOption = None,
    reform: ReformOption = None,
    lang: LangOption = "en",
) -> None:
    """Write missing tests: for each condition that no test shows to decide anything, a smallest pair of cases that
    differ in one fact, for their author to confirm."""
    with _reported(lang) as wording:
        from reasoner.quality.coverage import KINDS, cover
        from reasoner.quality.missing import missing, written
        from reasoner.quality.trial import Bench
        from reasoner.quality.variants import chosen, variants
        from reasoner.render.text import progress

        engine = _engine(wording, reform)
        changed = variants(engine.store, KINDS, chosen(engine.law, rule, provision))
        bench, tests = Bench(engine, changed), _tests(engine, paths)
        with progress(len(tests), wording.ui("coverage_running")) as advance:
            found = cover(bench, tests, advance)
        text = written(list(missing(engine, changed, found, limit)), wording)
        if output is None:
            print(text, end="")
        else:
            output.write_text(text, encoding="utf-8")


@app.command(epilog="Example: reasoner check --property examples/properties/means.lp")
def check(
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="CHECK", help="Only this check; may be repeated.")
    ] = None,
    property: Annotated[
        list[Path] | None,
        typer.Option("--property", metavar="FILE", help="Only the properties in this file; may be repeated."),
    ] = None,
    reform: ReformOption = None,
    junit: JunitOption = None,
    format: FormatOption = Format.text,
    lang: LangOption = "en",
) -> None:
    """Search all possible cases for faults of the law, or for a case that violates a property; exit code 1 when there
    is one."""
    with _reported(lang, reform) as wording:
        from reasoner.quality import checking
        from reasoner.render import check as rendering

        with rendering.watching(wording) as watch:
            if property and not only:
                result = checking.properties(property, reform or (), watch)
            else:
                result = checking.checks(_engine(wording, reform), only or (), watch)
                if property:
                    result = result.joined(checking.properties(property, reform or (), watch))
        if junit is not None:
            from reasoner.render.junit import junit_checks

            junit.write_bytes(junit_checks(result, wording))
        rendering.report(result, wording, format.value)
        if not result.passed:
            raise typer.Exit(1)


@app.command(epilog="Example: reasoner diff 2024-08-31 2024-09-01 --regime IPF")
def diff(
    one: Annotated[
        str,
        typer.Argument(metavar="A", help="A day of application, a law (folder, git revision, reform), or NAME=VALUE."),
    ],
    other: Annotated[str, typer.Argument(metavar="B", help="What to compare it with, of the same kind.")],
    regime: Annotated[str | None, typer.Option("--regime", help="Only what this regime decides, e.g. IPF.")] = None,
    everything: Annotated[bool, typer.Option("--all", "-a", help="Long lists in full.")] = False,
    reform: ReformOption = None,
    format: FormatOption = Format.text,
    lang: LangOption = "en",
) -> None:
    """Show that two days of application, versions of the law or readings agree on all possible cases, or where they
    differ."""
    with _reported(lang, reform) as wording:
        from reasoner.quality.difference import compare
        from reasoner.quality.sides import Sides
        from reasoner.render import difference as rendering
        from reasoner.render.check import watching

        sides = Sides(one, other, reform or (), lambda: _engine(wording, reform))
        with watching(wording) as watch:
            comparison = compare(*sides.versions, lambda: watch(""), sides.regime(regime))
        words = sides.worded(wording)
        rendering.report(comparison, sides.versions, sides.command, words, format.value, everything=everything)


@app.command(epilog="Example: reasoner remedy examples/spouse-under-21/case.yaml --person amal --cost applied=10")
def remedy(
    case: CaseArgument,
    person: PersonOption = None,
    route: RouteOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="At most this many sets of changes.")] = 5,
    cost: Annotated[
        list[str] | None,
        typer.Option("--cost", metavar="NAME=N", help="What a change costs (facts/costs.lp); may be repeated."),
    ] = None,
    format: FormatOption = Format.text,
    as_of: AsOfOption = None,
    reading: ReadingOption = None,
    assume_nothing: NothingOption = False,
    reform: ReformOption = None,
    lang: LangOption = "en",
) -> None:
    """The cheapest sets of changes that make a person eligible with a complete file, or what stands in the way."""
    with _reported(lang, reform) as wording:
        prices = dict(_parsed(text, _price, "NAME=N, such as applied=10") for text in cost or [])
        decision = _decided(wording, case, as_of, reading, assume_nothing, reform)
        from reasoner.questions.remedy import answers
        from reasoner.render import remedy as rendering

        engine = _engine(wording, reform)
        found = answers(engine, decision, person, route, limit, prices)
        rendering.report(decision, found, wording, format.value)


@app.command(epilog="Example: reasoner ask examples/half-known-dates/case.yaml -o zahra.yaml")
def ask(
    case: Annotated[
        str | None, typer.Argument(metavar="[CASE]", help="Case file to go on from; without one, from nothing.")
    ] = None,
    person: PersonOption = None,
    route: RouteOption = None,
    papers: Annotated[
        Papers, typer.Option("--papers", help="Ask for papers until the state of the file is known, for each, or not.")
    ] = Papers.state,
    answers: Annotated[
        Path | None,
        typer.Option("--answers", metavar="FILE", help="Answers, one a line, or PATH: ANSWER; else standard input."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the case file here after each answer.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists without asking.")] = False,
    as_of: AsOfOption = None,
    reading: ReadingOption = None,
    assume_nothing: NothingOption = False,
    reform: ReformOption = None,
    format: FormatOption = Format.text,
    lang: LangOption = "en",
) -> None:
    """An interview that asks only what can still change an outcome, the most decisive question first."""
    with _reported(lang, reform) as wording:
        from reasoner.questions.ask_goals import Scope
        from reasoner.questions.interview import Interview
        from reasoner.render import ask as dialogue
        from reasoner.yamlfile import read

        day, readings = _day_and_readings(as_of, reading)
        scope = Scope(person, route, papers.value, day, readings, assume_nothing)
        interview = Interview(_engine(wording, reform), read(case) if case is not None else None, scope)
        raise typer.Exit(dialogue.hold(interview, wording, format.value, answers, output, force=force))


@app.command(epilog="Example: reasoner batch archive.jsonl -o results.parquet --workers 4")
def batch(
    inputs: InputsArgument,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="OUTPUT", help="A file that ends with .parquet, .jsonl or .csv.")
    ],
    mapping: MappingOption = None,
    errors: Annotated[
        str, typer.Option("--errors", metavar="FILE", help="Where to write what cannot be read, as JSONL.")
    ] = "",
    workers: WorkersOption = 1,
    scheduler: SchedulerOption = "",
    resume: ResumeOption = False,
    force: ReplaceOption = False,
    verify: Annotated[
        int, typer.Option("--verify", min=0, metavar="N", help="Have clingo decide N cases drawn at random again.")
    ] = 0,
    reasons: Annotated[bool, typer.Option("--reasons/--no-reasons", help="Whether to keep explanations.")] = True,
    piece: PieceOption = 16384,
    as_of: AsOfOption = None,
    reading: ReadingOption = None,
    assume_nothing: NothingOption = False,
    reform: ReformOption = None,
    format: FormatOption = Format.text,
    lang: LangOption = "en",
) -> None:
    """Decide archives of cases, each with its complete reasons; exit code 1 when some could not be read."""
    with _reported(lang, reform) as wording:
        from reasoner.batch.command import Applied, run_of
        from reasoner.render import batch as rendering

        day, readings = _day_and_readings(as_of, reading)
        engine = _engine(wording, reform)
        engine.readings(readings)
        law = Applied(day, readings, assume_nothing, reform or ())
        run = run_of(inputs, output, law=law, errors=errors, mapping=mapping, reasons=reasons, language=lang,
                     force=force, resume=resume)  # fmt: skip
        run.workers, run.scheduler, run.size, run.sample = workers, scheduler, piece * 1024, verify
        with rendering.progress(run.total, wording) as watch:
            summary = run.start(resume=resume, watch=watch)
        rendering.report(summary, engine.law, wording, format.value)
        if summary.counts.faulty:
            raise typer.Exit(1)


@app.command(epilog="Example: reasoner impact archive.jsonl --reform examples/reforms/window-six-months")
def impact(
    inputs: InputsArgument,
    reform: ReformOption = None,
    before: Annotated[
        str | None, typer.Option("--before", metavar="DATE", help="Compare the law in force on this day ...")
    ] = None,
    after: Annotated[str | None, typer.Option("--after", metavar="DATE", help="... with that on this day.")] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Write every change to this file, as JSONL.")
    ] = "",
    mapping: MappingOption = None,
    workers: WorkersOption = 1,
    scheduler: SchedulerOption = "",
    resume: ResumeOption = False,
    force: ReplaceOption = False,
    piece: PieceOption = 16384,
    as_of: AsOfOption = None,
    reading: ReadingOption = None,
    assume_nothing: NothingOption = False,
    format: FormatOption = Format.text,
    lang: LangOption = "en",
) -> None:
    """Who of an archive is decided differently under a reform, or by the law of another day; exit code 1 when some
    cases could not be read."""
    with _reported(lang, reform) as wording:
        from reasoner.batch.command import Applied, census_of
        from reasoner.render import batch, impact

        day, readings = _day_and_readings(as_of, reading)
        days = [_parsed(text, _day, "2024-09-01") for text in (before, after) if text is not None]
        law = Applied(day, readings, assume_nothing, reform or ())
        census = census_of(inputs, days, output=output, mapping=mapping, law=law, language=lang, force=force,
                           resume=resume)  # fmt: skip
        census.workers, census.scheduler, census.size = workers, scheduler, piece * 1024
        with batch.progress(census.total, wording, "impact_running") as watch:
            found = census.taken(resume=resume, watch=watch)
        impact.report(found, census.laws, wording, format.value)
        if found.counts.faulty:
            raise typer.Exit(1)


@app.command(epilog="Example: reasoner schema > case.schema.json")
def schema(reform: ReformOption = None) -> None:
    """The JSON Schema of a case file."""
    with _reported("en"):
        import json

        from reasoner.case import schema as case_schema

        print(json.dumps(case_schema(_engine(reform=reform).law.choices), indent=2, ensure_ascii=False))


@app.command(epilog="Example: reasoner new ip_spouse -o amal.yaml")
def new(
    route: Annotated[str, typer.Argument(metavar="ROUTE", help="The route; reasoner rules --routes lists them.")],
    output: OutputOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    reform: ReformOption = None,
    lang: LangOption = "en",
) -> None:
    """A commented case file for a route, to fill in."""
    with _reported(lang, reform) as wording:
        from reasoner.errors import UsageError
        from reasoner.template import template

        text = template(_engine(wording, reform).store, route, wording, str(output or "case.yaml"))
        if output is None:
            print(text, end="")
        elif output.exists() and not force:
            raise UsageError("file_exists", name=str(output))
        else:
            output.write_text(text, encoding="utf-8")


@app.command(epilog="Example: reasoner synth 10000 -o cases.jsonl --errors 0.01")
def synth(
    number: Annotated[int, typer.Argument(metavar="N", min=0, help="How many cases.")],
    output: Annotated[
        str,
        typer.Option("--output", "-o", metavar="FILE", help="A .jsonl, .jsonl.gz or .parquet file; - prints."),
    ],
    seed: Annotated[int, typer.Option(metavar="NUMBER", min=0, help="The same seed makes the same cases.")] = 0,
    errors: Annotated[
        float, typer.Option(metavar="SHARE", min=0, max=1, help="Share of cases with a fault, e.g. 0.01.")
    ] = 0,
    unsure: Annotated[
        float | None,
        typer.Option(metavar="SHARE", min=0, max=1, help="Share of cases in which something is not known."),
    ] = None,
    reform: ReformOption = None,
    lang: LangOption = "en",
) -> None:
    """Write an archive of realistic made-up cases, for tests, measurements and demonstrations."""
    with _reported(lang, reform) as wording:
        from reasoner.batch.synth_write import write
        from reasoner.render.text import progress

        law = _engine(wording, reform).law
        with progress(number, wording.ui("synth_running")) as advance:
            faulty = write(law, number, output, seed=seed, errors=errors, unsure=unsure, advance=advance)
        if output != "-":
            print(wording.ui("synth_done", Number=number, Faulty=faulty, File=output))


@contextmanager
def _reported(lang: str, reform: Sequence[Path] | None = None) -> Iterator[Wording]:
    """Runs a command with the wording of a language and of its reforms; an error the reasoner knows is printed to
    standard error and becomes its exit code."""
    from reasoner import wording as wordings
    from reasoner.errors import ReasonerError, UsageError
    from reasoner.store import cache_folder

    try:
        if lang not in wordings.languages():
            raise UsageError("unknown_language", name=lang, names=", ".join(wordings.languages()))
        wording = wordings.load(lang, cache_folder())
        if reform:
            from reasoner.reform import read_all, worded

            wording = worded(wording, read_all(reform))
        yield wording
        sys.stdout.flush()
    except ReasonerError as error:
        print(_message(error, lang if lang in wordings.languages() else "en"), file=sys.stderr)
        raise typer.Exit(error.exit_code) from None
    except BrokenPipeError:  # the reader of the pipe has seen enough
        _discard_output()
        raise typer.Exit(0) from None
    except OSError as error:  # a full disk, or a file of the command line that cannot be written
        _discard_output()
        print(f"{error.filename or 'standard output'}: {error.strerror}", file=sys.stderr)
        raise typer.Exit(2 if error.filename else 1) from None


@contextmanager
def _into(output: Path | None) -> Iterator[None]:
    """Prints to a file, if one is named, once everything is there."""
    if output is None:
        yield
        return
    with redirect_stdout(io.StringIO()) as printed:
        yield
    output.write_text(printed.getvalue(), encoding="utf-8")


def _discard_output() -> None:
    """Sends what is still to be written to standard output nowhere: at its end the interpreter would try again."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _message(error: Exception, lang: str) -> str:
    from reasoner.errors import CaseFileError, RulesError, UsageError, catalogue, describe

    if isinstance(error, CaseFileError) or (isinstance(error, RulesError) and not error.message):
        return "\n".join(describe(fault, catalogue(lang)) for fault in error.faults)
    if isinstance(error, UsageError):
        return error.text(catalogue(lang))
    return str(error)


_ENGINES: dict[str, Engine] = {}


def _engine(wording: Wording | None = None, reform: Sequence[Path] | None = None) -> Engine:
    name = "law"
    if reform:
        from reasoner.reform import read_all

        name = " ".join(found.key for found in read_all(reform))
    engine = _ENGINES.get(name)
    if engine is None:
        from reasoner.engine import Engine

        engine = _ENGINES[name] = Engine(reforms=reform or ())
    if wording is not None and sys.stderr.isatty():
        engine.store.notice = lambda: print(wording.ui("grounding"), file=sys.stderr)
    return engine


def _tests(engine: Engine, paths: Sequence[Path] | None) -> list[LawTest]:
    from reasoner.quality import suite

    return suite.load_all(suite.files(paths or [suite.folder()]), engine.law)


def _decided(
    wording: Wording,
    case: str,
    as_of: str | None,
    reading: list[str] | None,
    assume_nothing: bool,
    reform: Sequence[Path] | None = None,
) -> Decision:
    day, readings = _day_and_readings(as_of, reading)
    engine = _engine(wording, reform)
    return engine.decide(engine.load(case), as_of=day, readings=readings, assume_nothing=assume_nothing)


def _day_and_readings(as_of: str | None, reading: list[str] | None) -> tuple[date | None, dict[str, str]]:
    day = _parsed(as_of, _day, "2025-03-10") if as_of is not None else None
    return day, dict(_parsed(text, _pair, "NAME=VALUE") for text in reading or [])


def _asked(
    wording: Wording,
    case: str,
    as_of: str | None,
    reading: list[str] | None,
    assume_nothing: bool,
    reform: Sequence[Path] | None = None,
) -> Asked:
    from reasoner.questions import whatif

    day, readings = _day_and_readings(as_of, reading)
    engine = _engine(wording, reform)
    return whatif.asked(engine, case, as_of=day, readings=readings, assume_nothing=assume_nothing)


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if day.isoformat() != text:  # 20250310 and 2025-W11-1 are written in other ways than in a case file
        raise ValueError
    return day


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if not (name and value):
        raise ValueError
    return name, value


def _price(text: str) -> tuple[str, int]:
    name, value = _pair(text)
    if int(value) < 1:
        raise ValueError
    return name, int(value)


def _parsed(text: str, parse: Callable[[str], Any], form: str) -> Any:
    from reasoner.errors import UsageError

    try:
        return parse(text)
    except ValueError:
        raise UsageError("option_form", value=text, form=form) from None
