"""``journeys sweep`` from end to end, on small places."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from sim import Scenario, simulate
from sim.outcomes.result import Result
from sim.schema.parameters import Parameters
from tests.cli.conftest import Answer, Journeys
from tests.places import TWO_PROVIDERS, changed, write_place

SETTINGS = {
    "time": {"horizon_days": 60, "warmup_days": 10, "followup_days": 20},
    "barriers": {"culture": 1.0, "data_sharing": 0.5},
}
PLACE = ("scenario.folder=place", "workers=1")
ANYWHERE = ("sweep=mine", *PLACE, "--config-dir", "mine")
MINE = (*ANYWHERE, "hydra.run.dir=out")
STORE = Path("outputs/store")
LETTERS = ("link_worker", "letter")
GRID: dict[str, list[float]] = {"barriers.culture": [0, 1], "place.demand": [0.5, 1, 1.5]}


@pytest.fixture(autouse=True)
def place(tmp_path: Path) -> None:
    write_place(tmp_path / "place", SETTINGS, **TWO_PROVIDERS)


@pytest.fixture
def no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the figures out: they have tests of their own, and take longer than all else."""
    monkeypatch.setattr("experiments.figures.sweep.sweep_figures", lambda *_, **__: [])
    monkeypatch.setattr("experiments.figures.attribution.write_attribution", lambda *_: [])
    monkeypatch.setattr("experiments.figures.compare_figures", lambda *_, **__: [])


def design(
    *parts: dict[str, Any], arms: tuple[str, ...] = ("fragmented", "link_worker"), replications: int = 2
) -> None:
    """Write the user's own design, ``sweep=mine``."""
    content = {"title": "My own", "question": "Does it help here?", "arms": list(arms), "replications": replications}
    Path("mine/sweep").mkdir(parents=True, exist_ok=True)
    Path("mine/sweep/mine.yaml").write_text(yaml.safe_dump({**content, "design": list(parts)}, sort_keys=False))


def table() -> pd.DataFrame:
    return pd.read_csv("out/runs.csv")


def manifest(folder: str = "out") -> dict[str, Any]:
    return dict(json.loads((Path(folder) / "manifest.json").read_text()))


def counts(folder: str = "out") -> tuple[int, int, int]:
    runs = manifest(folder)["runs"]
    assert runs["not_run"] == 0
    return runs["computed"], runs["reused"], runs["failed"]


def stored() -> set[Path]:
    return set(STORE.glob("??/*/run.json"))


def refused(answer: Answer, *said: str) -> None:
    assert (answer.status, answer.out) == (2, "")
    for words in said:
        assert words in answer.err
    assert not STORE.exists() and not Path("out").exists()


def test_from_end_to_end(journeys: Journeys) -> None:
    design({"grid": GRID})
    answer = journeys("sweep", *MINE)
    assert answer.status == 0, answer
    assert answer.out.startswith(
        "\nMy own: Small place, Fragmented (baseline) against Link workers\nDoes it help here?"
    )
    assert "6 points, 2 replications of each, seed 1." in answer.out
    assert "Results in out:" in answer.out and "runs.parquet, runs.csv" in answer.out
    for folder in ("out/figures", "out/figures/single_column"):
        files = {file.name for file in Path(folder).glob("*.*")}
        names = ("sweep_lines_barriers.culture", "sweep_lines_place.demand", "sweep_map")
        assert files == {f"{name}.{kind}" for name in names for kind in ("pdf", "svg", "png")}

    runs = table()
    pd.testing.assert_frame_equal(pd.read_parquet("out/runs.parquet"), runs, check_dtype=False)
    values = runs.drop_duplicates("point")[["point", *GRID]].to_numpy().tolist()
    grid = [(culture, demand) for culture in GRID["barriers.culture"] for demand in GRID["place.demand"]]
    assert values == [[number, *point] for number, point in enumerate(grid)]
    assert len(runs) == len(stored()) == 6 * 2 * 2
    assert runs.groupby("point")[["arm", "replicate"]].apply(lambda rows: len(rows.drop_duplicates())).eq(4).all()
    # What is in the table is what the model says of this point alone.
    alone = simulate(Scenario.load("place").changed({"barriers.culture": 0.0}), "link_worker", 1, 1).headline()
    row = runs[(runs["point"] == 1) & (runs["arm"] == "link_worker") & (runs["replicate"] == 1)].iloc[0]
    assert {name: row[name] for name in alone} == pytest.approx(alone, nan_ok=True)

    points = pd.read_csv("out/tables/points.csv")
    assert points.groupby(["point", "arm"]).ngroups == 12 and set(GRID) <= set(points.columns)
    assert {file.name for file in Path("out/tables").glob("break_even_*")} == {
        f"break_even_{name}.csv" for name in GRID
    }
    assert manifest()["status"] == "finished"
    assert manifest()["runs"] == {"planned": 24, "computed": 24, "reused": 0, "failed": 0, "not_run": 0}
    assert manifest()["sweep"]["varied"] == list(GRID)
    assert manifest()["sweep"]["points"][5] == {"barriers.culture": 1.0, "place.demand": 1.5}


@pytest.mark.parametrize("flag", ["--dry-run", "dry_run=true"])
def test_a_dry_run_says_what_would_run_and_runs_nothing(flag: str, journeys: Journeys) -> None:
    design({"grid": GRID})
    answer = journeys("sweep", *MINE, flag)
    assert answer.status == 0, answer
    assert "    5  barriers.culture=1, place.demand=1.5" in answer.out
    assert "6 points x 2 arms x 2 replications = 24 runs; 24 of them differ, 0 are already there." in answer.out
    # A block for each file, and one for its folder: 24 times 8 kB.
    assert " s of computing" in answer.out and "0.2 MB of disk" in answer.out
    assert answer.out.endswith("Nothing was run.\n")
    assert not STORE.exists() and not Path("out/manifest.json").exists()


@pytest.mark.usefixtures("no_figure")
def test_a_dry_run_knows_what_is_there(journeys: Journeys) -> None:
    design({"grid": GRID})
    assert journeys("sweep", *MINE, "replications=1").status == 0
    before = manifest()
    answer = journeys("sweep", *MINE, "--dry-run")
    assert "24 runs; 24 of them differ, 12 are already there" in answer.out
    assert manifest() == before


def test_an_invalid_value_is_named_before_anything_runs(journeys: Journeys) -> None:
    design({"grid": {"barriers.culture": [0, 1.5], "barriers.cultre": [0]}})
    refused(
        journeys("sweep", *MINE),
        "barriers.culture",
        "is 1.5",
        "unknown factor 'barriers.cultre'",
        "did you mean 'barriers.culture'?",
    )


def test_an_invalid_point_is_named_before_anything_runs(journeys: Journeys) -> None:
    """Each value alone is possible, and so is every other point: only together they are not."""
    design({"grid": {"time.warmup_days": [10, 20], "time.followup_days": [20, 45]}})
    answer = journeys("sweep", *MINE)
    refused(answer, "sweep mine: point 3 (time.warmup_days=20, time.followup_days=45)")
    assert "point 2" not in answer.err


@pytest.mark.usefixtures("no_figure")
def test_a_failing_run_does_not_stop_the_others(journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    design({"grid": {"barriers.culture": [0, 0.5, 1]}})
    whole = Result.check_balance

    def broken(result: Result) -> None:
        if result.replicate == 1 and result.scenario.parameters.barriers.culture == 0.5:
            raise RuntimeError("somebody was lost")
        whole(result)

    with monkeypatch.context() as patch:
        patch.setattr(Result, "check_balance", broken)
        answer = journeys("sweep", *MINE)
        assert answer.status == 1
        assert "2 of 12 runs failed:" in answer.err
        assert "point 1 (barriers.culture=0.5), link_worker, replicate 1: RuntimeError: somebody was" in answer.err
        assert "Restricted mean time to support" in answer.out
    files = list(STORE.glob("??/*/failure.json"))
    failures = [json.loads(file.read_text()) for file in files]
    assert len(failures) == 2 and all(str(file) in answer.err for file in files)
    assert {one["error"] for one in failures} == {"RuntimeError: somebody was lost"}
    assert all("in broken" in one["traceback"] for one in failures)
    assert all(one["configuration"]["parameters"]["barriers"]["culture"] == 0.5 for one in failures)
    assert {one["configuration"]["arm"] for one in failures} == {"fragmented", "link_worker"}
    assert all(one["configuration"]["values"] == {"barriers.culture": 0.5} for one in failures)
    noted = [(one["point"], one["values"], one["arm"]) for one in manifest()["failures"]]
    assert noted == [(1, {"barriers.culture": 0.5}, arm) for arm in ("fragmented", "link_worker")]
    assert manifest()["status"] == "failed" and counts() == (10, 0, 2)
    assert len(table()) == 10
    again = "2 failed before and will not be tried again; retry_failed=true tries them again."
    dry = journeys("sweep", *MINE, "--dry-run").out
    assert "12 of them differ, 10 are already there" in dry and again in dry and "of computing" not in dry
    assert again not in journeys("sweep", *MINE, "--dry-run", "retry_failed=true").out

    answer = journeys("sweep", *MINE)
    assert answer.status == 1
    assert "10 of 12 runs are already there" in answer.err and "2 of 12 failed before" in answer.err
    assert "point 1 (barriers.culture=0.5), fragmented, replicate 1: RuntimeError: somebody was" in answer.err
    assert counts() == (0, 10, 2)

    retried = journeys("sweep", *MINE, "retry_failed=true")
    assert (retried.status, "failed" in retried.err) == (0, False)
    assert counts() == (2, 10, 0) and len(table()) == 12
    assert not list(STORE.glob("??/*/failure.json"))


def test_what_is_in_the_way_of_the_store_is_named(journeys: Journeys) -> None:
    design({"grid": GRID})
    Path("file").touch()
    refused(journeys("sweep", *MINE, "store=file"), "store: 'file' is a file; allowed: a folder, or nothing yet")
    refused(journeys("sweep", *MINE, "store=file/store"), "store: 'file/store' cannot be made", "is a file")
    STORE.mkdir(parents=True)
    for number in range(256):
        Path(STORE, f"{number:02x}").touch()
    answer = journeys("sweep", *MINE)
    assert answer.status == 1
    assert "Stopped: results cannot be stored: " in answer.err and "is a file, not a folder. What is" in answer.err
    assert manifest()["status"] == "failed" and "is a file, not a folder" in manifest()["error"]


@pytest.mark.parametrize("room", [0, 1])
def test_a_full_disk_is_said_wherever_it_is_met(room: int, journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    """For what Hydra and the manifest write at the start, or for the tables at the end."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    design({"grid": {"barriers.culture": [0]}})
    monkeypatch.setattr(*(("experiments.sweep.kept_runs", full) if room else ("experiments.manifest.write_json", full)))
    answer = journeys("sweep", *MINE)
    assert answer.status == 1
    assert "journeys sweep: no room left: [Errno 28] No space left on device" in answer.err
    assert len(stored()) == 4 * room


def test_nothing_is_compared_without_the_baseline(journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(result: Result) -> None:
        if result.coordination.navigation == "none":
            raise RuntimeError("somebody was lost")

    design({"grid": {"barriers.culture": [0, 1]}})
    monkeypatch.setattr(Result, "check_balance", broken)
    answer = journeys("sweep", *MINE)
    assert answer.status == 1
    assert "Nothing can be compared: no run of the baseline, fragmented, was finished." in answer.err
    assert set(table()["arm"]) == {"link_worker"}
    assert not Path("out/tables").exists()


@pytest.mark.usefixtures("no_figure")
def test_all_points_have_the_same_worlds(journeys: Journeys) -> None:
    """No contract ends in this place, so that nothing depends on the barrier: the same people live the same lives."""
    design({"grid": {"barriers.funding": [0, 1], "barriers.culture": [0, 1]}})
    assert journeys("sweep", *MINE).status == 0
    assert len(stored()) == 16
    runs = table().set_index(["barriers.culture", "arm", "replicate"])
    without, full = (
        runs[runs["barriers.funding"] == level].drop(columns=["point", "barriers.funding"]) for level in (0, 1)
    )
    pd.testing.assert_frame_equal(without, full)
    # Another level that does matter meets as many needs of the same people, but not with the same ends.
    low, high = (without.loc[level] for level in (0, 1))
    assert low["onsets"].tolist() == high["onsets"].tolist()
    assert low["failed_per_100"].tolist() != high["failed_per_100"].tolist()


@pytest.mark.usefixtures("no_figure")
def test_what_depends_on_the_same_is_run_once(journeys: Journeys) -> None:
    """The factor is not about the baseline, and at one point it says what the arm has anyway."""
    design({"grid": {"coordination.navigators": [None, 1, 2, 4]}})
    answer = journeys("sweep", *MINE, "--dry-run")
    assert "4 points x 2 arms x 2 replications = 16 runs; 8 of them differ, 0 are already there." in answer.out
    assert journeys("sweep", *MINE).status == 0
    assert len(stored()) == 8
    assert counts() == (8, 8, 0)
    runs = table()
    assert len(runs) == 16 and runs["coordination.navigators"].isna().sum() == 4
    outcomes = runs.columns[runs.columns.get_loc("supported_28") :]
    for _, rows in runs[runs["arm"] == "fragmented"].groupby("replicate"):
        assert len(rows[outcomes].drop_duplicates()) == 1


@pytest.mark.usefixtures("no_figure")
def test_more_points_arms_and_worlds_add_only_what_is_new(journeys: Journeys) -> None:
    design({"grid": {"barriers.culture": [0, 1]}})
    assert journeys("sweep", *MINE).status == 0
    assert journeys("sweep", *MINE, "replications=3").status == 0
    assert counts() == (4, 8, 0)
    design({"list": [{"barriers.culture": 1}, {"barriers.culture": 0.5}]}, arms=("letter", "fragmented"))
    assert journeys("sweep", *ANYWHERE, "hydra.run.dir=other").status == 0
    assert counts("other") == (6, 2, 0)


@pytest.mark.usefixtures("no_figure")
def test_other_commands_use_what_a_sweep_has_left(journeys: Journeys) -> None:
    design({"grid": {"barriers.culture": [0, 1], "barriers.data_sharing": [0, 0.5]}}, arms=LETTERS, replications=1)
    assert journeys("sweep", *MINE).status == 0
    # What is divided among barriers are numbers: all four combinations of the two barriers are there.
    arguments = (*PLACE, "replications=1")
    assert journeys("attribute", *arguments, "coordination=letter", "hydra.run.dir=divided").status == 0
    assert counts("divided") == (0, 4, 0)
    # A comparison needs tables, which a sweep does not keep.
    assert journeys("compare", *arguments, f"arms=[{','.join(LETTERS)}]", "hydra.run.dir=compared").status == 0
    assert counts("compared") == (2, 0, 0)
    before = table()
    Path("out/runs.csv").unlink()
    assert journeys("sweep", *MINE).status == 0
    assert counts() == (0, 8, 0)
    pd.testing.assert_frame_equal(table(), before)


@pytest.mark.usefixtures("no_figure")
def test_a_changed_place_is_never_mixed_in(journeys: Journeys) -> None:
    design({"grid": {"barriers.culture": [0, 1]}}, replications=1)
    assert journeys("sweep", *MINE).status == 0
    before = table()
    days = f"journey.retry_days={Parameters().journey.retry_days + 5}"
    districts = changed("districts", citizens_per_year=400)
    for folder, arguments, said in (("later", (days,), "journey.retry_days"), ("larger", (), "tables of the scenario")):
        if folder == "larger":
            write_place(Path("place"), SETTINGS, **{**TWO_PROVIDERS, "districts": districts})
        other = journeys("sweep", *MINE, *arguments)
        assert other.status == 2 and "holds other results, which would be overwritten" in other.err
        assert said in other.err
        assert journeys("sweep", *ANYWHERE, *arguments, f"hydra.run.dir={folder}").status == 0
        assert counts(folder) == (4, 0, 0)
        outcomes = ["restricted_mean_days", "failed_per_100", "cost_per_supported"]
        assert not pd.read_csv(f"{folder}/runs.csv")[outcomes].equals(before[outcomes])
    # All are kept apart, and the first is still there.
    write_place(Path("place"), SETTINGS, **TWO_PROVIDERS)
    assert journeys("sweep", *MINE).status == 0
    assert counts() == (0, 4, 0) and len(stored()) == 12
    pd.testing.assert_frame_equal(table(), before)


@pytest.mark.usefixtures("no_figure")
def test_another_version_of_the_model_is_never_mixed_in(journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    design({"grid": {"barriers.culture": [0, 1]}}, replications=1)
    assert journeys("sweep", *MINE).status == 0
    monkeypatch.setattr("experiments.units.source_digest", lambda: "another")
    assert journeys("sweep", *MINE).status == 0
    assert counts() == (4, 0, 0) and len(stored()) == 8


def test_other_points_in_the_same_folder_are_refused(journeys: Journeys) -> None:
    Path("out").mkdir()
    design({"grid": {"barriers.culture": [0]}}, replications=1)
    assert journeys("sweep", *MINE).status == 0
    design({"grid": {"barriers.culture": [1]}}, replications=1)
    answer = journeys("sweep", *MINE)
    assert (answer.status, answer.out) == (2, "")
    assert "holds other results, which would be overwritten: points of the sweep" in answer.err


def test_an_unknown_sweep_is_named(journeys: Journeys) -> None:
    answer = journeys("sweep", "sweep=laod")
    assert (answer.status, answer.out) == (2, "")
    assert "'laod'" in answer.err and "did you mean 'load'?" in answer.err


def test_sweeps_are_listed(journeys: Journeys) -> None:
    for arguments in (("list", "sweeps"), ("list",)):
        answer = journeys(*arguments)
        assert answer.status == 0
        assert "Sweeps (sweep=NAME of journeys sweep)" in answer.out
        assert "  navigator_caseload  Caseload of link workers. How many people" in answer.out
    assert "Scenarios" not in journeys("list", "sweeps").out
