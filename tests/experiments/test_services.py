"""Services over all runs of an arm, as a table, as a figure and in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.figures import style
from experiments.figures.labels import Labels
from experiments.figures.services import draw_services, seen
from experiments.services import services_over_runs
from sim.schema.parameters import Time
from tests.experiments.drawn import assert_readable, texts_of

ARMS = {"fragmented": "Fragmented", "integrated": "Integrated"}
RUNS = {arm: [0, 1] for arm in ARMS}
TIME = Time(horizon_days=910.0, warmup_days=365.0, followup_days=180.0)


def run(arm: str, replicate: int, service: str = "care", **values: Any) -> dict[str, Any]:
    """Return the row of a service in one run."""
    usual = {
        "arm": arm, "replicate": replicate, "provider": "clinic", "sector": "public", "service": service,
        "stage": "support", "places": 2.0, "busy": 0.5, "missed": 0.1, "coordination": 0.0, "joined": 10, "days": 4.0,
        "served": 8, "left": 1, "waiting": 1.5,
    }  # fmt: skip
    return {**usual, **values}


def many(arms: dict[str, str], providers: int = 12) -> pd.DataFrame:
    """Return many services of all sectors and stages in three runs of each arm."""
    rows = [
        run(
            arm, replicate, f"{stage}_{number}", provider=f"provider_{number}_of_the_whole_town", stage=stage,
            sector=list(style.SECTORS)[number % 3], busy=0.3 + 0.05 * number + 0.01 * replicate,
            days=float(number * 7 + position),
        )
        for position, arm in enumerate(arms)
        for replicate in range(3)
        for number in range(providers)
        for stage in ("assessment", "support")
    ]  # fmt: skip
    return services_over_runs(pd.DataFrame(rows), list(arms))


def test_shares_are_weighted_by_places_and_days_by_people() -> None:
    rows = [
        run("a", 0, places=1.0, busy=0.2, missed=0.0, coordination=0.1, joined=1, days=10.0, left=1, waiting=1.0),
        run("a", 1, places=3.0, busy=0.6, missed=0.2, coordination=0.1, joined=9, days=20.0, left=2, waiting=3.0),
    ]
    (row,) = services_over_runs(pd.DataFrame(rows), ["a"]).to_dict("records")
    assert (row["runs"], row["places"], row["joined"], row["waiting"]) == (2, 2.0, 5.0, 2.0)
    assert row["busy"] == pytest.approx((1 * 0.2 + 3 * 0.6) / 4)
    assert row["used"] == pytest.approx((1 * 0.3 + 3 * 0.9) / 4)
    assert row["days"] == pytest.approx((1 * 10 + 9 * 20) / 10)
    assert row["left_per_100"] == pytest.approx(30.0)
    # Of fewer than five runs the spread is from the lowest to the highest.
    assert (row["used_low"], row["used_high"]) == pytest.approx((0.3, 0.9))
    assert (row["days_low"], row["days_high"]) == (10.0, 20.0)


def test_a_run_without_places_or_people_says_nothing_of_them() -> None:
    rows = [
        run("a", 0, places=0.0, busy=math.nan, missed=math.nan, coordination=math.nan, joined=0, days=math.nan, left=0),
        run("a", 1),
    ]
    (row,) = services_over_runs(pd.DataFrame(rows), ["a"]).to_dict("records")
    assert (row["busy"], row["days"]) == (0.5, 4.0)
    assert math.isnan(row["days_low"])
    (none,) = services_over_runs(pd.DataFrame(rows[:1]), ["a"]).to_dict("records")
    assert all(math.isnan(none[name]) for name in ("used", "busy", "days", "left_per_100"))


def test_arms_are_in_their_order_and_services_in_that_of_the_place() -> None:
    rows = [run(arm, 0, service) for arm in ("b", "a") for service in ("zoo", "care")]
    table = services_over_runs(pd.DataFrame(rows), ["a", "b"])
    assert list(zip(table["arm"], table["service"], strict=True)) == [
        *(("a", "zoo"), ("a", "care")),
        *(("b", "zoo"), ("b", "care")),
    ]


@pytest.mark.parametrize("width", [style.SINGLE_COLUMN, style.DOUBLE_COLUMN])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_figure_can_be_read(width: float, count: int) -> None:
    arms = {f"arm_{number}": f"Arm number {number} with a long title" for number in range(count)}
    labels = Labels(providers={"provider_1_of_the_whole_town": "A provider whose name is much longer than others are"})
    figure = draw_services(many(arms), labels, {arm: [0, 1, 2] for arm in arms}, arms, TIME, "Foot.", width=width)
    assert figure.get_figwidth() / style.MM == pytest.approx(width)
    assert_readable(figure)


@pytest.mark.parametrize("width", [style.SINGLE_COLUMN, style.DOUBLE_COLUMN])
def test_every_point_is_where_the_table_says(width: float) -> None:
    table = many(ARMS)
    figure = draw_services(table, Labels(), RUNS, ARMS, TIME, width=width)
    for arm in ARMS:
        own = table[table["arm"] == arm]
        lines = {line.get_gid(): line for axes in figure.axes for line in axes.lines}
        assert np.asarray(lines[f"used-{arm}"].get_xdata()) == pytest.approx(100 * own["used"].to_numpy())
        assert np.asarray(lines[f"days-{arm}"].get_xdata()) == pytest.approx(own["days"].to_numpy())
        # The arms of a service stand together, apart from those of any other.
        rows = np.asarray(lines[f"days-{arm}"].get_ydata())
        assert np.min(np.diff(np.sort(rows))) > 2.0
    texts = texts_of(figure)
    assert "Public sector: assessment" in texts and "Voluntary sector: support" in texts
    assert any("Fragmented 720; Integrated 720" in text.replace("\n", " ") for text in texts)


@pytest.mark.parametrize(("count", "has_lines"), [(2, True), (3, False)])
def test_lines_of_spread_are_explained_where_they_are_drawn(count: int, has_lines: bool) -> None:
    arms = {f"arm_{number}": f"Arm {number}" for number in range(count)}
    figure = draw_services(many(arms), Labels(), {arm: [0, 1, 2] for arm in arms}, arms, TIME)
    drawn = [one for axes in figure.axes for one in axes.collections if str(one.get_gid()).startswith("spread-")]
    assert bool(drawn) is has_lines
    assert any("Lines:" in text for text in texts_of(figure)) is has_lines


def test_services_whose_names_begin_alike_are_told_apart() -> None:
    label = "The federation of all the voluntary advice centres of the whole county"
    rows = [
        *(run("fragmented", 0, f"s{number}", provider=f"p{number}") for number in range(2)),
        *(run("fragmented", 0, f"t{number}", provider="q") for number in range(2)),
    ]
    labels = Labels(
        providers={"p0": f"{label}, north", "p1": f"{label}, south", "q": label},
        services={"t0": "Debt", "t1": "Benefits"},
    )
    arms = {"fragmented": "Fragmented"}
    table = services_over_runs(pd.DataFrame(rows), list(arms))
    for width in (style.SINGLE_COLUMN, style.DOUBLE_COLUMN):
        figure = draw_services(table, labels, {"fragmented": [0]}, arms, TIME, width=width)
        names = [text for text in texts_of(figure) if text.startswith("…") or text in ("Debt", "Benefits")]
        assert len(set(names)) == 4
        assert_readable(figure)


def test_a_place_without_places_says_so() -> None:
    table = services_over_runs(pd.DataFrame([run(arm, 0, places=0.0, joined=0, left=0) for arm in ARMS]), list(ARMS))
    assert any("No service" in text for text in texts_of(draw_services(table, Labels(), RUNS, ARMS, TIME)))
    assert seen(table.assign(joined=0.0), ARMS) == ""


def test_what_is_seen_names_the_fullest_and_the_longest_queues() -> None:
    rows = [run("fragmented", 0, f"s{number}", busy=0.9 - 0.2 * number, days=10.0 * number) for number in range(5)]
    table = services_over_runs(pd.DataFrame(rows), list(ARMS), {"clinic": "The clinic"})
    words = seen(table, ARMS)
    assert "under Fragmented in a run 1 of 5 services that have a queue have 95 % or more of their places" in words
    assert "an entry to a queue lasts 20 days on average" in words
    assert "The clinic (support) 40 days, The clinic (support) 30 days, The clinic (support) 20 days" in words
    assert "Integrated" not in words


def test_full_is_counted_in_each_run() -> None:
    """Full in one of two runs: a mean of 90 % would not be full at all."""
    rows = [run("fragmented", number, busy=busy, missed=0.0) for number, busy in enumerate((1.0, 0.8))]
    table = services_over_runs(pd.DataFrame(rows), ["fragmented"])
    assert table["used"].tolist() == [pytest.approx(0.9)] and table["full"].tolist() == [0.5]


def test_a_queue_at_no_places_and_a_crisis_service_without_a_queue_are_drawn() -> None:
    rows = [
        run("fragmented", 0, "care"),
        run("fragmented", 0, "closed", provider="b", places=0.0, busy=math.nan, missed=math.nan,
            coordination=math.nan, days=90.0),
        run("fragmented", 0, "crisis", provider="c", stage="crisis", joined=0, days=math.nan),
    ]  # fmt: skip
    arms = {"fragmented": "Fragmented"}
    table = services_over_runs(pd.DataFrame(rows), list(arms))
    figure = draw_services(table, Labels(), {"fragmented": [0]}, arms, TIME)
    lines = {line.get_gid(): len(line.get_xdata()) for axes in figure.axes for line in axes.lines}  # type: ignore[arg-type]
    assert (lines["used-fragmented"], lines["days-fragmented"]) == (2, 2)
    said = " ".join(" ".join(texts_of(figure)).split())
    assert "No mark on the left: no places." in said and "No mark on the right: nobody joined" in said
    assert "b (support) 90 days" in seen(table, arms)


@pytest.mark.parametrize("measure", ["used", "days"])
def test_lines_of_spread_end_where_the_table_says(measure: str) -> None:
    table = many(ARMS)
    figure = draw_services(table, Labels(), RUNS, ARMS, TIME)
    scale = 100.0 if measure == "used" else 1.0
    for arm in ARMS:
        (lines,) = [
            one for axes in figure.axes for one in axes.collections if one.get_gid() == f"spread-{measure}-{arm}"
        ]
        ends = np.array([path.vertices for path in lines.get_paths()])
        own = table[table["arm"] == arm]
        assert ends[:, 0, 0] == pytest.approx(scale * own[f"{measure}_low"].to_numpy())
        assert ends[:, 1, 0] == pytest.approx(scale * own[f"{measure}_high"].to_numpy())
        markers = next(line for axes in figure.axes for line in axes.lines if line.get_gid() == f"{measure}-{arm}")
        assert ends[:, 0, 1] == pytest.approx(np.asarray(markers.get_ydata()))
