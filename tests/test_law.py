"""The law's own tests: every file under law/ is data, found by a glob."""

from __future__ import annotations

import pytest

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
