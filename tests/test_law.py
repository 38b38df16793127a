"""The law's own tests: every file under law/ is data, found by a glob."""

from __future__ import annotations

import lawtests
import pytest

from reasoner.engine import Engine

TESTS = [
    test
    for path in sorted(lawtests.FOLDER.glob("**/*.yaml"))
    if path.parent.name != "bases"
    for test in lawtests.load(path)
]


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine()


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.id)
def test_the_law_decides_as_expected(engine: Engine, test: lawtests.LawTest) -> None:
    differences = lawtests.differences(test, lawtests.decide(engine, test))
    assert not differences, "\n".join(differences)
