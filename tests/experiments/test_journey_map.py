"""Maps of vignettes show what happened in the typical world under both arms, on one axis of time."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.figures import journey_map, style
from experiments.figures.drawing import WIDTHS, do_tasks
from experiments.figures.journey_data import journey_data
from experiments.figures.journey_map import draw_map, journeys_of, map_tasks, notes
from experiments.figures.journey_map_data import episodes_until, journey_until, passes_of, stays_of
from experiments.figures.labels import Labels
from experiments.typical import Typical, spread_table, typical_worlds
from sim import Result, Scenario, simulate
from sim.schema.parameters import Time
from tests.experiments.drawn import assert_readable, texts_of
from tests.places import TWO_PROVIDERS, write_place

TIME = Time(horizon_days=400.0, warmup_days=50.0, followup_days=100.0)
ARMS = {"fragmented": "Fragmented", "integrated": "Integrated"}
PROVENANCE = {"commit": "abc123"}
COLUMNS = ["activity", "time", "episode", "resource", "other", "reason"]


def story(turns: int) -> list[tuple[str, float, int, str, str, str]]:
    """Return what happens to Jo: one need is supported on day 140, another handed on in vain as often as is said."""
    rows = [
        ("onset", 100.0, 0, "", "", ""),
        ("sought", 100.0, 0, "council", "", ""),
        ("joined", 100.0, 0, "council", "", ""),
        ("assessment_started", 110.0, 0, "council", "", ""),
        ("assessment_ended", 111.0, 0, "council", "", ""),
        ("handoff_made", 111.0, 0, "council", "advice", ""),
        ("handoff_received", 120.0, 0, "advice", "council", ""),
        ("joined", 120.0, 0, "advice", "", ""),
        ("handoff_attended", 140.0, 0, "advice", "council", ""),
        ("support_started", 140.0, 0, "advice", "", ""),
        ("support_ended", 180.0, 0, "advice", "", ""),
        ("onset", 105.0, 1, "", "", ""),
    ]
    for turn in range(turns):
        sender, receiver = f"office_{turn % 9}", f"office_{(turn + 1) % 9}"
        rows += [
            ("sought", 106.0 + 4 * turn, 1, sender, "", ""),
            ("handoff_made", 106.0 + 4 * turn, 1, sender, receiver, ""),
            ("handoff_received", 107.0 + 4 * turn, 1, receiver, sender, ""),
            ("handoff_dropped", 107.0 + 4 * turn, 1, receiver, sender, "out_of_area"),
        ]
    return rows


def events(turns: int, arm: str = "fragmented", replicate: int = 0) -> pd.DataFrame:
    table = pd.DataFrame(story(turns), columns=COLUMNS).assign(
        arm=arm, replicate=replicate, case="jo", service="", followed="", sector="public"
    )
    needs = table["episode"].map({0: "debt", 1: "isolation"})
    return table.assign(need=needs).sort_values("time", kind="stable", ignore_index=True)


def several(worlds: int, turns: int, arms: dict[str, str] = ARMS) -> pd.DataFrame:
    tables = [events(turns + world, arm, world) for arm in arms for world in range(worlds)]
    return pd.concat(tables, ignore_index=True).astype({"arm": "category", "case": "category"})


def drawn(
    worlds: int,
    turns: int,
    arms: dict[str, str] = ARMS,
    labels: Labels | None = None,
    width: float = style.DOUBLE_COLUMN,
) -> tuple[Figure, Typical]:
    table = several(worlds, turns, arms)
    (typical,) = typical_worlds(table, list(arms), TIME)
    journeys = journeys_of(table, typical, list(arms), labels or Labels())
    return draw_map(journeys, list(arms), typical, arms, TIME, labels or Labels(), "A town.", width), typical


def charts_of(figure: Figure) -> list[Axes]:
    """Return the charts of journeys, from top to bottom."""
    return [axes for axes in figure.axes if axes.axison and axes.get_position().width > 0.4]


# --- what happened, from the ledger alone -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result() -> Result:
    settings = {"time.horizon_days": 560.0, "time.warmup_days": 300.0, "time.followup_days": 100.0}
    return simulate(Scenario.load("three_journeys").changed(settings), "integrated", seed=1, replicate=0)


def test_the_rows_of_vignettes_are_those_of_the_ledger(result: Result) -> None:
    people = ["older_person", "family", "single_adult"]
    ledger = result.ledger[result.ledger["case"].isin(people)].reset_index(drop=True)
    stored = result.vignettes
    assert set(stored["case"]) == set(people) == set(stored["case"].cat.categories)
    words = stored.select_dtypes("category").columns
    pd.testing.assert_frame_equal(stored.astype(dict.fromkeys(words, str)), ledger.astype(dict.fromkeys(words, str)))


def test_a_place_without_vignettes_has_no_rows_of_them(tmp_path: Path) -> None:
    place = Scenario.load(write_place(tmp_path / "place", **TWO_PROVIDERS))
    stored = simulate(place, "fragmented", seed=1, replicate=0).vignettes
    assert stored.empty and "case" in stored
    assert typical_worlds(stored.assign(arm="fragmented", replicate=0), ["fragmented"], TIME) == []


def test_tables_made_from_the_ledger_of_a_vignette_are_those_of_the_run(result: Result) -> None:
    for vignette in ("older_person", "family", "single_adult"):
        rows = result.vignettes[result.vignettes["case"] == vignette]
        words = rows.astype(dict.fromkeys(rows.select_dtypes("category").columns, str))
        made = {
            "episodes": (episodes_until(words, 560.0), ["episode"]),
            "handoffs": (passes_of(words), ["episode", "made"]),
            # A stay that never began has no stage here.
            "spells": (stays_of(words).drop(columns="stage"), ["episode", "joined"]),
        }
        for name, (table, order) in made.items():
            whole = getattr(result, name)
            whole = whole[whole["citizen"] == vignette][list(table)].sort_values(order, kind="stable")
            texts = dict.fromkeys(whole.select_dtypes(["category", "object"]).columns, str)
            pd.testing.assert_frame_equal(
                table.sort_values(order, kind="stable", ignore_index=True).astype(texts),
                whole.reset_index(drop=True).astype(texts),
                check_dtype=False,
            )


def test_a_journey_from_the_ledger_of_a_vignette_is_that_of_the_run(result: Result) -> None:
    made = journey_until(result.vignettes[result.vignettes["case"] == "family"], "family", 560.0)
    whole = journey_data(result.episodes, result.spells, result.handoffs, result.ledger, "family")
    for name in ("needs", "providers", "tracks", "passes", "marks", "moves", "helped"):
        pd.testing.assert_frame_equal(getattr(made, name), getattr(whole, name), check_dtype=False)
    assert (made.start, made.end, made.cut) == (whole.start, whole.end, 140.0)


def test_what_goes_on_at_the_end_of_the_window_is_open() -> None:
    journey = journey_until(events(0), "jo", 130.0)
    assert journey.needs["state"].tolist() == ["open", "open"]
    assert journey.needs["days"].tolist() == [30.0, 25.0]
    assert journey.stays["started"].isna().tolist() == [False, True]
    assert journey.passes["state"].tolist() == ["under_way"]
    later = journey_until(events(0), "jo", 150.0)
    assert later.needs["state"].tolist() == ["supported", "open"] and later.needs["days"].tolist() == [40.0, 45.0]
    assert later.stays["stage"].tolist() == ["assessment", "support"]
    assert later.passes["state"].tolist() == ["attended"]


# --- drawing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS.values())
def test_the_baseline_stands_above_the_other_arm_on_the_same_axis(width: float) -> None:
    figure, _ = drawn(6, 2, width=width)
    assert_readable(figure)
    assert figure.get_size_inches()[0] / style.MM == pytest.approx(width)
    heads = {text.get_text(): text.get_position()[1] for text in figure.texts if text.get_weight() == "bold"}
    upper, lower = charts_of(figure)
    places = [axes.get_position() for axes in (upper, lower)]
    assert heads["Fragmented (baseline)"] > places[0].y1 > places[0].y0 > heads["Integrated"] > places[1].y1
    assert upper.get_xlim() == lower.get_xlim()
    assert (places[0].x0, places[0].x1) == (places[1].x0, places[1].x1)


@pytest.mark.parametrize("width", WIDTHS.values())
def test_days_spread_and_key_are_there_once(width: float) -> None:
    figure, _ = drawn(6, 2, width=width)
    upper, lower = charts_of(figure)
    assert not any(tick.label1.get_visible() for tick in upper.xaxis.get_major_ticks())
    assert all(tick.label1.get_visible() for tick in lower.xaxis.get_major_ticks())
    assert not upper.get_xlabel() and lower.get_xlabel() == "Days since the first need arose (day 100 of the run)"
    said = texts_of(figure)
    assert [said.count(once) for once in ("Key", "6 random worlds", "Failed attempts")] == [1, 1, 1]


def test_in_a_single_column_panels_of_the_spread_stand_two_by_two() -> None:
    def places(width: float) -> list[int]:
        figure, _ = drawn(6, 2, width=width)
        panels = [axes.get_position() for axes in figure.axes if axes.axison and axes not in charts_of(figure)]
        return [len({round(getattr(panel, side), 6) for panel in panels}) for side in ("x0", "y0")]

    assert places(style.DOUBLE_COLUMN) == [4, 1] and places(style.SINGLE_COLUMN) == [2, 2]


def test_the_map_says_which_world_it_shows_and_how_it_was_chosen() -> None:
    figure, typical = drawn(6, 2)
    said = " ".join(texts_of(figure)).replace("\n", " ")
    assert typical.replicate == 2  # the first of the two nearest to the median of 2.5 in vain
    assert "Random world 2, the most typical of 6 for this person" in said
    assert "nearest to the medians of all worlds" in said
    assert "up to 100 days after the last of the 2 given needs arose (day 105)" in said
    assert "Needs supported, of 2" in said and "A town." in said


def test_the_drawn_world_is_marked_in_the_spread() -> None:
    figure, typical = drawn(6, 2)
    found = [line for axes in figure.axes for line in axes.lines if line.get_gid() == "drawn-failed"]
    worlds = typical.worlds[typical.worlds["replicate"] == typical.replicate]
    assert [float(line.get_xdata()[0]) for line in found] == worlds["failed"].tolist() == [4.0, 4.0]


def test_few_worlds_are_points_and_many_have_quartiles() -> None:
    for worlds, is_few in ((4, True), (5, False)):
        figure, typical = drawn(worlds, 2)
        points = [line for axes in figure.axes for line in axes.lines if line.get_gid() == "worlds-failed"]
        panels = [axes for axes in figure.axes if any(line.get_gid() == "drawn-failed" for line in axes.lines)]
        bars = [patch for axes in panels for patch in axes.patches]
        said = " ".join(texts_of(figure)).replace("\n", " ")
        assert ("a point a world, as there are fewer than 5" in said, "bar between quartiles" in said) == (
            is_few,
            not is_few,
        )
        assert (len(points), len(bars)) == ((2, 0) if is_few else (0, 2))
        for line, (_, own) in zip(points, typical.worlds.groupby("arm", sort=False), strict=False):
            assert list(line.get_xdata()) == own["failed"].tolist()
            assert len(set(line.get_ydata())) == worlds


@pytest.mark.parametrize("worlds", [1, 6])
def test_days_to_support_that_there_was_not_are_explained(worlds: int) -> None:
    table = several(worlds, 2)
    for tables, is_said in ((table, False), (table[table["activity"] != "support_started"], True)):
        (typical,) = typical_worlds(tables, list(ARMS), TIME)
        said = " ".join(notes(typical, TIME))
        assert said.endswith(" Where no need was supported, days to first support are all days shown.") == is_said


def test_a_single_world_has_no_spread() -> None:
    figure, _ = drawn(1, 0)
    assert_readable(figure)
    said = " ".join(texts_of(figure)).replace("\n", " ")
    assert "Random world 0, the only one." in said and "no spread between worlds can be shown" in said


@pytest.mark.parametrize("width", WIDTHS.values())
@pytest.mark.parametrize("turns", [0, 20])
def test_maps_with_long_words_and_many_providers_are_readable(turns: int, width: float) -> None:
    long = {"a": "Fragmented + any_door, tracked, link_worker, partial, co_located, pooled, urgency", "b": "B " * 60}
    words = "Council welfare and benefits office of the town and of the villages around it"
    labels = Labels(needs={"debt": words}, providers={"office_1": words}, vignettes={"jo": words * 2})
    figure, _ = drawn(3, turns, long, labels, width)
    assert_readable(figure)


@pytest.mark.parametrize("width", WIDTHS.values())
def test_one_arm_alone_is_drawn_too(width: float) -> None:
    figure, _ = drawn(3, 2, {"fragmented": "Fragmented"}, width=width)
    assert_readable(figure)
    assert len(charts_of(figure)) == 1


# --- files --------------------------------------------------------------------------------------------------------


def written(folder: Path, turns: int) -> list[str]:
    table = several(2, turns)
    typical = typical_worlds(table, list(ARMS), TIME)
    assert len(spread_table(typical)) == 8
    paths = do_tasks(map_tasks(folder, table, typical, ARMS, TIME, PROVENANCE), 1)
    return [path.relative_to(folder).as_posix() for path in paths]


def touched(figure: Figure, folder: Path, name: str, title: str, provenance: dict[str, str]) -> list[Path]:
    """Make an empty file where a figure would be written."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.svg"
    path.touch()
    return [path]


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_maps_taller_than_a_page_have_a_file_of_each_arm_too_and_take_the_place_of_older_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journey_map, "save", touched)
    (tmp_path / "over_time.png").touch()
    both = [f"{folder}journey_map_jo.svg" for folder in ("", "single_column/")]
    alone = [f"journey_map_jo_{arm}.svg" for arm in ARMS]
    monkeypatch.setattr(style, "PAGE_HEIGHT", 100.0)
    files = written(tmp_path, 0)
    assert files == [both[0], *alone, both[1], *(f"single_column/{name}" for name in alone)]
    assert files_in(tmp_path) == {*files, "over_time.png"}
    monkeypatch.setattr(style, "PAGE_HEIGHT", 1000.0)
    assert written(tmp_path, 0) == both
    assert files_in(tmp_path) == {*both, "over_time.png"}


def test_maps_of_one_arm_have_the_same_axis_and_the_same_spread() -> None:
    table = several(3, 2)
    (typical,) = typical_worlds(table, list(ARMS), TIME)
    journeys = journeys_of(table, typical, list(ARMS))
    parts = [draw_map(journeys, [arm], typical, ARMS, TIME) for arm in ARMS]
    limits = [[axes.get_xlim() for axes in figure.axes if axes.axison] for figure in parts]
    assert limits[0] == limits[1] and len(limits[0]) == 1 + 4
    for figure, head in zip(parts, ("Fragmented (baseline)", "Integrated"), strict=True):
        assert_readable(figure)
        assert head in texts_of(figure)


def test_without_vignettes_nothing_is_drawn(tmp_path: Path) -> None:
    assert map_tasks(tmp_path, several(1, 0), [], ARMS, TIME, PROVENANCE) == []
    assert not list(tmp_path.iterdir())
