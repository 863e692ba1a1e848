"""``journeys attribute`` from end to end, on small places."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from experiments.dividing import SHOWN
from experiments.games import NUMBERS
from sim import Scenario, simulate
from sim.coordination import MECHANISMS, Coordination
from sim.outcomes.headline import HEADLINE
from sim.outcomes.result import Result
from sim.schema.parameters import Barriers
from tests.cli.conftest import Answer, Journeys
from tests.places import TWO_PROVIDERS, changed, write_place

PLACE = ("scenario.folder=place", "workers=1", "hydra.run.dir=out")
SMALL = (*PLACE, "replications=2")
TWO = {"barriers": {"culture": 1.0, "data_sharing": 0.5}, "barrier_effects": {"culture_declined": 0.5}}
LETTERS = "coordination=letter"


@pytest.fixture(autouse=True)
def place(tmp_path: Path) -> Path:
    return write_place(tmp_path / "place", TWO, **TWO_PROVIDERS)


@pytest.fixture
def no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.figures.attribution.write_attribution", lambda *_: [])


def table_of(outcome: str | None = None) -> pd.DataFrame:
    table = pd.read_csv("out/tables/attribution.csv")
    return table if outcome is None else table[table["outcome"] == outcome].set_index("player")


def manifest() -> dict[str, Any]:
    return dict(json.loads(Path("out/manifest.json").read_text()))


def test_from_end_to_end(journeys: Journeys) -> None:
    answer = journeys("attribute", *SMALL, LETTERS)
    assert answer.status == 0, answer
    assert answer.out.startswith("\nSmall place: Referral letters, from all barriers as they are to none of them")
    assert "4 combinations of 2 barriers" in answer.out
    assert "exactly 0 and not run: Short-term funding, Misaligned" in " ".join(answer.out.split())
    assert "Results in out:" in answer.out
    for folder in ("out/figures", "out/figures/single_column"):
        files = {file.name for file in Path(folder).glob("*.*")}
        assert files == {f"attribution.{kind}" for kind in ("pdf", "svg", "png")}
    assert manifest()["status"] == "finished"
    assert manifest()["runs"] == {"planned": 8, "computed": 8, "reused": 0, "failed": 0, "not_run": 0}
    assert manifest()["attribution"]["among"] == "barriers"
    assert manifest()["attribution"]["coalitions"] == {
        "as_is": [],
        "without_culture": ["culture"],
        "without_data_sharing": ["data_sharing"],
        "without_culture+data_sharing": ["culture", "data_sharing"],
    }
    assert [arm["title"] for arm in manifest()["arms"].values()] == [
        "Referral letters, all barriers as they are",
        "Referral letters, without: Differences of professional culture",
        "Referral letters, without: Barriers to data sharing",
        "Referral letters, without: Differences of professional culture, Barriers to data sharing",
    ]

    runs = pd.read_parquet("out/runs.parquet")
    names = ["as_is", "without_culture", "without_data_sharing", "without_culture+data_sharing"]
    assert runs["coalition"].tolist() == names * 2
    assert len(list(Path("outputs/store").glob("??/*/run.json"))) == 8
    # Every combination is the place with these levels, in the same world.
    levels = runs[runs["replicate"] == 0].set_index("coalition")[["barriers.culture", "barriers.data_sharing"]]
    assert levels.to_numpy().tolist() == [[1.0, 0.5], [0.0, 0.5], [1.0, 0.0], [0.0, 0.0]]
    place = Scenario.load("place").changed({"barriers.culture": 0.0})
    expected = simulate(place, "letter", 1, 1).headline()
    found = runs[(runs["coalition"] == "without_culture") & (runs["replicate"] == 1)].iloc[0]
    assert {name: found[name] for name in expected} == pytest.approx(expected, nan_ok=True)

    values = pd.read_parquet("out/attribution.parquet")
    sums = values.groupby(["outcome", "replicate"])[["value", "gap"]].agg({"value": "sum", "gap": "first"}).dropna()
    assert sums["value"].to_numpy() == pytest.approx(sums["gap"].to_numpy())
    by_run = runs.set_index(["replicate", "coalition"])["gave_up"]
    by_hand = [
        (by_run[number, names[1]] - by_run[number, names[0]] + by_run[number, names[3]] - by_run[number, names[2]]) / 2
        for number in (0, 1)
    ]
    row = table_of("gave_up").loc["culture"]
    assert row["mean"] == pytest.approx(sum(by_hand) / 2)
    assert (row["n"], row["label"]) == (2, "Differences of professional culture")
    assert table_of()["outcome"].unique().tolist() == [outcome.name for outcome in HEADLINE]


@pytest.mark.usefixtures("no_figure")
def test_goes_on_where_it_stopped(journeys: Journeys) -> None:
    assert journeys("attribute", *PLACE, "replications=1").status == 0
    answer = journeys("attribute", *SMALL)
    assert "4 of 8 runs are already there" in answer.err
    assert manifest()["runs"]["computed"] == 4
    assert "8 of 8 runs are already there" in journeys("attribute", *SMALL).err
    for arguments, said in {
        ("barriers.culture=0.5",): "barriers.culture is 1 there, 0.5 here",
        ("barriers.culture=0",): "it is divided among [culture, data_sharing] there, [data_sharing] here",
        ("coordination=letter",): "the gap is 'Fragmented, from all barriers as they are to none of them' there, 'Ref",
        ("coordination=letter", "coordination.title=Fragmented"): "holds other results, which would be overwritten: "
        "mechanisms of the combinations;",
        ("among=mechanisms", "seed=2"): "overwritten: among is barriers there, mechanisms here; allowed",
    }.items():
        other = journeys("attribute", *SMALL, *arguments)
        assert (other.status, other.out) == (2, "")
        assert said in other.err
    other = journeys("compare", *SMALL, "seed=2")
    assert "overwritten: command is attribute there, compare here; allowed" in other.err


def failing(monkeypatch: pytest.MonkeyPatch, replicates: set[int]) -> None:
    whole = Result.check_balance

    def broken(result: Result) -> None:
        if result.replicate in replicates and result.scenario.parameters.barriers.culture == 0.0:
            raise RuntimeError("somebody was lost")
        whole(result)

    monkeypatch.setattr(Result, "check_balance", broken)


@pytest.mark.usefixtures("no_figure")
def test_a_world_with_a_failing_run_is_left_out(journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        failing(patch, {1})
        answer = journeys("attribute", *PLACE, "replications=3")
    assert answer.status == 1
    assert "2 of 12 runs failed" in answer.err
    assert "without_culture, replicate 1: RuntimeError: somebody was lost" in answer.err
    assert "1 of 3 worlds are left out" in answer.out
    assert (table_of()["n"] == 2).all()
    assert len(pd.read_parquet("out/runs.parquet")) == 10
    assert manifest()["status"] == "failed"
    failures = [json.loads(file.read_text()) for file in Path("outputs/store").glob("??/*/failure.json")]
    assert len(failures) == 2
    assert all(one["configuration"]["parameters"]["barriers"]["culture"] == 0.0 for one in failures)

    assert "2 of 12 failed before" in journeys("attribute", *PLACE, "replications=3").err

    again = journeys("attribute", *PLACE, "replications=3", "retry_failed=true")
    assert again.status == 0
    assert "10 of 12 runs are already there" in again.err
    assert (table_of()["n"] == 3).all()


def test_nothing_is_divided_without_a_whole_world(journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, {0, 1})
    answer = journeys("attribute", *SMALL)
    assert answer.status == 1
    assert "Nothing can be divided: no world has all of its 4 runs" in answer.err
    assert not Path("out/tables").exists()


@pytest.mark.usefixtures("no_figure")
def test_what_is_not_observed_is_not_divided(journeys: Journeys) -> None:
    """The place is followed for 80 days at most: the share by 126 days is unknown, that by 28 days is known."""
    answer = journeys("attribute", *SMALL)
    assert "not observed" in answer.out
    assert "nothing is said: Supported within 18 weeks" in answer.out
    assert table_of("supported_126")["mean"].isna().all()
    assert table_of("supported_28")["mean"].notna().all()


@pytest.mark.usefixtures("no_figure")
def test_a_barrier_with_nothing_to_act_on_has_exactly_nothing(journeys: Journeys) -> None:
    """No contract ever ends here, and nobody takes a message that might be lost."""
    write_place(Path("place"), {**TWO, "barriers": dict.fromkeys(Barriers.model_fields, 0.9)}, **TWO_PROVIDERS)
    answer = journeys("attribute", *SMALL)
    assert answer.status == 0, answer
    assert manifest()["runs"]["planned"] == 64
    for outcome in ("restricted_mean_days", "failed_per_100", "gave_up"):
        rows = table_of(outcome)
        for player in ("funding", "data_sharing"):
            assert rows.loc[player, ["mean", "low", "high"]].tolist() == [0.0, 0.0, 0.0]
        assert rows.loc["learning", "mean"] != 0.0
        assert rows["mean"].drop("gap").sum() == pytest.approx(rows.loc["gap", "mean"], rel=1e-9)
        assert rows.loc["gap", "mean"] != 0.0
    assert "no outcome changes in any run: Short-term funding, Barriers to data sharing." in answer.out


@pytest.mark.usefixtures("no_figure")
def test_among_mechanisms(journeys: Journeys) -> None:
    arms = ("baseline=link_worker+navigators:3", "to=key_worker+records:shared")
    answer = journeys("attribute", *SMALL, "among=mechanisms", *arms)
    assert answer.status == 0, answer
    assert answer.out.startswith("\nSmall place: from Link workers + navigators 3 to Key workers + shared\n")
    assert "Navigation: link worker to key worker" in answer.out
    assert "Records: separate to shared" in answer.out
    found = manifest()["arms"]
    assert list(found) == ["baseline", "with_navigation", "with_records", "with_navigation+records"]
    rules = {name: (arm["navigation"], arm["navigators"], arm["records"]) for name, arm in found.items()}
    assert rules == {
        "baseline": ("link_worker", 3.0, "separate"),
        "with_navigation": ("key_worker", 4.0, "separate"),
        "with_records": ("link_worker", 3.0, "shared"),
        "with_navigation+records": ("key_worker", 4.0, "shared"),
    }
    last = simulate(Scenario.load("place"), "key_worker+records:shared", 1, 0).headline()
    runs = pd.read_parquet("out/runs.parquet").set_index(["replicate", "coalition"])
    assert runs.loc[(0, "with_navigation+records"), "gave_up"] == last["gave_up"]


def own_arm(name: str, content: dict[str, Any]) -> tuple[str, str]:
    folder = Path("mine/coordination")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
    return ("--config-dir", "mine")


@pytest.mark.usefixtures("no_figure")
def test_dated_changes_of_an_arm_are_a_player(journeys: Journeys) -> None:
    rows = [
        {"initiative": "pilot", "label": "Records pilot", "change": "records", "value": "shared", "from_day": 30},
        {"initiative": "pilot", "label": "Records pilot", "change": "handoff", "value": "letter", "from_day": 40},
        {"initiative": "training", "change": "barriers.culture", "value": 0.5, "from_day": 30},
    ]
    own = own_arm("mine", {"title": "Mine", "navigation": "link_worker", "initiatives": rows})
    answer = journeys("attribute", *SMALL, *own, "among=mechanisms", "to=mine")
    assert answer.status == 0, answer
    assert "Initiatives: none to Records pilot, training" in answer.out
    assert manifest()["status"] == "finished"
    (player,) = (one for one in manifest()["attribution"]["players"] if one["name"] == "initiatives")
    assert [row["initiative"] for row in player["joining"]["initiatives"]] == ["pilot", "pilot", "training"]
    place = Scenario.load("place")
    last = simulate(place, Coordination.load("mine", [Path("mine/coordination")]), 1, 0).headline()
    runs = pd.read_parquet("out/runs.parquet").set_index(["replicate", "coalition"])
    assert runs.loc[(0, "with_navigation+initiatives"), "gave_up"] == last["gave_up"]


@pytest.mark.usefixtures("no_figure")
def test_long_labels_are_divided_among_lines(journeys: Journeys) -> None:
    row = {"initiative": "a", "label": "A programme " * 9, "change": "records", "value": "shared", "from_day": 30}
    answer = journeys("attribute", *SMALL, *own_arm("mine", {"initiatives": [row]}), "among=mechanisms", "to=mine")
    assert "Initiatives: none to A programme A programme" in answer.out
    assert max(map(len, answer.out.splitlines())) <= 115


@pytest.mark.usefixtures("no_figure")
def test_one_barrier_is_not_several(journeys: Journeys) -> None:
    answer = journeys("attribute", *SMALL, "barriers.culture=0")
    assert "2 combinations of 1 barrier, each" in answer.out


@pytest.mark.usefixtures("no_figure")
def test_a_number_without_its_mechanism_is_not_run(journeys: Journeys) -> None:
    arguments = (*SMALL, "among=mechanisms", "to=letter+navigators:4+front_door_places:3")
    answer = journeys("attribute", *arguments)
    assert "2 combinations of 1 mechanism" in answer.out
    words = "exactly 0 and not run: Front door places: 1.5 to 3, Navigators: 2 to 4."
    assert words in " ".join(answer.out.split())
    assert list(manifest()["arms"]) == ["baseline", "with_handoff"]
    assert set(table_of("gave_up").index) == {"handoff", "entry", "navigation", "gap"}
    refused(
        journeys("attribute", *SMALL, "among=mechanisms", "to=fragmented+navigators:4"), "do not differ in anything"
    )


@pytest.mark.usefixtures("no_figure")
def test_a_number_that_a_dated_change_uses_is_run(journeys: Journeys) -> None:
    row = {"initiative": "pilot", "change": "navigation", "value": "link_worker", "from_day": 30}
    write_place(Path("place"), TWO, **TWO_PROVIDERS, initiatives=[row])
    answer = journeys("attribute", *SMALL, "among=mechanisms", "to=fragmented+navigators:300", "budget=added")
    assert "2 combinations of 1 mechanism" in answer.out
    assert "not run" not in answer.out


@pytest.mark.usefixtures("no_figure")
def test_a_changed_coordination_in_a_sweep(journeys: Journeys) -> None:
    own = own_arm("mine", {"title": "Mine", "handoff": "letter"})
    values = "coordination=letter,mine+records:shared+navigators:3"
    answer = journeys("attribute", "-m", *own, *SMALL, "hydra.sweep.dir=many", values)
    assert answer.status == 0, answer
    assert "Small place: Referral letters, from all" in answer.out
    assert "Small place: Mine + shared, navigators 3, from all" in answer.out
    arm = json.loads(Path("many/1/manifest.json").read_text())["arms"]["as_is"]
    assert (arm["handoff"], arm["records"], arm["navigators"]) == ("letter", "shared", 3.0)


def test_the_numbers_of_mechanisms_are_settings() -> None:
    assert set(NUMBERS) <= set(MECHANISMS)
    assert all(number in Coordination.model_fields for numbers in NUMBERS.values() for number in numbers)
    assert set(SHOWN) <= {outcome.name for outcome in HEADLINE}


@pytest.mark.usefixtures("no_figure")
def test_one_world_has_no_interval(journeys: Journeys) -> None:
    answer = journeys("attribute", *PLACE, "replications=1")
    assert "Of one world: no interval can be given" in answer.out
    assert "±" not in answer.out
    assert all(math.isnan(value) for value in table_of()["low"])


def test_cfg(journeys: Journeys) -> None:
    arguments = ("scenario.folder=place", "coordination=letter+records:shared+navigators:3")
    shown = yaml.safe_load(journeys("attribute", "--cfg", "job", *arguments).out)
    assert shown["barriers"]["culture"] == 1.0
    assert {name: shown["coordination"][name] for name in ("handoff", "records", "navigators")} == {
        "handoff": "letter",
        "records": "shared",
        "navigators": 3,
    }
    assert (shown["among"], shown["replications"]) == ("barriers", 10)


def refused(answer: Answer, *said: str) -> None:
    assert answer.status == 2, answer
    assert answer.out == ""
    for words in said:
        assert words in answer.err
    assert not Path("outputs/attribute").exists()


ARGUMENTS = {
    "no barriers": (["barriers=none"], "barriers: are all at level 0: there is nothing to divide; allowed: at least"),
    "the same arms": (["among=mechanisms", "to=fragmented"], "baseline and to: do not differ in anything"),
    "unknown kind": (["among=barrier"], "among: is 'barrier'; allowed: barriers, mechanisms; did you mean 'barriers'?"),
    "unknown coordination in a sweep": (["-m", "coordination=lettr+records:shared,letter"], "did you mean 'letter'?"),
    "unknown mechanism in a sweep": (["-m", "coordination=letter+records:shard,letter"], "did you mean 'shared'?"),
    "half a change in a sweep": (["-m", "coordination=letter+records,letter"], "unknown coordination 'letter+records'"),
    "unknown arm": (["among=mechanisms", "to=integratd"], "to: unknown coordination 'integratd'"),
    "unknown mechanism": (["among=mechanisms", "baseline=letter+records:shard"], "did you mean 'shared'?"),
    "unknown coordination": (["coordination=lettr"], "did you mean 'letter'?"),
    "half a change": (["coordination=letter+records"], "unknown coordination 'letter+records'"),
    "unknown change": (["coordination=letter+records:shard"], "did you mean 'shared'?"),
    "list of arms": (["arms=[letter]"], "journeys attribute has no 'arms'; allowed: coordination=NAME"),
    "one replicate": (["replicate=3"], "journeys attribute has no 'replicate'; allowed: replications=N"),
    "arm without effect": (["to=letter"], "to: is 'letter', which has no effect among barriers"),
    "coordination without effect": (["among=mechanisms", LETTERS], "which has no effect among mechanisms"),
    "not a name": (["baseline=3"], "baseline: is 3; allowed: text"),
    "no replications": (["replications=0"], "replications: is 0; allowed: at least 1"),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_bad_input(name: str, journeys: Journeys) -> None:
    arguments, said = ARGUMENTS[name]
    refused(journeys("attribute", *arguments), said)


def test_all_problems_at_once(journeys: Journeys) -> None:
    write_place(Path("place"), needs=changed("needs", severity_median="x"))
    answer = journeys("attribute", "scenario.folder=place", "sed=3", "to=nobody", "replications=0")
    refused(answer, "severity_median: is 'x'", "unknown name 'sed'", "to: unknown coordination", "replications: is 0")
    assert "4 problems in the input" in answer.err


def test_too_many_players(journeys: Journeys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.games.MOST_PLAYERS", 1)
    refused(journeys("attribute", "scenario.folder=place"), "would make 2 to divide among", "allowed: at most 1")
