"""Every story in ``examples/`` runs and prints what its README says.

A README shows a command in a console block, followed by lines of its output in their order; a line ``...`` stands for
lines left out, so that without one the lines stand next to each other, and the first and last are the output's own.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reasoner.cli import app

ROOT = Path(__file__).parent.parent
STORIES = sorted(
    path for path in ROOT.glob("examples/*") if path.is_dir() and path.name not in ("reforms", "properties", "archives")
)
REFORMS = sorted(path for path in ROOT.glob("examples/reforms/*") if path.is_dir())
# The commands on archives write files: tests/test_batch.py runs them, in a folder of its own.
READMES = sorted(path for path in ROOT.glob("examples/**/README.md") if "archives" not in path.parts)
VIOLATED = {"examples/properties/ages.lp"}  # what does not hold ends with exit code 1
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = [tuple(block.split("\n", 1)) for readme in READMES for block in BLOCK.findall(readme.read_text("utf-8"))]


@pytest.mark.parametrize(("command", "shown"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_a_command_prints_what_its_readme_shows(command: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert command.startswith("$ reasoner "), "a console block begins with the command, `$ reasoner ...`"
    result = CliRunner().invoke(app, shlex.split(command)[2:], env={"COLUMNS": "80", "NO_COLOR": "1"})
    assert result.exit_code == (1 if set(command.split()) & VIOLATED else 0), result.output
    assert missing_from(result.stdout, shown) is None, f"the output has changed; now it is\n{result.stdout}"


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_every_story_has_a_case_a_readme_with_a_command_and_a_line_in_the_index(story: Path) -> None:
    assert (story / "case.yaml").is_file()
    assert BLOCK.search((story / "README.md").read_text("utf-8")), "no console block"
    assert f"({story.name}/)" in (ROOT / "examples/README.md").read_text("utf-8")


@pytest.mark.parametrize("reform", REFORMS, ids=lambda path: path.name)
def test_every_reform_has_two_cases_a_readme_with_commands_and_a_line_in_the_index(reform: Path) -> None:
    assert {path.name for path in reform.glob("*.yaml")} == {"reform.yaml", "changes.yaml", "stays.yaml"}
    shown = "".join(BLOCK.findall((reform / "README.md").read_text("utf-8")))
    assert {"changes.yaml", "stays.yaml"} <= set(re.findall(r"\w+\.yaml", shown))
    assert f"({reform.parent.name}/{reform.name}/)" in (ROOT / "examples/README.md").read_text("utf-8")


def test_every_property_is_shown_with_a_command_and_the_index_leads_to_them() -> None:
    shown = "".join(BLOCK.findall((ROOT / "examples/properties/README.md").read_text("utf-8")))
    assert {path.name for path in ROOT.glob("examples/properties/*.lp")} == set(re.findall(r"\w+\.lp", shown))
    assert "(properties/)" in (ROOT / "examples/README.md").read_text("utf-8")


def test_there_are_at_least_ten_stories_and_the_index_names_no_other() -> None:
    names = {story.name for story in STORIES}
    assert len(names) >= 10
    linked = set(re.findall(r"\(([\w-]+)/\)", (ROOT / "examples/README.md").read_text("utf-8")))
    assert linked - {"properties", "archives"} == names


def missing_from(output: str, shown: str) -> str | None:
    """The first part of ``shown`` that the output lacks at its place; a part is what stands between two ``...``."""
    lines = [line.rstrip() for line in output.splitlines()]
    first, *rest = re.split(r"^\.\.\.\n", shown, flags=re.MULTILINE)
    if not rest:
        return None if lines == _lines(first) else first
    *middle, last = rest
    start, end = len(_lines(first)), len(lines) - len(_lines(last))
    if lines[:start] != _lines(first):
        return first
    for part in middle:
        found = _position(lines[:end], _lines(part), start)
        if found is None:
            return part
        start = found + len(_lines(part))
    return None if start <= end and lines[end:] == _lines(last) else last


def _lines(part: str) -> list[str]:
    return [line.rstrip() for line in part.splitlines()]


def _position(lines: list[str], wanted: list[str], start: int) -> int | None:
    for index in range(start, len(lines) - len(wanted) + 1):
        if lines[index : index + len(wanted)] == wanted:
            return index
    return None


@pytest.mark.parametrize(
    ("shown", "lacking"),
    [
        ("a\nb\nc\n", None),
        ("...\nb\n...\n", None),
        ("a\n...\nc\n", None),
        ("a\n...\n", None),
        ("...\nb\nc\n", None),
        ("b\n...\n", "b\n"),
        ("...\nb\n", "b\n"),
        ("...\nc\n...\na\n...\n", "a\n"),
        ("a\nc\n", "a\nc\n"),
    ],
)
def test_lines_must_stand_in_order_and_side_by_side_unless_some_are_left_out(shown: str, lacking: str | None) -> None:
    assert missing_from("a  \nb\nc\n", shown) == lacking
