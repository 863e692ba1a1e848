"""The commands from end to end, on small places."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

from experiments.cli import COMMANDS
from experiments.store import Store
from experiments.units import Done, Terms, Unit, work
from sim import Scenario, simulate
from sim.outcomes.headline import HEADLINE
from tests.cli.conftest import Journeys
from tests.places import TWO_PROVIDERS, write_place

SMALL = ("scenario.folder=place", "replications=2", "workers=1")


@pytest.fixture(autouse=True)
def place(tmp_path: Path) -> Path:
    return write_place(tmp_path / "place", {"barriers": {"culture": 0.25}}, **TWO_PROVIDERS)


def test_help_is_light() -> None:
    code = (
        "import sys; from experiments.cli import main; main(['--help']); "
        "sys.exit(any(name in sys.modules for name in ('sim', 'hydra', 'pandas', 'numba', 'mesa', 'numpy')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(name in done.stdout for name in COMMANDS)


def test_help_without_arguments(journeys: Journeys) -> None:
    assert journeys().out == journeys("--help").out
    assert journeys().status == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(command: str, journeys: Journeys) -> None:
    answer = journeys(command, "--help")
    assert answer.status == 0
    assert f"journeys {command}" in answer.out
    assert not Path("outputs").exists()


def test_list(journeys: Journeys) -> None:
    out = journeys("list").out
    assert all(name in out for name in ("three_journeys", "fragmented", "single_front_door", "barriers.funding"))
    assert "journey.retry_days" not in out
    assert "journey.retry_days" in journeys("list", "parameters").out


def test_check(journeys: Journeys) -> None:
    answer = journeys("check", "scenario.folder=place", "arms=[letter,letter+records:shared]")
    assert answer.status == 0
    assert answer.out.endswith("\nok\n")
    assert all(words in answer.out for words in ("Small place", "2 (1 public, 1 voluntary)", "letter+records:shared"))
    assert not Path("outputs").exists()


@pytest.mark.parametrize("command", ["compare", "run"])
def test_cfg_shows_all_values_that_are_used(command: str, journeys: Journeys) -> None:
    shown = yaml.safe_load(journeys(command, "--cfg", "job", "scenario.folder=place", "journey.rebook=0.5").out)
    used = Scenario.load("place").changed({"journey.rebook": 0.5}).parameters.model_dump(mode="json")
    assert {name: shown[name] for name in used} == used
    assert shown["barriers"]["culture"] == 0.25
    if command == "run":
        assert shown["coordination"]["handoff"] == "tracked"


def test_order_of_composition(journeys: Journeys) -> None:
    def culture(*arguments: str) -> float:
        shown = yaml.safe_load(journeys("compare", "--cfg", "job", *arguments).out)
        return float(shown["barriers"]["culture"])

    assert culture("scenario.folder=place", "barriers=high") == 0.9
    assert culture("scenario.folder=place", "barriers=high", "barriers.culture=0.1") == 0.1


def test_compare_from_end_to_end(journeys: Journeys) -> None:
    answer = journeys("compare", *SMALL, "hydra.run.dir=out/mine")
    assert answer.status == 0
    assert "Small place: Fragmented (baseline) against Integrated" in answer.out
    assert "2 replications, seed 1. Counted: needs that arise from day 20 to day 70" in answer.out
    assert "Budget: equal (staff time" in answer.out
    assert "Results in out/mine:" in answer.out
    for width in ("figures", "figures/single_column"):
        assert len(list(Path("out/mine", width).glob("*.pdf"))) == 12
    assert "as wide as a column: figures/single_column" in answer.out

    runs = pd.read_parquet("out/mine/runs.parquet")
    assert list(zip(runs["replicate"], runs["arm"], strict=True)) == [
        (0, "fragmented"),
        (0, "integrated"),
        (1, "fragmented"),
        (1, "integrated"),
    ]
    result = simulate(Scenario.load("place"), "integrated", 1, 1)
    last = runs.iloc[-1]
    assert {name: last[name] for name in result.headline()} == pytest.approx(result.headline(), nan_ok=True)
    assert last["episodes_supported"] == result.counts()["supported"]
    episodes = pd.read_parquet("out/mine/episodes.parquet")
    mine = episodes[(episodes["arm"] == "integrated") & (episodes["replicate"] == 1)]
    pd.testing.assert_frame_equal(
        mine.drop(columns=["arm", "replicate"]).reset_index(drop=True).astype(object), result.episodes.astype(object)
    )

    reasons = pd.read_csv("out/mine/tables/drops_by_reason.csv").groupby("arm")["per_100"].sum()
    assert reasons.to_dict() == pytest.approx(runs.groupby("arm")["dropped_per_100"].mean().to_dict())
    headline = pd.read_csv("out/mine/tables/headline.csv")
    assert list(headline["outcome"].unique()) == [outcome.name for outcome in HEADLINE]
    assert "Who gains, who loses" in answer.out
    assert answer.out.count("The worst-off tenth") == 1
    equity = pd.read_csv("out/mine/tables/equity.csv")
    sizes = equity[equity["outcome"] == "gave_up"].groupby(["arm", "grouping"])["episodes"].sum()
    cohort = episodes.groupby("arm", observed=True)["cohort"].sum() / 2
    assert all(size == pytest.approx(cohort[arm]) for (arm, _), size in sizes.items())
    gaps = pd.read_csv("out/mine/tables/equity_gaps.csv")
    assert len(gaps) == 2 * 4 * len(HEADLINE)
    assert list(pd.read_csv("out/mine/tables/worst_tenth.csv")["arm"]) == ["fragmented", "integrated"]
    manifest = json.loads(Path("out/mine/manifest.json").read_text())
    assert manifest["status"] == "finished"
    assert manifest["runs"] == {"planned": 4, "computed": 4, "reused": 0, "failed": 0, "not_run": 0}


@pytest.mark.usefixtures("no_figures")
def test_compare_goes_on_where_it_stopped(journeys: Journeys) -> None:
    journeys("compare", *SMALL, "hydra.run.dir=out")
    answer = journeys("compare", "scenario.folder=place", "workers=1", "replications=3", "hydra.run.dir=out")
    assert "4 of 6 runs are already there" in answer.err
    assert json.loads(Path("out/manifest.json").read_text())["runs"]["computed"] == 2
    again = journeys("compare", "scenario.folder=place", "workers=1", "replications=3", "hydra.run.dir=out")
    assert "6 of 6 runs are already there" in again.err


@pytest.mark.usefixtures("no_figures")
def test_published_figures_stand_beside_modelled_ones(journeys: Journeys) -> None:
    row = {"measure": "share_supported", "label": "Helped in the end", "value": 0.5, "year": 2020, "source": "a book"}
    write_place(Path("place"), published=[row], **TWO_PROVIDERS)
    answer = journeys("compare", *SMALL, "hydra.run.dir=out")
    assert "Helped in the end" in answer.out
    table = pd.read_csv("out/tables/published.csv")
    runs = [simulate(Scenario.load("place"), "fragmented", 1, number).published() for number in (0, 1)]
    assert table.loc[0, "modelled"] == pytest.approx(sum(run["modelled"][0] for run in runs) / 2)
    assert table.loc[0, "published"] == 0.5


def test_run_from_end_to_end(journeys: Journeys) -> None:
    write_place(
        Path("place"),
        vignettes=[
            {
                "vignette": "ann",
                "label": "Ann",
                "district": "town",
                "onset_day": 30,
                "capability": 0.5,
                "persistence": 0.5,
                "patience_days": 90,
            }
        ],
        vignette_needs=[{"vignette": "ann", "need": "illness", "severity": 0.5}],
        **TWO_PROVIDERS,
    )
    answer = journeys("run", "scenario.folder=place", "coordination=letter", "replicate=3", "hydra.run.dir=out")
    assert answer.status == 0
    assert "Referral letters" in answer.out
    assert "Ann" in answer.out
    assert Path("out/figures/journey_ann.pdf").is_file()
    result = simulate(Scenario.load("place"), "letter", 1, 3)
    for name in ("ledger", "episodes", "handoffs", "spells"):
        stored = pd.read_parquet(f"out/{name}.parquet")
        pd.testing.assert_frame_equal(stored.astype(object), getattr(result, name).astype(object))
    assert json.loads(Path("out/manifest.json").read_text())["status"] == "finished"


@pytest.mark.usefixtures("no_figures")
def test_run_takes_single_mechanisms(journeys: Journeys) -> None:
    journeys("run", "scenario.folder=place", "coordination=letter", "coordination.records=shared", "hydra.run.dir=out")
    arm = json.loads(Path("out/manifest.json").read_text())["arms"]["letter"]
    assert (arm["handoff"], arm["records"]) == ("letter", "shared")


@pytest.mark.usefixtures("no_figures")
def test_sweeps(journeys: Journeys) -> None:
    write_place(Path("other"), {"title": "Other place"}, **TWO_PROVIDERS)
    answer = journeys("run", "-m", "scenario.folder=place,other", "replicate=0,1", "hydra.sweep.dir=many")
    assert answer.status == 0
    described = [json.loads(Path(f"many/{job}/manifest.json").read_text()) for job in range(4)]
    assert [(one["scenario"]["name"], one["replicates"][0]) for one in described] == [
        ("place", 0),
        ("place", 1),
        ("other", 0),
        ("other", 1),
    ]
    answer = journeys("compare", "-m", *SMALL, "barriers=none,high", "hydra.sweep.dir=more")
    assert answer.out.count("Budget: equal (") == 2
    levels = [json.loads(Path(f"more/{job}/manifest.json").read_text())["parameters"]["barriers"] for job in (0, 1)]
    assert [level["culture"] for level in levels] == [0.0, 0.9]


@pytest.mark.usefixtures("no_figures")
def test_a_users_own_coordination_is_an_arm(journeys: Journeys) -> None:
    folder = Path("mine/coordination")
    folder.mkdir(parents=True)
    (folder / "hand_in_hand.yaml").write_text("title: Hand in hand\nhandoff: accompanied\n")
    own = ("--config-dir", "mine")
    assert "Hand in hand" in journeys("compare", *own, *SMALL, "arms=[hand_in_hand,fragmented]").out
    assert "Hand in hand" in journeys("run", *own, "scenario.folder=place", "coordination=hand_in_hand").out


@pytest.mark.usefixtures("no_figures")
def test_a_failing_run_does_not_take_the_others_with_it(journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.outcomes.result import Result

    whole = Result.check_balance

    def broken(result: Result) -> None:
        if result.replicate == 1 and result.coordination.title == "Integrated":
            raise RuntimeError("somebody was lost")
        whole(result)

    monkeypatch.setattr(Result, "check_balance", broken)
    answer = journeys("compare", "scenario.folder=place", "replications=3", "workers=1", "hydra.run.dir=out")
    assert answer.status == 1
    assert "1 of 6 runs failed" in answer.err
    assert "integrated, replicate 1: RuntimeError: somebody was lost" in answer.err
    assert "the same 2 worlds" in answer.out
    manifest = json.loads(Path("out/manifest.json").read_text())
    assert manifest["status"] == "failed"
    (failed,) = manifest["failures"]
    assert (failed["arm"], failed["replicate"]) == ("integrated", 1)
    assert failed["error"] == "RuntimeError: somebody was lost"
    (file,) = Path("outputs/store").glob("??/*/failure.json")
    assert str(file) in answer.err
    failure = json.loads(file.read_text())
    assert "Traceback" in failure["traceback"]
    assert failure["configuration"]["replicate"] == 1

    monkeypatch.setattr(Result, "check_balance", whole)
    arguments = ("compare", "scenario.folder=place", "replications=3", "workers=1", "hydra.run.dir=out")
    still = journeys(*arguments)
    assert still.status == 1
    assert "1 of 6 failed before; retry_failed=true tries them again" in still.err
    assert "integrated, replicate 1: RuntimeError: somebody was lost" in still.err

    again = journeys(*arguments, "retry_failed=true")
    assert again.status == 0
    assert "5 of 6 runs are already there" in again.err
    assert not file.exists()


def test_interrupted(tmp_path: Path) -> None:
    arguments = ["compare", "scenario.folder=place", "replications=5000", "workers=1", "hydra.run.dir=out"]
    process = subprocess.Popen(
        [sys.executable, "-m", "experiments", *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("outputs/store/??/*/run.json"))) < 8 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "hydra.run.dir=out" in err
    assert json.loads((tmp_path / "out/manifest.json").read_text())["status"] == "interrupted"


def test_interrupted_while_figures_are_drawn(journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("experiments.figures.compare_figures", stop)
    answer = journeys("compare", *SMALL, "hydra.run.dir=out")
    assert answer.status == 130
    assert "Go on with hydra.run.dir=out" in answer.err
    assert json.loads(Path("out/manifest.json").read_text())["status"] == "interrupted"


def test_interrupted_with_older_tables_in_the_folder(journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    arguments = ("compare", "scenario.folder=place", "workers=1", "hydra.run.dir=out")
    monkeypatch.setattr("experiments.figures.compare_figures", lambda *_, **__: [])
    assert "of an earlier end" not in journeys(*arguments, "replications=1").err
    monkeypatch.setattr("experiments.compare.run_units", stop)
    answer = journeys(*arguments, "replications=2")
    assert answer.status == 130
    assert "Tables and report.html may still be those of an earlier end" in answer.err


@pytest.mark.parametrize("flags", [["--config-dir", "mine"], ["--config-dir=mine"], ["-cd", "mine"]])
def test_overrides_may_stand_anywhere(flags: list[str], journeys: Journeys) -> None:
    folder = Path("mine/coordination")
    folder.mkdir(parents=True)
    (folder / "hand_in_hand.yaml").write_text("title: Hand in hand\nhandoff: accompanied\n")
    both = ("check", "arms=[letter,hand_in_hand]", *flags, "scenario.folder=place", "-m", "seed=1,2", "replications=2")
    assert journeys(*both).out.endswith("\nok\n")
    for arguments in (("--cfg", "job", "seed=7", *flags, "replications=3"), ("seed=7", "-c=job", "replications=3")):
        shown = yaml.safe_load(journeys("compare", *arguments).out)
        assert (shown["seed"], shown["replications"]) == (7, 3)


@pytest.mark.usefixtures("no_figures")
def test_a_sweep_with_its_flag_in_the_middle(journeys: Journeys) -> None:
    answer = journeys("compare", *SMALL, "-m", "seed=1,2", "hydra.sweep.dir=many")
    assert answer.status == 0
    assert len(list(Path("many").glob("*/manifest.json"))) == 2


def die_in_replicate_1(unit: Unit, store: Store, terms: Terms) -> Done:
    if unit.replicate == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return work(unit, store, terms=terms)


@pytest.mark.usefixtures("no_figures")
def test_a_killed_worker(journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = ("scenario.folder=place", "replications=3", "workers=2", "hydra.run.dir=out")
    with monkeypatch.context() as patch:
        patch.setattr("experiments.running.work", die_in_replicate_1)
        answer = journeys("compare", *wide)
    assert answer.status == 1
    assert answer.err.count("A worker process died") == 1
    assert "Go on with hydra.run.dir=out" in answer.err
    assert "failure.json" not in answer.err
    manifest = json.loads(Path("out/manifest.json").read_text())
    assert manifest["status"] == "failed"
    assert manifest["failures"] == []
    counts = manifest["runs"]
    assert counts["not_run"] >= 2
    assert counts["computed"] + counts["not_run"] == 6
    assert journeys("compare", *wide).status == 0


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("journeys comp", set(COMMANDS)),
        ("journeys compare barriers=", {"barriers=none", "barriers=high", "barriers=as_scenario"}),
        ("journeys run coordination=lett", {"coordination=letter"}),
    ],
)
def test_completion(line: str, found: set[str], journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMP_LINE", line)
    assert set(journeys("-sc", "query=bash").out.split()) == found


def test_who_stops_reading_does_not_stop_the_work(tmp_path: Path) -> None:
    """As in ``journeys run | head``: the run is finished, and nothing is said of a broken pipe."""
    command = [sys.executable, "-m", "experiments", "run", "scenario.folder=place", "hydra.run.dir=out"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert "Broken" not in said
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["status"] == "finished"
