"""``journeys report``: from what is stored, without running anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Journeys
from tests.places import TWO_PROVIDERS, write_place

SMALL = ("scenario.folder=place", "replications=2", "workers=1", "hydra.run.dir=out")


def files_of(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder by their path in it."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_the_report_again_changes_no_number_and_runs_nothing(
    journeys: Journeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_place(Path("place"), **TWO_PROVIDERS)
    answer = journeys("compare", *SMALL)
    assert answer.status == 0
    assert "report    report.html, report.md" in answer.out
    before = files_of(Path("out"))
    assert {"report.html", "report.md", "tables/latex/headline.tex"} <= set(before)

    def nothing(*_: object) -> None:
        raise AssertionError("something was run")

    monkeypatch.setattr("sim.model.JourneyModel.__init__", nothing)
    (Path("out") / "report.html").unlink()
    again = journeys("report", "out")
    assert (again.status, again.out.split()) == (0, ["out/report.html", "out/report.md"])
    assert files_of(Path("out")) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "command line: 0 arguments; allowed: one: the output folder of a comparison"),
        (["one", "two"], "command line: 2 arguments"),
        (
            ["nowhere"],
            "'nowhere' has no manifest.json; allowed: the output folder of a comparison that came",
        ),
    ],
)
def test_what_is_no_stored_comparison_is_refused(arguments: list[str], said: str, journeys: Journeys) -> None:
    answer = journeys("report", *arguments)
    assert (answer.status, answer.out) == (2, "")
    assert said in answer.err
