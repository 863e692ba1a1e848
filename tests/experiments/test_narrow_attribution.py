"""The figure of a gap divided among players in a single column: all that the one of two columns says, laid out anew."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.dividing import attribution_table, divided, shown_outcomes
from experiments.figures import style
from experiments.figures.attribution import draw_attribution
from experiments.games import Attribution, Player, coalitions
from sim import Coordination, Scenario
from sim.outcomes.headline import HEADLINE
from tests.experiments.drawn import assert_readable, texts_of
from tests.places import write_place

BARRIERS = (
    Player("funding", "Short-term funding", {}),
    Player("geography", "Misaligned geography", {}),
    Player("culture", "Differences of professional culture", {}),
    Player("off", "Barriers to data sharing", {}, active=False),
    Player("learning", "Limited learning about what others do", {}),
)
LONG = tuple(
    Player(f"question_{number}", f"Question {number}: a mechanism with a long name to another long one", {})
    for number in range(5)
)


def plan_of(tmp_path: Path, players: tuple[Player, ...], worlds: int) -> Attribution:
    scenario = Scenario.load(write_place(tmp_path / "place"))
    arms = {name: Coordination() for name, _ in coalitions(players, "as_is", "without")}
    return Attribution(
        scenario,
        arms,
        1,
        range(worlds),
        among="barriers",
        players=players,
        places=dict.fromkeys(arms, scenario),
        title="Fragmented, from all barriers as they are to none of them",
        ends=("all barriers as they are", "none of them"),
    )


def table_of(plan: Attribution, missing: tuple[str, ...] = ()) -> pd.DataFrame:
    """Return the table of made-up runs, in which some outcomes may be missing everywhere."""
    worth = np.random.default_rng(3).normal(0.5, 0.2, (len(plan.replicates), len(plan.arms)))
    rows = [
        {
            "coalition": name,
            "replicate": replicate,
            **{
                outcome.name: math.nan
                if outcome.name in missing
                # Days and handoffs are many, shares are below 1.
                else worth[replicate, number] * (1.0 if outcome.unit == "share" else 1000.0)
                for outcome in HEADLINE
            },
        }
        for replicate in range(len(worth))
        for number, name in enumerate(plan.arms)
    ]
    return attribution_table(divided(pd.DataFrame(rows), plan), plan)


def figure_of(table: pd.DataFrame, plan: Attribution, width: float) -> Figure:
    figure = draw_attribution(table, plan, width)
    assert_readable(figure)
    assert figure.get_figwidth() / style.MM == pytest.approx(width)
    return figure


def words_of(figure: Figure) -> set[str]:
    """Return all words on a figure, wherever lines break."""
    return set(" ".join([*texts_of(figure), *(axes.get_xlabel() for axes in figure.axes)]).split())


@pytest.mark.parametrize(("players", "worlds"), [(BARRIERS[:2], 1), (BARRIERS, 3), (LONG, 3)])
def test_the_figure_of_a_single_column_says_the_same(tmp_path: Path, players: tuple[Player, ...], worlds: int) -> None:
    plan = plan_of(tmp_path, players, worlds)
    table = table_of(plan)
    narrow, wide = (figure_of(table, plan, width) for width in (style.SINGLE_COLUMN, style.DOUBLE_COLUMN))
    assert words_of(narrow) == words_of(wide)


def test_the_bars_are_the_same_in_a_single_column(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, BARRIERS, 3)
    table = table_of(plan)
    narrow, wide = (
        {patch.get_gid(): patch.get_width() for axes in figure_of(table, plan, width).axes for patch in axes.patches}
        for width in (style.SINGLE_COLUMN, style.DOUBLE_COLUMN)
    )
    assert len(narrow) == len(BARRIERS) * len(shown_outcomes())
    assert narrow == pytest.approx(wide)


def test_each_outcome_has_the_whole_width_and_says_which_side_is_better(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, BARRIERS, 3)
    figure = figure_of(table_of(plan), plan, style.SINGLE_COLUMN)
    assert len({axes.get_position().x0 for axes in figure.axes}) == 1
    for axes, outcome in zip(figure.axes, shown_outcomes(), strict=True):
        said = {text.get_text(): text.get_position()[0] for text in axes.texts}
        better = "← better" if outcome.better == "lower" else "better →"
        assert said[better] == (0.0 if outcome.better == "lower" else 1.0)
        assert any(text.startswith("change, ") for text in said)


def test_the_barriers_of_a_place_fit_a_page(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, BARRIERS, 3)
    assert figure_of(table_of(plan), plan, style.SINGLE_COLUMN).get_figheight() / style.MM <= 235.1


@pytest.mark.parametrize("missing", [("supported_126",), tuple(outcome.name for outcome in HEADLINE)])
def test_what_is_missing_is_said_in_a_single_column(tmp_path: Path, missing: tuple[str, ...]) -> None:
    plan = plan_of(tmp_path, BARRIERS, 2)
    said = texts_of(figure_of(table_of(plan, missing), plan, style.SINGLE_COLUMN))
    none = "nothing to divide" if len(missing) == 1 else "no needs"
    assert said.count(none) == len({outcome.name for outcome in shown_outcomes()} & set(missing))
