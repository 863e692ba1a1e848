"""What the tests in a browser share: one Chromium and one report of a small comparison."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.compare import compare
from experiments.plan import Plan
from experiments.report import write_report
from sim import Coordination, Scenario
from tests.browser import devtools
from tests.places import TWO_PROVIDERS, write_place

ARMS = ("fragmented", "letter", "fragmented+handoff:tracked")
WORLDS = 2
WITHOUT = (
    f"no Chromium: none of {', '.join(devtools.NAMES)} is on the PATH, so the report was not opened in a real browser "
    "(on Debian: apt-get install chromium)"
)
"""Why a file of tests is skipped where there is none."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[devtools.Browser]:
    binary = devtools.found()
    assert binary is not None, "files of tests are skipped without one"
    with devtools.Browser(binary, tmp_path_factory.mktemp("chromium") / "profile") as browser:
        yield browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a report."""
    folder = tmp_path_factory.mktemp("compared")
    scenario = Scenario.load(write_place(folder / "place", **TWO_PROVIDERS))
    used = scenario.changed({"budget": "added", "barriers.culture": 0.25})
    arms = {arm: Coordination.load(arm) for arm in ARMS}
    plan = Plan(used, arms, 1, range(WORLDS), changes={"barriers.culture": (0.0, 0.25)})
    compare(plan, folder / "out")
    return write_report(folder / "out")[0]
