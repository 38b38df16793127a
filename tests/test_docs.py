"""What the documents say is so: commands, numbers, modules and links."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from test_examples import BLOCK, missing_from
from typer.testing import CliRunner

from reasoner.cli import app
from reasoner.engine import Engine

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "reasoner"
README = (ROOT / "README.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
MODULES = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")}


def _blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


# -- README -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def five_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the case that the README shows, as the working folder."""
    (case,) = _blocks(README, "yaml")
    assert len(case.splitlines()) == 5
    (tmp_path / "amal.yaml").write_text(case, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("block", BLOCK.findall(README), ids=lambda block: block.split("\n", 1)[0])
def test_a_command_of_the_readme_prints_what_it_shows(block: str, five_lines: Path) -> None:
    command, shown = block.split("\n", 1)
    assert command.startswith("$ reasoner ")
    result = CliRunner().invoke(app, command.split()[2:], env={"COLUMNS": "80", "NO_COLOR": "1"})
    assert result.exit_code == 0, result.output
    assert missing_from(result.stdout, shown) is None, f"the output has changed; now it is\n{result.stdout}"


def test_the_python_of_the_readme_gives_what_its_comments_say(five_lines: Path) -> None:
    (code,) = _blocks(README, "python")
    said = dict(re.findall(r"^(\w+) = .*  # (.+)$", code, re.MULTILINE))
    assert len(said) == 2
    checks = "".join(f"assert {name} == {value}, {name}\n" for name, value in said.items())
    # In a process of its own, because importing submodules first must make no difference to a user.
    done = subprocess.run([sys.executable, "-c", code + checks], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr


def test_the_readme_names_every_command_and_no_other() -> None:
    section = README.split("## Commands")[1].split("\n## ")[0]
    named = re.findall(r"^\| `reasoner (\w+)", section, re.MULTILINE)
    assert sorted(named) == sorted(
        str(command.callback.__name__) for command in app.registered_commands if command.callback
    )


def test_the_readme_names_only_options_that_exist() -> None:
    section = README.split("## Commands")[1].split("\n## ")[0]
    helps = "".join(
        CliRunner().invoke(app, [str(command.callback.__name__), "--help"], env={"COLUMNS": "200"}).output
        for command in app.registered_commands
        if command.callback
    )
    for option in set(re.findall(r"`(--[a-z-]+)", section)):
        assert option in helps, option


def test_the_readme_counts_the_encoded_provisions_right() -> None:
    law = Engine().law
    left_out = {row[0] for row in law.table("not_encoded")}
    count = Counter(
        str(regime).upper() for provision, regime, _, _ in law.table("provision") if provision not in left_out
    )
    said = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", README, re.MULTILINE))
    assert {regime: int(number) for regime, number in said.items()} == dict(count)


def test_the_readme_counts_the_stories_right() -> None:
    stories = [
        path
        for path in ROOT.glob("examples/*")
        if path.is_dir() and path.name not in ("reforms", "properties", "archives")
    ]
    assert f" {len(stories)} [stories]" in README


# -- ARCHITECTURE -----------------------------------------------------------------------------------------------------


def _listed() -> list[str]:
    table = ARCHITECTURE.split("## Modules, in the order of imports")[1].split("\n## ")[0]
    return [
        name for row in re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)
    ]


def test_the_architecture_lists_each_module_once_and_no_other() -> None:
    assert sorted(_listed()) == sorted(MODULES)


def test_the_architecture_names_only_files_that_exist() -> None:
    named = set(re.findall(r"`((?:reasoner|encodings|facts|tests|docs)/[\w./]*)`", ARCHITECTURE))
    assert {name for name in named if not (ROOT / name).exists()} == set()
    assert {
        name for name in re.findall(r"\b([\w/]+\.py)\b", ARCHITECTURE) if name.removeprefix("reasoner/") not in MODULES
    } == set()


def test_the_diagram_names_the_modules_between_case_and_result() -> None:
    diagram = ARCHITECTURE.split("```")[1]
    missing = {path for path in MODULES if "/" not in path and not path.startswith("_")}
    missing = {path for path in missing if not re.search(rf"\b{path.removesuffix('.py')}\b", diagram)}
    assert missing <= {"errors.py"}


def test_a_module_imports_only_modules_that_the_architecture_lists_above_it() -> None:
    order = {name: index for index, name in enumerate(_listed())}
    wrong = [
        f"{name} imports {other}" for name in order for other in _imports(PACKAGE / name) if order[other] >= order[name]
    ]
    assert wrong == []


def _imports(path: Path) -> Iterator[str]:
    """The modules of the package that a module imports, at its top or later, but not only for the type checker."""
    tree = ast.parse(path.read_text("utf-8"))
    checks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    typing = {inner for node in checks for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in typing:
            package, *parts = (node.module or "").split(".")
            for alias in node.names if package == "reasoner" else ():
                found = [_module(*parts, alias.name), _module(*parts) if parts else None]
                yield from [name for name in found if name][:1]


def _module(*parts: str) -> str | None:
    name = "/".join(parts)
    return next((file for file in (f"{name}.py", f"{name}/__init__.py") if file in MODULES), None)


# -- all pages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        found = page.parent / file if file else page
        assert found.exists(), f"{target} does not exist"
        if anchor:
            titles = re.findall(r"^#+ (.+)$", found.read_text("utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles], target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_provision_that_a_page_names_is_in_the_catalogue(page: Path) -> None:
    known = {str(row[0]) for row in Engine().law.table("provision")}
    for name in re.findall(r"`((?:IPS|IPF)-[\w-]+)(?:`|\*`)", page.read_text("utf-8")):
        wanted = name.lower().replace("-", "_")
        assert wanted in known or any(provision.startswith(wanted) for provision in known), name


def test_the_ci_script_and_the_makefile_agree_on_what_is_run() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111, ".ci/run is not executable"
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"make (\w+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_page_on_adding_a_rule_is_valid_yaml_where_it_shows_yaml() -> None:
    for block in _blocks((ROOT / "docs" / "adding-a-rule.md").read_text("utf-8"), "yaml"):
        yaml.load(block, Loader=yaml.CBaseLoader)
