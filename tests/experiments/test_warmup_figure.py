"""The figure of the warm-up shows the stock it claims to show, where it is counted, and what was found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.figures import style
from experiments.figures.spread import runs_of_arms
from experiments.figures.warmup import draw_warm_up, sections, waiting_data
from experiments.warmup import warm_ups
from sim.schema.parameters import Time
from tests.experiments.drawn import assert_readable, texts_of

TIME = Time(horizon_days=200.0, warmup_days=60.0, followup_days=60.0)
ARMS = {"fragmented": "Fragmented", "integrated": "Integrated"}


def episodes_of(arms: dict[str, str], replicates: int, stay: float = 10.0, time: Time = TIME) -> pd.DataFrame:
    """Return 40 needs a day that each wait ``stay`` days on average, so that 40 times ``stay`` wait after a while."""
    random = np.random.default_rng(3)
    parts = []
    for arm in arms:
        for replicate in range(replicates):
            onset = np.sort(random.uniform(0.0, time.horizon_days, int(40 * time.horizon_days)))
            end = onset + random.exponential(stay, len(onset))
            is_open = end > time.horizon_days
            days = np.minimum(end, time.horizon_days) - onset
            state = np.where(is_open, "open", "supported")
            columns = {"arm": arm, "replicate": replicate, "onset": onset, "days": days, "state": state}
            parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def runs_with(arms: dict[str, str], replicates: int) -> dict[str, list[int]]:
    rows = [(arm, number) for arm in arms for number in range(replicates)]
    return runs_of_arms(pd.DataFrame(rows, columns=["arm", "replicate"]), arms)


def figure_of(
    episodes: pd.DataFrame,
    arms: dict[str, str],
    replicates: int,
    time: Time = TIME,
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    runs = runs_with(arms, replicates)
    data, checks = waiting_data(episodes, runs, time), warm_ups(episodes, runs, time)
    foot = "Three journeys; 20 random worlds, seed 1; budget: equal."
    return draw_warm_up(data, checks, runs, arms, time, foot, width)


def drawn(figure: Figure) -> dict[str, object]:
    return {line.get_gid(): line for axes in figure.axes for line in axes.get_lines() if line.get_gid()}


def said_in(figure: Figure) -> str:
    return " ".join(" ".join(texts_of(figure)).split())


def test_the_line_is_the_mean_over_runs_and_the_band_their_spread() -> None:
    rows = [("fragmented", run, 1.0, 5.0 + run, "supported") for run in range(2)]
    episodes = pd.DataFrame(rows, columns=["arm", "replicate", "onset", "days", "state"])
    data = waiting_data(episodes, {"fragmented": [0, 1]}, TIME).set_index("day")
    assert data.loc[[0, 1, 5, 6, 7], "value"].tolist() == [0.0, 1.0, 1.0, 0.5, 0.0]
    assert (data.loc[6, "low"], data.loc[6, "high"]) == (0.0, 1.0)
    assert len(data) == 201


def test_of_a_long_run_not_every_day_is_drawn() -> None:
    episodes = episodes_of({"fragmented": ""}, 1)
    data = waiting_data(episodes, {"fragmented": [0]}, TIME, most=50)
    every = waiting_data(episodes, {"fragmented": [0]}, TIME).set_index("day")["value"]
    assert data["day"].tolist() == list(range(0, 201, 5))
    assert data["value"].tolist() == every[data["day"]].tolist()


def test_lines_of_all_arms_the_warm_up_and_the_counted_days_are_there() -> None:
    figure = figure_of(episodes_of(ARMS, 5), ARMS, 5)
    assert {"line-fragmented", "line-integrated", "mark-fragmented", "mark-integrated", "last-counted"} <= set(
        drawn(figure)
    )
    assert {f"section-{day}" for day in (0, 60, 140)} <= set(drawn(figure))
    ground = next(patch for axes in figure.axes for patch in axes.patches if patch.get_gid() == "warm-up")
    assert ground.get_extents().transformed(figure.axes[1].transData.inverted()).x1 == pytest.approx(60.0)


def test_the_mark_is_on_the_line_where_the_check_has_it() -> None:
    episodes, runs = episodes_of(ARMS, 5), runs_with(ARMS, 5)
    check = warm_ups(episodes, runs, TIME)[0]
    data = waiting_data(episodes, runs, TIME)
    mark = drawn(figure_of(episodes, ARMS, 5))["mark-fragmented"]
    own = data[data["arm"] == "fragmented"].set_index("day")["value"]
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (check.truncation, own[check.truncation])  # type: ignore[attr-defined]


def test_the_figure_says_what_was_found_and_of_how_many_runs() -> None:
    settled = said_in(figure_of(episodes_of(ARMS, 5), ARMS, 5))
    assert "Runs: Fragmented 5; Integrated 5." in settled
    assert "Fragmented: settled, " in settled and "Integrated: settled, " in settled
    assert "Marks: where MSER-5 proposes to end the warm-up. Fragmented: day " in settled
    assert "20 random worlds, seed 1" in settled
    growing = said_in(figure_of(episodes_of(ARMS, 5, stay=1000.0), ARMS, 5))
    assert "Fragmented: not settled, +" in growing
    assert "Fragmented: none, run too short" in growing


def test_one_run_an_arm_is_not_judged() -> None:
    said = said_in(figure_of(episodes_of(ARMS, 1), ARMS, 1))
    assert "Fragmented: not judged, which takes two runs at least" in said
    assert "no spread between runs can be shown" in said


@pytest.mark.parametrize("width", [style.SINGLE_COLUMN, style.DOUBLE_COLUMN])
@pytest.mark.parametrize("replicates", [1, 3])
@pytest.mark.parametrize(
    "time",
    [
        TIME,
        Time(horizon_days=200.0, warmup_days=0.0, followup_days=190.0),
        Time(horizon_days=200.0, warmup_days=185.0, followup_days=5.0),
    ],
)
def test_the_figure_is_readable(replicates: int, time: Time, width: float) -> None:
    arms = {**ARMS, "letter": "Referral letters", "own": "An arm that somebody gave a very long title indeed"}
    figure = figure_of(episodes_of(arms, replicates), arms, replicates, time, width)
    assert_readable(figure)
    assert sum(title in texts_of(figure) for title in arms.values()) >= 3
    # However short a part of the run is, it has a name.
    assert all(any(name in texts_of(figure) for name in names) for _, _, names in sections(time))


def test_parts_of_no_days_are_not_named() -> None:
    without = sections(Time(horizon_days=200.0, warmup_days=0.0, followup_days=60.0))
    assert [(begin, end) for begin, end, _ in without] == [(0.0, 140.0), (140.0, 200.0)]


def test_an_arm_without_runs_has_no_line() -> None:
    episodes, runs = episodes_of({"fragmented": ""}, 2), {"fragmented": [0, 1], "integrated": []}
    figure = draw_warm_up(waiting_data(episodes, runs, TIME), warm_ups(episodes, runs, TIME), runs, ARMS, TIME)
    assert "line-integrated" not in drawn(figure)
    assert_readable(figure)


def test_no_needs_at_all_is_said() -> None:
    nothing = episodes_of(ARMS, 1).iloc[:0]
    figure = figure_of(nothing, ARMS, 2)
    assert "No needs to show: none arose in these runs." in texts_of(figure)
    assert_readable(figure)
