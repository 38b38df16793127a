"""``docs/adding-a-rule.md`` can be followed to the letter.

On a copy of the repository, and in the order of the page, every file that it shows is written where the line above says so
("New file `X`:", "At the end of `X`:", "In `X`, below `LINE`:"), and every command is run. A console block shows the output
as the stories in ``examples/`` do.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_examples import missing_from

from reasoner.wording import languages

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "adding-a-rule.md"
BLOCK = re.compile(
    r"(?:^(?P<verb>New file|At the end of|In) `(?P<path>[^`]+)`(?:, below `(?P<line>[^`]+)`)?:\n\n)?"
    r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
COPIED = ("reasoner", "encodings", "facts", "tests", "pyproject.toml")
IGNORED = shutil.ignore_patterns("__pycache__", ".*", "_law")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=IGNORED)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_page_can_be_followed_to_the_letter(copy: Path) -> None:
    for step in BLOCK.finditer(PAGE.read_text("utf-8")):
        if step["kind"] == "console":
            _run(copy, step["text"])
        else:
            assert step["verb"], f"nothing says where this belongs:\n{step['text']}"
            _WRITE[step["verb"]](copy / step["path"], step["text"], step["line"])
    _nothing_of_the_exercise_lacks_a_language(copy)


def test_the_page_gives_every_sentence_in_every_language() -> None:
    given = {language: set(_keys_of(language)) for language in languages()}
    assert all(given.values())
    assert len({frozenset(keys) for keys in given.values()}) == 1, given


def _keys_of(language: str) -> Iterator[tuple[str, str]]:
    for step in BLOCK.finditer(PAGE.read_text("utf-8")):
        folder = f"reasoner/wording/{language}/"
        if (step["path"] or "").startswith(folder):
            for key in re.findall(r"^ *(\w+):", step["text"], re.MULTILINE):
                yield step["path"].removeprefix(folder), key


def _nothing_of_the_exercise_lacks_a_language(copy: Path) -> None:
    for language in languages():
        words = (
            "reasoner explain exercise.yaml --person amal --route ip_spouse --condition exercise_waiting_time --lang"
        )
        answer = _command(copy, [*words.split(), language])
        assert answer.returncode == 0, answer.stderr
        assert "exercise_" not in answer.stdout, f"a sentence is missing in {language}"


def _create(path: Path, text: str, _: str | None) -> None:
    assert not path.exists(), f"{path.name} is there already"
    path.write_text(text, "utf-8")


def _append(path: Path, text: str, _: str | None) -> None:
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def _insert(path: Path, text: str, line: str | None) -> None:
    lines = path.read_text("utf-8").split("\n")
    assert line is not None
    assert lines.count(line) == 1, f"{path.name} has {lines.count(line)} lines {line!r}"
    lines.insert(lines.index(line) + 1, text.removesuffix("\n"))
    path.write_text("\n".join(lines), "utf-8")


_WRITE: dict[str, Callable[[Path, str, str | None], None]] = {
    "New file": _create,
    "At the end of": _append,
    "In": _insert,
}


def _run(copy: Path, text: str) -> None:
    command, shown = text.split("\n", 1)
    answer = _command(copy, shlex.split(command.removeprefix("$ ")))
    assert answer.returncode == 0, f"{command}\n{answer.stdout}{answer.stderr}"
    assert missing_from(answer.stdout, shown) is None, f"{command} now prints\n{answer.stdout}"


def _command(copy: Path, words: list[str]) -> subprocess.CompletedProcess[str]:
    """Runs a command on the copy: ``-m`` finds the copied package first, because the working folder leads the path."""
    own = {"REASONER_CACHE": str(copy / "cache"), "COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "REASONER_", "PYTHONPATH"))
    }
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=copy,
        env={**inherited, **own},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
