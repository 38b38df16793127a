"""Laws and ground programs on disk: a cache that is missing, broken or shared changes no answer."""

from __future__ import annotations

import marshal
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from reasoner import wording
from reasoner.engine import Engine
from reasoner.errors import RulesError
from reasoner.ground import Shape
from reasoner.program import law_root
from reasoner.render.show import as_json
from reasoner.store import Store, cache_folder

ROOT = Path(__file__).parent.parent
CASE = ROOT / "examples/unlimited-stay/case.yaml"
SHAPE = Shape(1, (), (("holder", (1,)),), ((1, "protection_decision", 1), (1, "refugee_certificate", 1)))


def decided(folder: Path) -> Any:
    engine = Engine(cache=folder)
    return as_json(engine.decide(engine.load(CASE)))


@pytest.fixture(scope="module")
def cold(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A cache that one decision filled, and that decision."""
    folder = tmp_path_factory.mktemp("cold") / "not" / "yet" / "there"
    answer = decided(folder)
    return folder, answer


@pytest.fixture
def warm(cold: tuple[Path, Any], tmp_path: Path) -> Path:
    shutil.copytree(cold[0], tmp_path / "cache")
    return tmp_path / "cache"


def stored(folder: Path, prefix: str) -> Path:
    (path,) = folder.glob(f"{prefix}-*.bin")
    return path


@pytest.fixture
def unparsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing and grounding are forbidden: everything has to come from the cache."""

    def refuse(*_: Any) -> Any:
        raise AssertionError("read from the cache, not worked out again")

    monkeypatch.setattr("reasoner.store.parse", refuse)
    monkeypatch.setattr("reasoner.store.ground", refuse)


def test_a_warm_cache_gives_the_same_without_parsing_or_grounding(cold: tuple[Path, Any], unparsed: None) -> None:
    assert decided(cold[0]) == cold[1]


def test_the_cache_holds_one_law_and_one_program_and_nothing_half_written(cold: tuple[Path, Any]) -> None:
    assert sorted(path.name.partition("-")[0] for path in cold[0].iterdir()) == ["ground", "law"]


def test_a_law_read_from_the_cache_is_the_law_that_was_parsed(cold: tuple[Path, Any]) -> None:
    read, parsed = Store(folder=cold[0]).law, Store(folder=cold[0]).source.law
    assert read == parsed
    assert read.digest == parsed.digest == Store().digest


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "half": lambda content: content[: len(content) // 2],
    "text": lambda content: b"not a cache file",
    "noise": lambda content: random.Random(1).randbytes(500),
    "nothing": lambda content: marshal.dumps(None),
}
FOREIGN: dict[str, Callable[[bytes], bytes]] = {
    "a number": lambda content: marshal.dumps(42),
    "a dictionary": lambda content: marshal.dumps({}),
    "a tuple": lambda content: marshal.dumps((1, 2)),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_corrupt_cache_file_is_ignored_and_replaced(
    how: str, cold: tuple[Path, Any], warm: Path, request: pytest.FixtureRequest
) -> None:
    path = stored(warm, "ground")
    sound = path.read_bytes()
    path.write_bytes(BROKEN[how](sound))
    assert decided(warm) == cold[1]
    assert marshal.loads(path.read_bytes()[32:]) == marshal.loads(sound[32:])
    request.getfixturevalue("unparsed")
    assert decided(warm) == cold[1]


def test_a_corrupt_law_is_ignored(cold: tuple[Path, Any], warm: Path) -> None:
    path = stored(warm, "law")
    path.write_bytes(path.read_bytes()[:1000])
    assert decided(warm) == cold[1]


@pytest.mark.parametrize("how", FOREIGN)
def test_a_cache_file_of_another_form_is_ignored(how: str, cold: tuple[Path, Any], warm: Path) -> None:
    stored(warm, "ground").write_bytes(FOREIGN[how](b""))
    assert decided(warm) == cold[1]


def test_a_cache_file_in_which_a_byte_was_changed_is_ignored(warm: Path) -> None:
    path = stored(warm, "ground")
    sound, rng = path.read_bytes(), random.Random(3)
    shape = Engine(cache=warm)
    (run,) = shape.decide(shape.load(CASE)).runs
    expected = Store(folder=warm).program(run.cast.shape)
    for _ in range(40):
        place = rng.randrange(len(sound))
        path.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
        store = Store(folder=warm)
        found = store._load(path.name.split(".")[0])
        assert found is None or found == tuple(vars(expected)[name] for name in type(expected).__dataclass_fields__)


@pytest.mark.parametrize("where", ["a file", "below a file"])
def test_a_cache_that_cannot_be_written_is_done_without(where: str, cold: tuple[Path, Any], tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("in the way", "utf-8")
    assert decided(blocked if where == "a file" else blocked / "cache") == cold[1]
    assert blocked.read_text("utf-8") == "in the way"


def test_the_folder_of_the_cache_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REASONER_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    monkeypatch.setenv("REASONER_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "reasoner"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    if os.name == "posix":
        assert cache_folder() == tmp_path / ".cache" / "reasoner"


def test_a_program_is_kept_in_memory(warm: Path) -> None:
    store = Store(folder=warm)
    assert store.program(SHAPE) is store.program(SHAPE)


@pytest.mark.parametrize("content", [b"", b"noise", marshal.dumps(42), marshal.dumps(())])
def test_corrupt_wording_is_ignored(content: bytes, tmp_path: Path) -> None:
    fresh = wording._sections("fr", tmp_path)
    (path,) = tmp_path.glob("wording-fr*.bin")
    path.write_bytes(content)
    assert wording._sections("fr", tmp_path) == fresh == wording.read("fr")


# -- versions of the law ----------------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in ("encodings", "facts"):
        shutil.copytree(law_root() / folder, tmp_path / "law" / folder)
    return tmp_path / "law"


def test_the_digest_tells_versions_of_the_law_apart(copy: Path) -> None:
    digest = Store(copy).digest
    assert digest == Store().digest, "the place of the law is no part of it"
    digests = {digest}
    for name, before, after in (
        ("facts/amounts.lp", "(", " ("),
        ("facts/periods.lp", "%", "%%"),
        ("encodings/law/ips/status.lp", "holder", " holder"),
    ):
        path = copy / name
        text = path.read_text("utf-8")
        assert before in text
        path.write_text(text.replace(before, after, 1), "utf-8")
        digests.add(Store(copy).digest)
        path.write_text(text, "utf-8")
    assert len(digests) == 4
    assert Store(copy).digest == digest
    (copy / "encodings/law/ips/other.lp").write_text("p :- q.", "utf-8")
    assert Store(copy).digest == digest, "a file that main.lp does not include is no law"


def test_a_changed_fact_changes_the_digest_in_the_result_and_the_answer(
    cold: tuple[Path, Any], copy: Path, tmp_path: Path
) -> None:
    path = copy / "facts/periods.lp"
    text = path.read_text("utf-8")
    row = next(
        line for line in text.splitlines() if "unlimited_5y" in line and line.startswith("period") and "ref" in line
    )
    path.write_text(text.replace(row, row.replace("5,", "50,")), "utf-8")
    engine = Engine(copy, cold[0])
    changed = as_json(engine.decide(engine.load(CASE)))
    assert changed["rules"]["digest"] != cold[1]["rules"]["digest"]
    assert changed["rules"]["version"] == cold[1]["rules"]["version"]
    results = [{o["route"]: o["result"] for o in answer["outcomes"]} for answer in (cold[1], changed)]
    assert [r["ip_unlimited_stay"] for r in results] == ["eligible", "not_eligible"]
    assert decided(cold[0]) == cold[1], "the other version is still there"


def test_a_law_file_that_is_not_there_is_named(copy: Path) -> None:
    (copy / "facts/periods.lp").unlink()
    with pytest.raises(RulesError, match=r"periods\.lp"):
        Store(copy).digest  # noqa: B018
    with pytest.raises(RulesError, match=r"main\.lp"):
        Store(copy / "nowhere").digest  # noqa: B018


# -- several processes ------------------------------------------------------------------------------------------------


def test_two_processes_on_a_cold_cache_give_the_same(cold: tuple[Path, Any], tmp_path: Path) -> None:
    environment = {**os.environ, "REASONER_CACHE": str(tmp_path / "shared")}
    command = [sys.executable, "-m", "reasoner", "decide", str(CASE), "--format", "json"]
    started = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    (first, errors), (second, others) = (process.communicate(timeout=90) for process in started)
    assert (errors, others) == ("", "")
    assert first == second
    assert yaml.safe_load(first) == cold[1]
    assert not [path for path in (tmp_path / "shared").iterdir() if not path.name.endswith(".bin")]
