"""The funnel counts how far handoffs come, and what is lost before each step adds up."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from experiments.figures import style
from experiments.figures.funnel import STEPS, draw_funnel, funnel_data
from experiments.figures.spread import runs_of_arms
from sim import Scenario, simulate
from sim.schema.parameters import Time
from tests.experiments.drawn import assert_readable, texts_of

TIME = Time(horizon_days=400.0, warmup_days=0.0, followup_days=180.0)
ARMS = {"fragmented": "Fragmented", "integrated": "Integrated"}
LONG = ARMS | {
    "letter": "Referral letters",
    "key_worker": "Key workers",
    "a": "An arm that somebody gave a very long title indeed, longer than two lines of a panel are",
}
OUTCOMES = [
    ("", 4, "attended"),
    ("not_carried", 1, "dropped"),
    ("out_of_area", 2, "dropped"),
    ("wrong_door", 2, "dropped"),
    ("abandoned_wait", 3, "dropped"),
    ("", 1, "under_way"),
    ("", 3, "under_way"),
]
"""Why a handoff ended, how many steps it came to, and its state."""

Row = tuple[str, int, str, int, str]


def handoffs_of(rows: list[Row]) -> pd.DataFrame:
    """Return handoffs from arm, replicate, reason, number of steps passed and state."""
    table = pd.DataFrame(rows, columns=["arm", "replicate", "reason", "passed", "state"]).assign(cohort=True)
    for number, step in enumerate(STEPS):
        table[step] = np.where(table["passed"] > number, float(number), np.nan)
    return table


def runs_with(arms: dict[str, str], replicates: int) -> pd.DataFrame:
    return pd.DataFrame([(arm, number) for arm in arms for number in range(replicates)], columns=["arm", "replicate"])


def many(arms: dict[str, str], replicates: int) -> pd.DataFrame:
    random = np.random.default_rng(1)
    chosen = random.integers(0, len(OUTCOMES), (len(arms), replicates, 60))
    rows = [
        (arm, replicate, *OUTCOMES[one])
        for number, arm in enumerate(arms)
        for replicate in range(replicates)
        for one in chosen[number, replicate]
    ]
    return handoffs_of(rows)


def figure_of(
    handoffs: pd.DataFrame, arms: dict[str, str], replicates: int, width: float = style.DOUBLE_COLUMN
) -> Figure:
    runs = runs_with(arms, replicates)
    data, found = funnel_data(handoffs, runs, arms), runs_of_arms(runs, arms)
    figure = draw_funnel(data, found, arms, TIME, "A town; seed 1.", width)
    assert figure.get_figwidth() * 25.4 == pytest.approx(width)
    assert_readable(figure)
    return figure


def widths(figure: Figure) -> dict[str, float]:
    bars = [patch for axes in figure.axes for patch in axes.patches if isinstance(patch, Rectangle)]
    return {str(bar.get_gid()): bar.get_width() for bar in bars}


def test_each_step_says_how_many_come_and_why_others_do_not() -> None:
    rows: list[Row] = [("fragmented", 0, *one) for one in (*OUTCOMES, OUTCOMES[2], OUTCOMES[0], OUTCOMES[0])]
    other = handoffs_of([("fragmented", 0, "declined", 2, "dropped")]).assign(cohort=False)
    data = funnel_data(pd.concat([handoffs_of(rows), other]), runs_with(ARMS, 1), ARMS)
    own = data[data["arm"] == "fragmented"].set_index("step")
    assert list(own.index) == list(STEPS)
    assert own["made"].tolist() == [10] * 4
    assert own["reached"].tolist() == [10, 8, 5, 3]
    assert own["rate"].tolist() == pytest.approx([100, 80, 50, 30])
    assert own["lost"].tolist() == pytest.approx([0, 10, 30, 10])
    assert own["reason"].tolist() == ["", "not_carried", "out_of_area", "abandoned_wait"]
    assert own["of_reason"].tolist() == pytest.approx([0, 10, 20, 10])
    assert own["under_way"].tolist() == pytest.approx([0, 10, 0, 10])
    assert own["low"].isna().all()
    assert data.loc[data["arm"] == "integrated", "rate"].isna().all()


def test_the_spread_is_that_between_runs() -> None:
    rows: list[Row] = [("fragmented", 0, "", 4, "attended"), ("fragmented", 1, "not_carried", 1, "dropped")]
    data = funnel_data(handoffs_of(rows), runs_with(ARMS, 3), ARMS)
    received = data[(data["arm"] == "fragmented") & (data["step"] == "received")]
    assert received[["rate", "low", "high"]].to_numpy().tolist() == [[50.0, 0.0, 100.0]]


def test_steps_of_a_run_add_up_to_its_handoffs() -> None:
    short = {"time": {"horizon_days": 228.0, "warmup_days": 40.0, "followup_days": 60.0}}
    result = simulate(Scenario.load("three_journeys", short))
    handoffs = result.handoffs.assign(arm="fragmented", replicate=0)
    arms = {"fragmented": "Fragmented"}
    data = funnel_data(handoffs, runs_with(arms, 1), arms)
    rate = data["rate"].to_numpy()
    assert rate[:-1] == pytest.approx(rate[1:] + data["lost"].to_numpy()[1:] + data["under_way"].to_numpy()[1:])
    counted = handoffs[handoffs["cohort"]]
    assert data["lost"].sum() == pytest.approx(100 * (counted["state"] == "dropped").mean())
    assert data["under_way"].sum() == pytest.approx(100 * (counted["state"] == "under_way").mean())
    assert rate[-1] == pytest.approx(100 * (counted["state"] == "attended").mean())


def test_bars_are_as_long_as_the_numbers_say() -> None:
    handoffs = handoffs_of([(arm, 0, *one) for arm in ARMS for one in OUTCOMES])
    figure = figure_of(handoffs, ARMS, 1)
    drawn = widths(figure)
    assert drawn["bar-accepted-integrated"] == pytest.approx(300 / 7)
    assert drawn["lost-accepted-integrated"] == pytest.approx(200 / 7)
    assert drawn["under-way-received-integrated"] == pytest.approx(100 / 7)
    assert "under-way-accepted-integrated" not in drawn
    said = texts_of(figure)
    assert said.count("14.3 dropped: not carried\n14.3 under way") == 2
    assert said.count("28.6 dropped: most often out of area (14.3)") == 2
    assert said.count("7 handoffs") == 2
    assert any(text.endswith("A town; seed 1.") for text in said)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_any_number_of_arms_is_readable(count: int) -> None:
    arms = dict(list(LONG.items())[-count:])
    figure = figure_of(many(arms, 3), arms, 3)
    said = {text.replace("\n", " ") for text in texts_of(figure)}
    assert set(arms.values()) <= said


def test_an_arm_without_handoffs_stands_beside_others() -> None:
    figure = figure_of(many({"fragmented": "Fragmented"}, 3), ARMS, 3)
    assert "no handoffs made" in texts_of(figure)


def test_without_handoffs_that_is_said() -> None:
    figure = figure_of(many(ARMS, 2).assign(cohort=False), ARMS, 2)
    assert any(text.startswith("No handoffs") for text in texts_of(figure))


def words_of(figure: Figure) -> Counter[str]:
    return Counter(" ".join(texts_of(figure)).split())


def numbers_of(figure: Figure) -> Counter[str]:
    return Counter({word: many for word, many in words_of(figure).items() if any(map(str.isdigit, word))})


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_single_column_says_the_same(count: int) -> None:
    arms = dict(list(LONG.items())[-count:])
    handoffs = many(arms, 3)
    wide, narrow = (figure_of(handoffs, arms, 3, width) for width in (style.DOUBLE_COLUMN, style.SINGLE_COLUMN))
    assert numbers_of(wide) == numbers_of(narrow)
    assert set(words_of(wide)) <= set(words_of(narrow))
    assert widths(wide) == widths(narrow)
    assert all(texts_of(narrow).count(step) == count for step in STEPS.values())
    assert narrow.get_figheight() * 25.4 <= 235.0


def test_only_the_last_bars_of_a_single_column_have_an_axis() -> None:
    figure = figure_of(many(LONG, 2), LONG, 2, style.SINGLE_COLUMN)
    assert [axes.xaxis.get_visible() for axes in figure.axes] == [False, False, False, True, True]


def test_an_arm_without_handoffs_stands_beside_others_in_a_single_column() -> None:
    assert "no handoffs made" in texts_of(
        figure_of(many({"integrated": "Integrated"}, 3), ARMS, 3, style.SINGLE_COLUMN)
    )


def test_without_handoffs_that_is_said_in_a_single_column() -> None:
    figure = figure_of(many(ARMS, 2).assign(cohort=False), ARMS, 2, style.SINGLE_COLUMN)
    assert any(text.startswith("No handoffs") for text in texts_of(figure))
