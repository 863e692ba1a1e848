"""A gap divided among players: the tables by hand, and the figure as it can be read."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.dividing import attribution_table, attribution_text, by_size, divided, shown_outcomes
from experiments.figures.attribution import draw_attribution, write_attribution
from experiments.games import Attribution, Player, coalitions
from sim import Coordination, Scenario
from sim.outcomes.headline import HEADLINE
from tests.experiments.drawn import assert_readable, texts_of
from tests.places import write_place

PLAYERS = (Player("a", "First", {}), Player("off", "Not there", {}, active=False), Player("b", "Second", {}))
LONG = tuple(
    Player(f"question_{number}", f"Question {number}: a mechanism with a long name to another long one", {})
    for number in range(5)
)


def plan_of(tmp_path: Path, players: tuple[Player, ...], replicates: int, among: str = "barriers") -> Attribution:
    scenario = Scenario.load(write_place(tmp_path / "place"))
    arms = {name: Coordination() for name, _ in coalitions(players, "as_is", "without")}
    places = dict.fromkeys(arms, scenario)
    ends = ("all barriers as they are", "none of them")
    return Attribution(
        scenario,
        arms,
        1,
        range(replicates),
        among=among,
        players=players,
        places=places,
        title="Fragmented, from all barriers as they are to none of them",
        ends=ends,
    )


def runs_of(plan: Attribution, worth: np.ndarray) -> pd.DataFrame:
    """Return runs in which every headline outcome is the worth of the coalition in that world."""
    rows = [
        {"coalition": name, "replicate": replicate, **{outcome.name: worth[replicate, number] for outcome in HEADLINE}}
        for replicate in range(len(worth))
        for number, name in enumerate(plan.arms)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=1)


def test_divided_by_hand(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, PLAYERS, 2)
    values = divided(runs_of(plan, np.array([[10.0, 6.0, 9.0, 1.0], [20.0, 18.0, 20.0, 16.0]])), plan)
    found = values[values["outcome"] == "gave_up"].pivot(index="replicate", columns="player", values="value")
    # World 0: a first -4, after b -8; b first -1, after a -5. World 1: -2 and -4; 0 and -2.
    assert found["a"].tolist() == [-6.0, -3.0]
    assert found["b"].tolist() == [-3.0, -1.0]
    assert found["off"].tolist() == [0.0, 0.0]
    table = attribution_table(values, plan)
    rows = table[table["outcome"] == "gave_up"].set_index("player")
    assert rows["mean"].to_dict() == {"a": -4.5, "off": 0.0, "b": -2.0, "gap": -6.5}
    assert rows["share"].isna().all()  # two worlds: the interval of the gap, -9 and -4, includes 0
    # Half an interval: t for 1 degree of freedom, 12.7062, times the standard error 1.5.
    assert rows.loc["a", "high"] - rows.loc["a", "mean"] == pytest.approx(12.7062 * 1.5, abs=1e-3)
    assert (rows.loc["gap", "nobody"], rows.loc["gap", "everybody"]) == (15.0, 8.5)
    assert by_size(table) == ["a", "b", "off"]


def test_shares_of_a_clear_gap(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, PLAYERS, 3)
    worth = np.array([[10.0, 7.0, 9.0, 6.0]] * 3) + np.arange(3)[:, None]
    rows = attribution_table(divided(runs_of(plan, worth), plan), plan).set_index(["outcome", "player"])["share"]
    assert rows["gave_up"].to_dict() == {"a": 0.75, "off": 0.0, "b": 0.25, "gap": 1.0}


def test_missing_in_one_run_is_missing(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, PLAYERS, 2)
    runs = runs_of(plan, np.array([[10.0, 6.0, 9.0, 1.0], [20.0, 18.0, 20.0, 16.0]]))
    there = (runs["replicate"] == 1) & (runs["coalition"] == "without_b")
    runs.loc[there, "restricted_mean_days"] = math.nan
    table = attribution_table(divided(runs, plan), plan)
    missing = table[table["outcome"] == "restricted_mean_days"]
    assert missing[["mean", "low", "high", "gap", "share"]].isna().all(axis=None)
    assert table[table["outcome"] == "gave_up"]["mean"].notna().all()
    assert "nothing is said: Restricted mean" in attribution_text(table, plan)


def test_a_world_without_all_runs_is_left_out(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, PLAYERS, 2)
    runs = runs_of(plan, np.array([[10.0, 6.0, 9.0, 1.0], [20.0, 18.0, 20.0, 16.0]]))
    values = divided(runs[~((runs["replicate"] == 1) & (runs["coalition"] == "without_b"))], plan)
    assert values["replicate"].unique().tolist() == [0]
    assert divided(runs[runs["coalition"] != "as_is"], plan).empty


def drawn(tmp_path: Path, players: tuple[Player, ...], worlds: int, among: str, missing: bool) -> Figure:
    plan = plan_of(tmp_path, players, worlds, among)
    worth = np.random.default_rng(3).normal(0.5, 0.2, (worlds, len(plan.arms)))
    runs = runs_of(plan, worth)
    for outcome in HEADLINE:
        if outcome.unit != "share":
            runs[outcome.name] *= 1000.0
    if missing:
        runs["supported_126"] = math.nan
    figure = draw_attribution(attribution_table(divided(runs, plan), plan), plan)
    assert_readable(figure)
    return figure


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("worlds", [1, 4])
@pytest.mark.parametrize(("players", "among"), [(PLAYERS, "barriers"), (LONG, "mechanisms")])
def test_the_figure_can_be_read(
    tmp_path: Path, players: tuple[Player, ...], worlds: int, among: str, missing: bool
) -> None:
    figure = drawn(tmp_path, players, worlds, among, missing)
    said = " ".join(" ".join(texts_of(figure)).split())
    assert f"Random worlds: {worlds}" in said
    assert ("Whiskers" in said) == (worlds > 1)
    assert ("nothing to divide" in said) == missing
    assert all(outcome.label.split()[0] in said for outcome in shown_outcomes())


def test_the_bars_are_as_long_as_the_table_says(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, PLAYERS, 2)
    worth = np.array([[0.10, 0.06, 0.09, 0.01], [0.20, 0.18, 0.20, 0.16]])
    table = attribution_table(divided(runs_of(plan, worth), plan), plan)
    figure = draw_attribution(table, plan)
    bars = {patch.get_gid(): patch.get_width() for axes in figure.axes for patch in axes.patches}
    assert bars["bar-gave_up-a"] == pytest.approx(-4.5)
    assert bars["bar-gave_up-off"] == 0.0
    assert "−4.5" in texts_of(figure)
    better = {axes.get_xlabel().split()[1] for axes in figure.axes}
    assert better == {"better", "worse"}
    assert "2 random worlds, seed 1; budget: equal." in " ".join(" ".join(texts_of(figure)).split())
    paths = write_attribution(tmp_path / "figures", table, plan, {"seed": "1"})
    assert [str(path.relative_to(tmp_path / "figures")) for path in paths] == [
        f"{where}attribution.{kind}" for where in ("", "single_column/") for kind in ("pdf", "svg", "png")
    ]


def test_an_outcome_that_does_not_change_has_an_axis_that_can_be_read(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, PLAYERS, 2)
    runs = runs_of(plan, np.full((2, 4), 0.3))
    runs["gave_up"] += runs["replicate"] * 1e-15
    figure = draw_attribution(attribution_table(divided(runs, plan), plan), plan)
    assert_readable(figure)
    for axes in figure.axes:
        low, high = axes.get_xlim()
        assert high - low >= 1.0 and low < 0.0 < high
        assert not axes.xaxis.get_offset_text().get_text()


def test_zero_has_no_sign(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, PLAYERS, 2)
    worth = np.array([[20.0, 19.96, 19.0, 18.96], [20.0, 19.97, 19.0, 18.97]])
    said = texts_of(draw_attribution(attribution_table(divided(runs_of(plan, worth), plan), plan), plan))
    assert "0.0" in said
    assert not any(text in ("−0.0", "+0.0") for text in said)


def test_no_needs_at_all_is_said(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, PLAYERS, 2)
    runs = runs_of(plan, np.full((2, 4), math.nan))
    figure = draw_attribution(attribution_table(divided(runs, plan), plan), plan)
    assert_readable(figure)
    said = texts_of(figure)
    assert said.count("no needs to count in some run") == said.count("no needs") == len(shown_outcomes())
    runs = runs_of(plan, np.ones((2, 4))).assign(dropped_per_100=math.nan)
    said = texts_of(draw_attribution(attribution_table(divided(runs, plan), plan), plan))
    assert "no handoffs were made in some run" in said and "no needs" not in said
