"""What a comparison says when some of its runs failed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from experiments.cli import main
from sim import Result
from tests.places import TWO_PROVIDERS, write_place

ARMS = ["arms=[fragmented,letter,tracked]", "scenario.folder=place", "replications=2", "workers=1", "hydra.run.dir=out"]


@pytest.mark.parametrize(
    ("failing", "compared"),
    [("letter", ["fragmented", "tracked"]), ("fragmented", [])],
)
def test_no_other_arm_takes_the_place_of_a_baseline_that_failed(
    failing: str,
    compared: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("experiments.figures.compare_figures", lambda *_, **__: [])
    write_place(Path("place"), **TWO_PROVIDERS)
    whole = Result.check_balance

    def broken(result: Result) -> None:
        if result.coordination.handoff == {"letter": "letter", "fragmented": "signposting"}[failing]:
            raise RuntimeError("somebody was lost")
        whole(result)

    monkeypatch.setattr(Result, "check_balance", broken)
    assert main(["compare", *ARMS]) == 1
    said = capsys.readouterr()
    assert "2 of 6 runs failed" in said.err
    # What was computed is kept, whatever can be made of it.
    assert set(pd.read_parquet("out/runs.parquet")["arm"]) == {"fragmented", "letter", "tracked"} - {failing}
    if compared:
        assert "Small place: Fragmented (baseline) against Tracked referrals\n" in said.out
        assert pd.read_csv("out/tables/headline.csv")["arm"].unique().tolist() == compared
    else:
        assert "Nothing can be compared: no run of the baseline, Fragmented, was finished" in said.err
        assert "baseline" not in said.out
        assert not Path("out/tables/headline.csv").exists()
