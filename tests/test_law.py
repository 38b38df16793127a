"""The law's own tests: every file under law/ is data, found by a glob."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reasoner.engine import Engine
from reasoner.quality import suite

TESTS = suite.load_all(suite.files([suite.folder()]), Engine().law)


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine()


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.id)
def test_the_law_decides_as_expected(engine: Engine, test: suite.LawTest) -> None:
    differences = suite.differences(test, suite.decide(engine, test))
    assert not differences, "\n".join(map(str, [f"{test.path}:{test.line}", *differences]))


INTERACTIONS = yaml.safe_load((Path(__file__).parent / "data" / "interactions.yaml").read_text("utf-8"))


@pytest.mark.parametrize("interaction", INTERACTIONS, ids=lambda entry: entry["title"])
def test_what_is_easily_confused_is_told_apart(interaction: dict[str, Any], engine: Engine) -> None:
    encoded = {str(row[0]) for row in engine.law.table("provision")}
    assert set(interaction["provisions"]) <= encoded
    assert not set(interaction["provisions"]) - set(suite.exercised())


def test_every_provision_has_a_test(engine: Engine) -> None:
    assert not {str(row[0]) for row in engine.law.table("provision")} - set(suite.exercised())
