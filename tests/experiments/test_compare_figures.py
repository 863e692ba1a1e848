"""What the figures of a comparison say of themselves: which arm is which, how sure, in which place and with what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from experiments.figures import (
    foot_of,
    incidence_data,
    over_time_data,
    reasons_data,
    sectors_data,
)
from experiments.figures.incidence import draw_incidence
from experiments.figures.over_time import draw_over_time, needs_shown
from experiments.figures.reasons import draw_reasons
from experiments.figures.sectors import NO_COLOUR, colour_range, draw_sectors
from experiments.figures.spread import runs_of_arms, spread, spread_note
from experiments.plan import Plan
from sim import Coordination, Scenario
from tests.experiments.drawn import assert_readable, texts_of
from tests.experiments.test_figures import ARMS, TIME, handoffs_of, many_rows, runs_with
from tests.places import write_place

LONG = {
    "fragmented": "Fragmented",
    "a": "Fragmented + any_door, tracked, shared",
    "b": "Fragmented + any_door, tracked, partial",
    "c": "Fragmented + any_door, tracked, link_worker, partial, co_located, pooled, urgency",
    "d": "Fragmented + any_door, tracked, link_worker, partial, co_located, pooled, random_order",
}


@pytest.mark.parametrize("count", [3, 5])
def test_arms_with_long_titles_have_different_names(count: int) -> None:
    arms = dict(list(LONG.items())[:count])
    _, handoffs = many_rows(arms)
    runs = runs_with(arms, 3)
    figure = draw_reasons(reasons_data(handoffs, runs, arms), runs_of_arms(runs, arms), arms, TIME)
    assert_readable(figure)
    names = {text.replace("\n", " ") for text in texts_of(figure)}
    assert set(arms.values()) <= names


def drawn(arms: dict[str, str], replicates: int, foot: str) -> list[Figure]:
    episodes, handoffs = many_rows(arms, replicates)
    runs = runs_with(arms, replicates)
    found = runs_of_arms(runs, arms)
    sizes = dict.fromkeys(arms, 180)
    shown = needs_shown(episodes, arms, TIME)
    return [
        draw_incidence(incidence_data(episodes, runs, arms, TIME), sizes, found, arms, foot),
        draw_reasons(reasons_data(handoffs, runs, arms), found, arms, TIME, foot),
        draw_sectors(sectors_data(handoffs, arms), found, arms, TIME, foot),
        draw_over_time(over_time_data(episodes, handoffs, runs, arms, TIME), shown, found, arms, TIME, foot=foot),
    ]


def test_every_figure_says_what_it_holds_for() -> None:
    for figure in drawn(ARMS, 3, "A town; 3 random worlds."):
        assert_readable(figure)
        assert any(text.endswith("A town; 3 random worlds.") for text in texts_of(figure))


def plan_with(tmp_path: Path, changes: dict[str, tuple[Any, Any]]) -> Plan:
    return Plan(Scenario.load(write_place(tmp_path / "place")), {"a": Coordination()}, 7, range(3), changes=changes)


def test_the_foot_has_place_worlds_budget_and_changes(tmp_path: Path) -> None:
    changes = {
        "barriers.culture": (0.3, {"all": 0.2}),
        "time.horizon_days": (910.0, 200.0),
        "budget": ("added", "equal"),
    }
    plan = plan_with(tmp_path, changes)
    assert foot_of(plan, 2) == (
        f"{plan.scenario.title}; 2 random worlds, seed 7; budget: equal; changed: barriers.culture "
        "{all: 0.2} (was 0.3), time.horizon_days 200 (was 910)."
    )
    assert foot_of(plan_with(tmp_path / "other", {}), 1).endswith("; 1 random world, seed 7; budget: equal.")
    many = {f"p{number}": (0.0, 1.0) for number in range(11)}
    assert foot_of(plan_with(tmp_path / "third", many), 1).endswith("p7 1 (was 0) and 3 more.")


# --- spread -------------------------------------------------------------------------------------------------------


def test_the_spread_of_few_runs_is_their_range() -> None:
    values = np.arange(5.0)[:, None]
    assert [float(end[0]) for end in spread(values[:4])] == [0.0, 3.0]
    assert [float(end[0]) for end in spread(values)] == pytest.approx([0.2, 3.8])
    assert spread_note("Bands", {"a": [0, 1]}).startswith("Bands: range over the 2 runs of an arm")
    assert spread_note("Bands", {"a": list(range(5))}).startswith(
        "Bands: 5th to 95th percentile of the runs of an arm ("
    )
    mixed = spread_note("Bands", {"a": list(range(5)), "b": [0, 1], "c": [0]})
    assert "5th to 95th percentile" in mixed and "range over runs for an arm with fewer than 5" in mixed


def test_eighteen_weeks_are_called_so() -> None:
    said = texts_of(drawn(ARMS, 2, "")[0])
    assert said.count("18 weeks") == 2 and "126 days" not in said


# --- sectors ------------------------------------------------------------------------------------------------------


def rows(made: int, dropped: int, sender: str) -> list[tuple[str, int, str, str, str, str]]:
    """Return handoffs from a sector to the public one."""
    state = ["dropped"] * dropped + ["attended"] * (made - dropped)
    return [("fragmented", 0, sender, "public", word, "declined" if word == "dropped" else "") for word in state]


def test_cells_with_few_handoffs_have_no_colour() -> None:
    arms = {"fragmented": "Fragmented"}
    handoffs = handoffs_of([*rows(100, 55, "public"), *rows(20, 11, "voluntary"), *rows(19, 19, "private")])
    data = sectors_data(handoffs, arms)
    assert colour_range(data) == (40.0, 60.0)
    figure = draw_sectors(data, {"fragmented": [0]}, arms, TIME)
    assert_readable(figure)
    cells = {patch.get_gid(): patch.get_facecolor() for axes in figure.axes for patch in axes.patches}
    assert cells["cell-private-public"] == to_rgba(NO_COLOUR)
    assert cells["cell-voluntary-public"] == cells["cell-public-public"] != to_rgba(NO_COLOUR)
    assert {"100 %", "n=19"} <= set(texts_of(figure))
    assert any("fewer than 20 handoffs" in text for text in texts_of(figure))


def test_the_bar_of_colours_has_ticks_at_both_ends() -> None:
    arms = {"fragmented": "Fragmented"}
    for dropped in ([0, 100], [55, 60], [20, 99]):
        handoffs = handoffs_of([*rows(100, dropped[0], "public"), *rows(100, dropped[1], "private")])
        data = sectors_data(handoffs, arms)
        figure = draw_sectors(data, {"fragmented": [0]}, arms, TIME)
        assert_readable(figure)
        (bar,) = [axes for axes in figure.axes if axes.get_xlabel().startswith("Handoffs dropped (%")]
        assert (min(bar.get_xticks()), max(bar.get_xticks())) == colour_range(data)


def test_without_any_colour_there_is_no_bar_of_colours() -> None:
    arms = {"fragmented": "Fragmented"}
    data = sectors_data(handoffs_of(rows(3, 1, "public")), arms)
    assert colour_range(data) is None
    figure = draw_sectors(data, {"fragmented": [0]}, arms, TIME)
    assert_readable(figure)
    assert not any(axes.get_xlabel().startswith("Handoffs dropped (%") for axes in figure.axes)
