"""The difference over time is paired by world, as the headline outcomes are, and its numbers at risk are right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.figures import style
from experiments.figures.difference import at_risk_data, difference_data, draw_difference, marked_days
from experiments.figures.spread import runs_of_arms
from experiments.paired import compare_arms, interval_of
from sim.outcomes.headline import HEADLINE, headline
from sim.schema.parameters import Time
from tests.experiments.drawn import assert_readable, texts_of

TIME = Time(horizon_days=400.0, warmup_days=0.0, followup_days=180.0)
ARMS = {"fragmented": "Fragmented", "integrated": "Integrated"}
FIVE = {
    **ARMS,
    "letter": "Referral letters",
    "link_worker": "Link workers",
    "own": "An arm that somebody gave a very long title indeed",
}
FOOT = "A town; 4 random worlds."


def runs_with(arms: dict[str, str], worlds: int) -> pd.DataFrame:
    return pd.DataFrame([(arm, world) for arm in arms for world in range(worlds)], columns=["arm", "replicate"])


def episodes_of(rows: list[tuple[str, int, float, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["arm", "replicate", "days", "state"]).assign(cohort=True)


def many_rows(arms: dict[str, str], worlds: int, needs: int = 150) -> pd.DataFrame:
    """Return needs followed for 200 days, ever slower to be supported from arm to arm."""
    random = np.random.default_rng(2)
    parts = []
    for position, arm in enumerate(arms):
        for world in range(worlds):
            days = random.exponential(60.0 + 15.0 * position, needs)
            state = np.where(days > 200.0, "open", random.choice(["supported", "gave_up"], needs, p=[0.7, 0.3]))
            columns = {"arm": arm, "replicate": world, "days": np.minimum(days, 200.0), "state": state}
            parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True).assign(cohort=True)


def figure_of(
    episodes: pd.DataFrame,
    runs: pd.DataFrame,
    arms: dict[str, str],
    time: Time = TIME,
    width: float = style.DOUBLE_COLUMN,
) -> Figure:
    data, at_risk = (make(episodes, runs, arms, time) for make in (difference_data, at_risk_data))
    counts = episodes["arm"].value_counts()
    sizes = {arm: int(counts.get(arm, 0)) for arm in arms}
    return draw_difference(data, at_risk, sizes, runs_of_arms(runs, arms), arms, FOOT, width)


def on_day(data: pd.DataFrame, day: float, arm: str = "integrated") -> pd.Series:
    return data[(data["arm"] == arm) & (data["day"] == day)].iloc[0]


def gids(figure: Figure) -> set[str]:
    things = [thing for axes in figure.axes for thing in (*axes.get_lines(), *axes.collections)]
    return {str(thing.get_gid()) for thing in things}


def said_in(figure: Figure) -> str:
    return " ".join(" ".join(texts_of(figure)).split())


def test_differences_are_paired_by_world() -> None:
    rows = [
        *[("fragmented", 0, 10.0, "supported"), ("fragmented", 0, 200.0, "open")],
        *[("integrated", 0, 10.0, "supported"), ("integrated", 0, 20.0, "supported")],
        *[("fragmented", 1, 200.0, "open"), ("integrated", 1, 15.0, "gave_up")],
    ]
    # World 2 was run in one arm alone, and must not count.
    episodes = episodes_of([*rows, ("integrated", 2, 1.0, "supported")])
    runs = pd.concat([runs_with(ARMS, 2), pd.DataFrame({"arm": ["integrated"], "replicate": [2]})])
    data = difference_data(episodes, runs, ARMS, TIME)
    expected = {0.0: [0.0, 0.0], 10.0: [0.0, 0.0], 20.0: [50.0, 0.0], 180.0: [50.0, 0.0]}
    for day, gaps in expected.items():
        row, gap = on_day(data, day), interval_of(gaps)
        assert row[["value", "low", "high", "n"]].tolist() == pytest.approx([gap.mean, gap.low, gap.high, 2])


def test_the_difference_on_marked_days_is_that_of_the_headline_outcomes() -> None:
    episodes, runs = many_rows(ARMS, 5), runs_with(ARMS, 5)
    handoffs = pd.DataFrame({"cohort": pd.Series(dtype=bool), "state": pd.Series(dtype=str)})
    more = episodes.assign(setbacks=0, dropped=0, failure_contacts=0, crises=0)
    outcomes = [
        headline(more[(more["arm"] == arm) & (more["replicate"] == world)], handoffs, TIME)
        for arm, world in runs.itertuples(index=False)
    ]
    table = compare_arms(pd.concat([runs, pd.DataFrame(outcomes)], axis=1), list(ARMS)).set_index(["arm", "outcome"])
    assert {"supported_28", "supported_126"} <= {outcome.name for outcome in HEADLINE}
    data = difference_data(episodes, runs, ARMS, TIME)
    for day in (28.0, 126.0):
        expected = table.loc[("integrated", f"supported_{day:g}")]
        drawn = on_day(data, day)
        for mine, theirs in {"value": "difference", "low": "low", "high": "high"}.items():
            assert drawn[mine] == pytest.approx(100 * expected[theirs])


def test_needs_outside_the_cohort_do_not_count() -> None:
    episodes, runs = many_rows(ARMS, 2), runs_with(ARMS, 2)
    others = pd.concat([episodes, episodes.assign(cohort=False, days=0.0)])
    assert difference_data(others, runs, ARMS, TIME).equals(difference_data(episodes, runs, ARMS, TIME))
    assert at_risk_data(others, runs, ARMS, TIME).equals(at_risk_data(episodes, runs, ARMS, TIME))


def test_beyond_the_longest_observation_nothing_is_said() -> None:
    rows = [(arm, 0, days, "open") for arm in ARMS for days in (50.0, 100.0)]
    data = difference_data(episodes_of(rows), runs_with(ARMS, 1), ARMS, TIME)
    assert data["value"].notna().tolist() == (data["day"] <= 100.0).tolist()
    figure = figure_of(episodes_of(rows), runs_with(ARMS, 1), ARMS)
    assert "to-label-integrated" in gids(figure)


def test_numbers_at_risk_are_means_over_worlds() -> None:
    rows = [
        *[("fragmented", 0, days, "supported") for days in (0.0, 27.9, 28.0, 150.0)],
        *[("fragmented", 1, days, "open") for days in (63.0, 200.0)],
        ("integrated", 0, 126.0, "gave_up"),
    ]
    at_risk = at_risk_data(episodes_of(rows), runs_with(ARMS, 2), ARMS, TIME)
    numbers = at_risk.pivot(index="arm", columns="day", values="needs")
    assert numbers.columns.tolist() == [0.0, 28.0, 63.0, 126.0, 180.0]
    assert numbers.loc["fragmented"].tolist() == [3.0, 2.0, 1.5, 1.0, 0.5]
    assert numbers.loc["integrated"].tolist() == [0.5, 0.5, 0.5, 0.5, 0.0]


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (180.0, [0.0, 28.0, 63.0, 126.0, 180.0]),
        (130.0, [0.0, 28.0, 63.0, 130.0]),
        (20.0, [0.0, 20.0]),
        (730.0, [0.0, 126.0, 252.0, 365.0, 730.0]),
    ],
)
def test_marked_days_leave_room_for_their_numbers(last: float, expected: list[float]) -> None:
    assert marked_days(Time(horizon_days=last + 100.0, warmup_days=0.0, followup_days=last)) == expected


def test_lines_bands_the_zero_line_and_numbers_at_risk_are_there() -> None:
    figure = figure_of(many_rows(FIVE, 4), runs_with(FIVE, 4), FIVE)
    others = list(FIVE)[1:]
    wanted = {f"{what}-{arm}" for what in ("line", "band", "marks") for arm in others}
    assert wanted | {"zero"} <= gids(figure) and "line-fragmented" not in gids(figure)
    said = said_in(figure)
    assert "Fragmented (baseline)" in said and "Needs at risk, mean per world" in said
    assert texts_of(figure).count("150") == len(FIVE)
    assert "means of paired differences of 4 worlds" in said
    assert "for one day at a time, for one arm at a time" in said
    assert FOOT in said and "Needs counted, 4 runs an arm: Fragmented 600" in said


def test_a_label_stands_beside_the_end_of_its_line() -> None:
    figure = figure_of(many_rows(ARMS, 4), runs_with(ARMS, 4), ARMS)
    (axes,) = [one for one in figure.axes if one.get_ylabel()]
    bottom, top = axes.get_ylim()
    assert bottom < 0 < top
    labels = {text.get_gid(): text.get_position()[1] for text in axes.texts}
    (line,) = [line for line in axes.get_lines() if line.get_gid() == "line-integrated"]
    end = (float(np.asarray(line.get_ydata())[-1]) - bottom) / (top - bottom)
    assert labels["label-fragmented"] == pytest.approx(-bottom / (top - bottom), abs=0.1)
    assert labels["label-integrated"] == pytest.approx(end, abs=0.1)


def test_one_world_has_no_band_and_says_so() -> None:
    figure = figure_of(many_rows(ARMS, 1), runs_with(ARMS, 1), ARMS)
    assert "line-integrated" in gids(figure) and "band-integrated" not in gids(figure)
    assert "differences in one world, so no band can be given" in said_in(figure)
    assert_readable(figure)


def test_an_arm_with_a_world_without_needs_has_no_line_and_that_is_said() -> None:
    arms = dict(list(FIVE.items())[:3])
    episodes = many_rows(arms, 3)
    episodes = episodes[(episodes["arm"] != "letter") | (episodes["replicate"] != 1)]
    figure = figure_of(episodes, runs_with(arms, 3), arms)
    assert "line-integrated" in gids(figure) and "line-letter" not in gids(figure)
    assert "or no world is in common: Referral letters." in said_in(figure)
    assert_readable(figure)


def test_arms_with_different_numbers_of_worlds_say_how_many() -> None:
    arms = dict(list(FIVE.items())[:3])
    runs = runs_with(arms, 3)
    runs = runs[(runs["arm"] != "letter") | (runs["replicate"] < 2)]
    said = said_in(figure_of(many_rows(arms, 3), runs, arms))
    assert "(worlds: Integrated 3; Referral letters 2)" in said


def test_nothing_to_compare_is_said() -> None:
    alone = {"fragmented": "Fragmented"}
    assert "Nothing to compare: Fragmented is the only arm." in texts_of(
        figure_of(many_rows(alone, 2), runs_with(alone, 2), alone)
    )
    figure = figure_of(many_rows(ARMS, 2).iloc[:0], runs_with(ARMS, 2), ARMS)
    assert any(text.startswith("Nothing to compare: no arm has needs") for text in texts_of(figure))
    without = figure_of(many_rows(alone, 2), runs_with(alone, 2), ARMS)
    assert any(text.startswith("Nothing to compare: no arm has needs") for text in texts_of(without))


def test_arms_that_do_the_same_are_drawn_on_the_zero_line() -> None:
    episodes = many_rows({"fragmented": ""}, 3)
    both = pd.concat([episodes, episodes.assign(arm="integrated")])
    data = difference_data(both, runs_with(ARMS, 3), ARMS, TIME)
    assert (data[["value", "low", "high"]] == 0.0).all().all()
    figure = figure_of(both, runs_with(ARMS, 3), ARMS)
    assert "Integrated +0.0 (+0.0 to +0.0)" in said_in(figure)
    assert_readable(figure)


@pytest.mark.parametrize("count", [2, 5])
@pytest.mark.parametrize("last", [5.0, 140.0, 180.0, 730.0])
@pytest.mark.parametrize("width", [style.SINGLE_COLUMN, style.DOUBLE_COLUMN])
def test_the_figure_is_readable(count: int, last: float, width: float) -> None:
    arms = dict(list(FIVE.items())[:count])
    time = Time(horizon_days=last + 100.0, warmup_days=0.0, followup_days=last)
    episodes = many_rows(arms, 3)
    figure = figure_of(episodes.assign(days=episodes["days"] * last / 180.0), runs_with(arms, 3), arms, time, width)
    assert_readable(figure)
    assert figure.get_figwidth() * 25.4 == pytest.approx(width)


def test_in_a_single_column_numbers_at_risk_are_a_table_of_arms_and_days() -> None:
    episodes, runs = many_rows(FIVE, 4), runs_with(FIVE, 4)
    figure = figure_of(episodes, runs, FIVE, width=style.SINGLE_COLUMN)
    places = [(text.get_text().replace("\n", " "), text.get_position()) for text in figure.texts]
    column = {words: place[0] for words, place in places if words in {"0", "28", "63", "126", "180"}}
    row = {words: place[1] for words, place in places if words in FIVE.values()}
    assert list(row) == list(FIVE.values()) and list(column) == ["0", "28", "63", "126", "180"]
    for arm, day, needs in at_risk_data(episodes, runs, FIVE, TIME).itertuples(index=False):
        where = (column[f"{day:g}"], row[FIVE[arm]])
        assert [words for words, place in places if place == pytest.approx(where)] == [f"{needs:,.0f}"]


def test_a_narrow_panel_leaves_out_the_numbers_of_days_that_are_close_together() -> None:
    time = Time(horizon_days=300.0, warmup_days=0.0, followup_days=140.0)
    days = {}
    for width in (style.SINGLE_COLUMN, style.DOUBLE_COLUMN):
        figure = figure_of(many_rows(ARMS, 2), runs_with(ARMS, 2), ARMS, time, width)
        (panel,) = [axes for axes in figure.axes if axes.get_xlabel()]
        days[width] = panel.get_xticks().tolist()
        assert {126.0} <= {float(line.get_xdata()[0]) for line in panel.get_lines()}  # type: ignore[index,arg-type]
    assert days == {style.SINGLE_COLUMN: [0.0, 28.0, 63.0, 140.0], style.DOUBLE_COLUMN: [0.0, 28.0, 63.0, 126.0, 140.0]}


def test_words_beside_the_zero_line_that_do_not_fit_leave_out_the_baseline() -> None:
    def said(width: float) -> str:
        return said_in(figure_of(many_rows(ARMS, 2), runs_with(ARMS, 2), ARMS, width=width))

    wide, narrow = said(style.DOUBLE_COLUMN), said(style.SINGLE_COLUMN)
    assert "\u2191 more supported than under Fragmented" in wide
    assert "\u2191 more supported" in narrow and "supported than under" not in narrow
