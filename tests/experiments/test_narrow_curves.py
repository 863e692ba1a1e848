"""The figures of curves say the same in a single column as in two, laid out anew and as readable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.figures import at_risk_data, difference_data, incidence_data, over_time_data, style, waiting_data
from experiments.figures.difference import draw_difference
from experiments.figures.ends import BEYOND, height_for
from experiments.figures.incidence import draw_incidence
from experiments.figures.over_time import SERIES, draw_over_time, needs_shown
from experiments.figures.spread import runs_of_arms
from experiments.figures.warmup import draw_warm_up
from experiments.warmup import warm_ups
from sim.schema.parameters import Time
from tests.experiments.drawn import assert_readable, texts_of

TIME = Time(horizon_days=400.0, warmup_days=60.0, followup_days=180.0)
WORLDS = 3
TALLEST = 235.0
"""In mm: what fits on a page of a journal."""
TWO = {"fragmented": "Fragmented", "integrated": "Integrated"}
FIVE_LONG = {
    "fragmented": "Fragmented as it is found today in most towns",
    "letter": "Referral letters between all of the organisations",
    "link_worker": "Link workers for people with two or more needs",
    "own": "An arm with an Unpronounceabletitleinasingleword",
    "integrated": "Integrated with any door, shared records and hubs",
}
ARMS = {"two": TWO, "five": FIVE_LONG}
FOOT = "A town; 3 random worlds, seed 7; budget: equal."
KINDS = ("incidence", "difference", "over_time", "warm_up")


def rows_of_runs(arms: Mapping[str, str], needs: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return episodes and handoffs of three worlds an arm; some needs end, ever later from arm to arm."""
    random = np.random.default_rng(5)
    episodes, handoffs = [], []
    for position, arm in enumerate(arms):
        for world in range(WORLDS):
            onset = np.sort(random.uniform(0.0, TIME.horizon_days, needs))
            days = random.exponential(40.0 + 25.0 * position, needs)
            seen = TIME.horizon_days - onset
            ended = np.where(random.random(needs) < 0.7, "supported", "gave_up")
            shared = {"arm": arm, "replicate": world}
            cohort = (onset >= TIME.warmup_days) & (onset < TIME.horizon_days - TIME.followup_days)
            state = np.where(days > seen, "open", ended)
            table = {"onset": onset, "days": np.minimum(days, seen), "state": state, "origin": "", "cohort": cohort}
            episodes.append(pd.DataFrame(shared | table))
            state = np.where(random.random(needs) < 0.4, "dropped", "attended")
            handoffs.append(pd.DataFrame(shared | {"made": onset, "dropped": onset + 5.0, "state": state}))
    return pd.concat(episodes), pd.concat(handoffs)


@lru_cache
def drawn(of: str, width: float, needs: int = 300) -> dict[str, Figure]:
    """Return the figures of two or five arms by kind."""
    arms = ARMS[of]
    episodes, handoffs = rows_of_runs(arms, needs)
    runs = pd.DataFrame([(arm, world) for arm in arms for world in range(WORLDS)], columns=["arm", "replicate"])
    replicates = runs_of_arms(runs, arms)
    counted = episodes[episodes["cohort"].astype(bool)]["arm"].value_counts()
    sizes = {arm: int(counted.get(arm, 0)) for arm in arms}
    curves, gaps, at_risk = (
        make(episodes, runs, arms, TIME) for make in (incidence_data, difference_data, at_risk_data)
    )
    development = over_time_data(episodes, handoffs, runs, arms, TIME)
    arisen = needs_shown(episodes, arms, TIME)
    stock, checks = waiting_data(episodes, replicates, TIME), warm_ups(episodes, replicates, TIME)
    return {
        "incidence": draw_incidence(curves, sizes, replicates, arms, FOOT, width=width),
        "difference": draw_difference(gaps, at_risk, sizes, replicates, arms, FOOT, width=width),
        "over_time": draw_over_time(development, arisen, replicates, arms, TIME, (), FOOT, width=width),
        "warm_up": draw_warm_up(stock, checks, replicates, arms, TIME, FOOT, width=width),
    }


def words_of(figure: Figure) -> Counter[str]:
    """Return the words of a figure, whatever lines they are in."""
    labels = [text for axes in figure.axes for text in (axes.get_xlabel(), axes.get_ylabel())]
    return Counter(" ".join([*texts_of(figure), *labels]).split())


def at_ends(figure: Figure) -> Iterator[tuple[int, str, str]]:
    """Return what stands at the ends of lines: the number of the panel, the name of the text and its words."""
    for number, axes in enumerate(figure.axes):
        for text in axes.texts:
            if str(text.get_gid()).startswith("label-"):
                yield number, str(text.get_gid()), " ".join(text.get_text().split())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("of", ARMS)
def test_a_single_column_is_readable_and_fits_on_a_page(of: str, kind: str) -> None:
    figure = drawn(of, style.SINGLE_COLUMN)[kind]
    assert figure.get_figwidth() * 25.4 == pytest.approx(89.0)
    assert figure.get_figheight() * 25.4 <= TALLEST
    assert_readable(figure)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("of", ARMS)
def test_two_columns_are_readable(of: str, kind: str) -> None:
    figure = drawn(of, style.DOUBLE_COLUMN)[kind]
    assert figure.get_figwidth() * 25.4 == pytest.approx(183.0)
    assert_readable(figure)


@pytest.mark.parametrize("kind", KINDS)
def test_both_widths_say_the_same(kind: str) -> None:
    narrow, wide = (drawn("two", width)[kind] for width in (style.SINGLE_COLUMN, style.DOUBLE_COLUMN))
    assert list(at_ends(narrow)) == list(at_ends(wide)) != []
    left_out = words_of(wide) - words_of(narrow)
    shorter = {
        "difference": "than under Fragmented " * 2,  # the title says what it is compared with
        "warm_up": ", not counted Needs that arise now are Counted needs are followed up",
    }
    assert {word.strip(",").lower() for word in left_out} <= set(shorter.get(kind, "").lower().split())


@pytest.mark.parametrize("kind", KINDS)
def test_long_titles_are_whole_at_both_widths(kind: str) -> None:
    for width in (style.SINGLE_COLUMN, style.DOUBLE_COLUMN):
        found = list(at_ends(drawn("five", width)[kind]))
        for arm, title in FIVE_LONG.items():
            said = [words for _, name, words in found if name == f"label-{arm}"]
            # A word wider than all the room is the only thing that is cut.
            whole = title if arm != "own" else "An arm with an Unpronounceab"
            assert said and all(words.startswith(whole) for words in said)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_lines_are_drawn_at_both_widths(kind: str) -> None:
    def lines(width: float) -> list[tuple[object, list[float]]]:
        found = [line for axes in drawn("five", width)[kind].axes for line in axes.get_lines()]
        return [(line.get_gid(), np.asarray(line.get_ydata()).tolist()) for line in found if is_data(line.get_gid())]

    def is_data(name: object) -> bool:
        return str(name).startswith(("line-", "marks-", "mark-"))

    assert lines(style.SINGLE_COLUMN) == lines(style.DOUBLE_COLUMN) != []


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_to_show_is_said_in_a_single_column_too(kind: str) -> None:
    narrow, wide = (drawn("five", width, needs=0)[kind] for width in (style.SINGLE_COLUMN, style.DOUBLE_COLUMN))
    assert narrow.get_figwidth() * 25.4 == pytest.approx(89.0)
    assert words_of(narrow) == words_of(wide)
    assert_readable(narrow)


@pytest.mark.parametrize("kind", ["incidence", "over_time"])
def test_panels_stand_on_each_other_in_a_single_column(kind: str) -> None:
    upper, lower = (axes.get_position() for axes in drawn("two", style.SINGLE_COLUMN)[kind].axes)
    assert (upper.x0, upper.x1) == (lower.x0, lower.x1) and upper.y0 > lower.y1


def test_both_panels_of_incidence_have_the_same_shares_in_a_single_column() -> None:
    upper, lower = drawn("two", style.SINGLE_COLUMN)["incidence"].axes
    assert upper.get_ylim() == lower.get_ylim()
    assert upper.get_ylabel() == lower.get_ylabel() == "Share of needs (%)"


@pytest.mark.parametrize("followup", [10.0, 28.0, 127.0, 3650.0])
def test_incidence_fits_any_followup_in_a_single_column(followup: float) -> None:
    episodes, _ = rows_of_runs(TWO, 100)
    runs = pd.DataFrame([(arm, world) for arm in TWO for world in range(WORLDS)], columns=["arm", "replicate"])
    time = Time(horizon_days=4000.0, warmup_days=0.0, followup_days=followup)
    data = incidence_data(episodes, runs, TWO, time)
    sizes = dict.fromkeys(TWO, 100)
    assert_readable(draw_incidence(data, sizes, runs_of_arms(runs, TWO), TWO, FOOT, style.SINGLE_COLUMN))


@pytest.mark.parametrize("kind", KINDS)
def test_texts_at_the_ends_of_lines_stay_beside_their_panel(kind: str) -> None:
    figure = drawn("five", style.SINGLE_COLUMN)[kind]
    for axes in figure.axes:
        height = axes.get_position().height * figure.get_figheight() * 25.4
        places = sorted(text.get_position()[1] for text in axes.texts if str(text.get_gid()).startswith("label-"))
        assert all(lower < upper for lower, upper in pairwise(places))
        assert all(-BEYOND / height < place < 1 + BEYOND / height for place in places)


@pytest.mark.parametrize("width", [style.SINGLE_COLUMN, style.DOUBLE_COLUMN])
def test_texts_of_lines_at_the_top_stay_clear_of_the_words_above_the_panel(width: float) -> None:
    rows = [(arm, series, day, 100.0) for arm in FIVE_LONG for series in SERIES for day in (50.0, 350.0)]
    data = pd.DataFrame(rows, columns=["arm", "series", "day", "value"]).assign(low=np.nan, high=np.nan)
    sizes, runs = dict.fromkeys(FIVE_LONG, 9), {arm: [0] for arm in FIVE_LONG}
    assert_readable(draw_over_time(data, sizes, runs, FIVE_LONG, TIME, (), FOOT, width))


def test_a_panel_grows_with_the_texts_at_the_ends_of_its_lines() -> None:
    line = style.LINE_HEIGHT + 0.6
    assert height_for(["Short"] * 5, 25.0, 40.0) == 40.0
    assert height_for(["Short"] * 20, 25.0, 40.0) == pytest.approx(20 * line - 2 * BEYOND)
    assert height_for(["Short"] * 20, 25.0, 40.0, above=0.0) == pytest.approx(20 * line - BEYOND)
