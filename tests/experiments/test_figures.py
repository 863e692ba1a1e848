"""The figures show the numbers they claim to show, fit on their page, and say so when there is nothing to show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from experiments.figures import (
    Material,
    compare_figures,
    funnel_data,
    incidence_data,
    over_time_data,
    reasons_data,
    sectors_data,
    style,
)
from experiments.figures.incidence import draw_incidence
from experiments.figures.reasons import draw_reasons
from experiments.figures.sectors import colour_range, draw_sectors
from experiments.figures.spread import runs_of_arms
from experiments.warmup import warm_ups
from sim.outcomes.headline import HEADLINE
from sim.schema.parameters import Time
from tests.experiments.drawn import assert_readable, texts_of

TIME = Time(horizon_days=400.0, warmup_days=0.0, followup_days=180.0)
PROVENANCE = {"commit": "abc123", "seed": "7", "scenario": "Ort mit Ümläuten"}
ARMS = {"fragmented": "Fragmented", "integrated": "Integrated"}
TITLES = {
    "fragmented": "Fragmented",
    "letter": "Referral letters",
    "link_worker": "Link workers",
    "key_worker": "Key workers",
    "single_point_of_access": "Single point of access",
    "a+records:shared": "An arm that somebody gave a very long title indeed",
}


def episodes_of(rows: list[tuple[str, int, float, str, bool]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["arm", "replicate", "days", "state", "cohort"])
    return table.assign(onset=10.0 * table.index, origin="")


def handoffs_of(rows: list[tuple[str, int, str, str, str, str]]) -> pd.DataFrame:
    names = ["arm", "replicate", "sender_sector", "receiver_sector", "state", "reason"]
    table = pd.DataFrame(rows, columns=names).assign(cohort=True)
    for step in ("received", "accepted", "attended"):
        table[step] = np.where(table["state"] == "attended", 1.0 * table.index, np.nan)
    return table.assign(made=1.0 * table.index, dropped=1.0 * table.index + 3.0)


def runs_with(arms: dict[str, str] | list[str], replicates: int) -> pd.DataFrame:
    rows = [(arm, replicate) for arm in arms for replicate in range(replicates)]
    table = pd.DataFrame(rows, columns=["arm", "replicate"])
    return table.assign(**{outcome.name: 1.0 * table.index for outcome in HEADLINE})


def many_rows(arms: dict[str, str], replicates: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return episodes and handoffs of several arms, made up from fixed random numbers."""
    random = np.random.default_rng(1)
    sectors, reasons = list(style.SECTORS), list(style.REASONS)
    episodes, handoffs = [], []
    for arm in arms:
        for replicate in range(replicates):
            for days, state in zip(
                random.exponential(80, 60), random.choice(["supported", "gave_up", "open"], 60), strict=True
            ):
                episodes.append((arm, replicate, days, state, True))
            for sender, receiver, reason in random.integers(0, [3, 3, 12], (80, 3)):
                dropped = reason < len(reasons)
                state, why = ("dropped", reasons[reason]) if dropped else ("attended", "")
                handoffs.append((arm, replicate, sectors[sender], sectors[receiver], state, why))
    return episodes_of(episodes), handoffs_of(handoffs)


def incidence_by_hand(rows: list[tuple[float, str]], event: str, day: float) -> float:
    """Return the Aalen-Johansen estimate, one time after another."""
    unmet, incidence = 1.0, 0.0
    for time in sorted({days for days, _ in rows}):
        if time > day:
            break
        at_risk = sum(days >= time for days, _ in rows)
        happened = sum(days == time and state == event for days, state in rows)
        ended = sum(days == time and state != "open" for days, state in rows)
        incidence += unmet * happened / at_risk
        unmet *= 1 - ended / at_risk
    return incidence


SMALL = [
    ("fragmented", 0, 0.0, "supported", True),
    ("fragmented", 0, 10.0, "supported", True),
    ("fragmented", 0, 20.0, "gave_up", True),
    ("fragmented", 0, 30.0, "open", True),
    ("fragmented", 0, 40.0, "supported", True),
    ("fragmented", 1, 20.0, "supported", True),
    ("fragmented", 1, 150.0, "gave_up", True),
    ("fragmented", 1, 5.0, "supported", False),
    ("integrated", 0, 28.0, "supported", True),
    ("integrated", 0, 90.0, "open", True),
]


@pytest.mark.parametrize("event", ["supported", "gave_up"])
def test_incidence_is_that_of_the_cohort_with_runs_pooled(event: str) -> None:
    data = incidence_data(episodes_of(SMALL), runs_with(ARMS, 2), ARMS, TIME)
    for arm in ARMS:
        rows = [(days, state) for name, _, days, state, cohort in SMALL if name == arm and cohort]
        curve = data[(data["arm"] == arm) & (data["event"] == event)].set_index("day")["value"]
        assert {0.0, 28.0, 126.0, 180.0} <= set(curve.index)
        for day in (0.0, 9.5, 10.0, 28.0, 60.0, 126.0, 180.0):
            assert curve[day] == pytest.approx(incidence_by_hand(rows, event, day))


def test_incidence_band_is_the_spread_between_runs() -> None:
    data = incidence_data(episodes_of(SMALL), runs_with(ARMS, 2), ARMS, TIME)
    curve = data[(data["arm"] == "fragmented") & (data["event"] == "supported")].set_index("day")
    by_run = [
        incidence_by_hand(
            [(row[2], row[3]) for row in SMALL if row[:2] == ("fragmented", run) and row[4]], "supported", 25.0
        )
        for run in (0, 1)
    ]
    assert curve.loc[25.0, ["low", "high"]].tolist() == pytest.approx([min(by_run), max(by_run)])
    # The other arm has one run with episodes: no spread.
    assert data.loc[data["arm"] == "integrated", ["low", "high"]].isna().all(axis=None)


def test_incidence_figure_draws_its_data() -> None:
    runs = runs_with(ARMS, 2)
    data = incidence_data(episodes_of(SMALL), runs, ARMS, TIME)
    figure = draw_incidence(data, {"fragmented": 7, "integrated": 2}, runs_of_arms(runs, ARMS), ARMS)
    for axes, event in zip(figure.axes, ("supported", "gave_up"), strict=True):
        lines = {line.get_gid(): line for line in axes.lines}
        for arm in ARMS:
            curve = data[(data["arm"] == arm) & (data["event"] == event)]
            np.testing.assert_allclose(lines[f"line-{arm}"].get_xdata(), curve["day"])
            np.testing.assert_allclose(lines[f"line-{arm}"].get_ydata(), 100 * curve["value"])
            np.testing.assert_allclose(lines[f"marks-{arm}"].get_xdata(), [28.0, 126.0, 180.0])
    assert any("Fragmented 7; Integrated 2" in text for text in texts_of(figure))
    assert any("not a confidence interval" in text.replace("\n", " ") for text in texts_of(figure))


@pytest.mark.parametrize(("gave_up", "is_said"), [(2, False), (3, True)])
def test_giving_up_on_day_zero_is_explained(gave_up: int, is_said: bool) -> None:
    rows = [("fragmented", 0, 0.0 if number < gave_up else 50.0, "gave_up", True) for number in range(100)]
    runs = runs_with(ARMS, 1)
    data = incidence_data(episodes_of([*rows, ("integrated", 0, 0.0, "supported", True)]), runs, ARMS, TIME)
    figure = draw_incidence(data, {"fragmented": 100, "integrated": 1}, runs_of_arms(runs, ARMS), ARMS)
    assert any("may give up the same day." in text for text in texts_of(figure)) is is_said


@pytest.mark.parametrize("followup", [10.0, 28.0, 127.0, 3650.0])
def test_incidence_fits_any_followup(followup: float) -> None:
    time = Time(horizon_days=4000.0, warmup_days=0.0, followup_days=followup)
    runs = runs_with(ARMS, 2)
    data = incidence_data(episodes_of(SMALL), runs, ARMS, time)
    assert data["day"].max() == followup
    assert_readable(draw_incidence(data, {"fragmented": 7, "integrated": 2}, runs_of_arms(runs, ARMS), ARMS))


# --- drops --------------------------------------------------------------------------------------------------------

DROPS = handoffs_of(
    [
        ("fragmented", 0, "public", "public", "dropped", "not_carried"),
        ("fragmented", 0, "public", "private", "dropped", "out_of_area"),
        ("fragmented", 0, "public", "private", "attended", ""),
        ("fragmented", 0, "voluntary", "public", "under_way", ""),
        ("fragmented", 1, "public", "public", "dropped", "not_carried"),
        ("integrated", 0, "public", "public", "attended", ""),
    ]
)


def test_reasons_are_per_hundred_made() -> None:
    runs = runs_with(ARMS, 3)  # no handoff was made in replicate 2: it has no rate
    data = reasons_data(DROPS, runs, ARMS).set_index(["reason", "arm"])
    assert list(data.index.get_level_values("reason").unique()) == ["all", "not_carried", "out_of_area"]
    assert data.loc[("all", "fragmented"), ["made", "dropped", "rate"]].tolist() == [5, 3, 60.0]
    assert data.loc[("not_carried", "fragmented"), "rate"] == 40.0
    assert data.loc[("out_of_area", "fragmented"), "rate"] == 20.0
    assert data.loc[("all", "integrated"), ["made", "dropped", "rate"]].tolist() == [1, 0, 0.0]
    by_run = [100 * 1 / 4, 100 * 1 / 1]
    low_high = data.loc[("not_carried", "fragmented"), ["low", "high"]].tolist()
    assert low_high == pytest.approx([min(by_run), max(by_run)])
    assert data.loc[[("all", "integrated")], ["low", "high"]].isna().all(axis=None)


def test_reasons_leave_out_those_not_of_the_cohort() -> None:
    handoffs = DROPS.assign(cohort=DROPS["reason"] != "not_carried")
    data = reasons_data(handoffs, runs_with(ARMS, 2), ARMS).set_index(["reason", "arm"])
    assert data.loc[("all", "fragmented"), ["made", "dropped"]].tolist() == [3, 1]


def test_reasons_figure_draws_its_data() -> None:
    runs = runs_with(ARMS, 2)
    data = reasons_data(DROPS, runs, ARMS)
    figure = draw_reasons(data, runs_of_arms(runs, ARMS), ARMS, TIME)
    bars = {bar.get_gid(): bar.get_width() for axes in figure.axes for bar in axes.patches}
    for row in data.itertuples():
        assert bars[f"bar-{row.reason}-{row.arm}"] == pytest.approx(row.rate)
    said = texts_of(figure)
    assert "60.0  (3 of 5)" in said and "40.0" in said and "0.0  (0 of 1)" in said
    notes = next(text for text in said if "Whiskers" in text).replace("\n", " ")
    assert "within 180 days of onset for the needs counted, 2 runs an arm: Fragmented 5; Integrated 1." in notes
    assert "means over runs and may differ in the first decimal" in notes
    one = draw_reasons(data, runs_of_arms(runs_with(ARMS, 1), ARMS), ARMS, TIME)
    assert not any("means over runs" in text for text in texts_of(one))


def test_sectors_count_each_pair() -> None:
    data = sectors_data(DROPS, ARMS).set_index(["arm", "sender_sector", "receiver_sector"])
    assert len(data) == 2 * 3 * 3
    assert data.loc[("fragmented", "public", "public")].tolist() == [2, 2, 100.0]
    assert data.loc[("fragmented", "public", "private")].tolist() == [2, 1, 50.0]
    assert data.loc[("fragmented", "voluntary", "public")].tolist() == [1, 0, 0.0]
    assert data.loc[("integrated", "public", "public")].tolist() == [1, 0, 0.0]
    assert data.loc[("integrated", "private", "voluntary"), ["made", "dropped"]].tolist() == [0, 0]
    assert np.isnan(data.loc[("integrated", "private", "voluntary"), "percent"])


def test_sectors_figure_says_which_cells_are_empty() -> None:
    runs = runs_with(ARMS, 2)
    figure = draw_sectors(sectors_data(DROPS, ARMS), runs_of_arms(runs, ARMS), ARMS, TIME)
    assert_readable(figure)
    said = texts_of(figure)
    assert said.count("none\nmade") == (9 - 3) + (9 - 1)
    assert "60 % of 5 dropped" in said and "0 % of 1 dropped" in said
    assert said.count("n=2") == 2


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        ([66.8, 85.1], (60.0, 90.0)), ([70.1, 76.0], (60.0, 80.0)), ([100.0, 100.0], (80.0, 100.0)),
        ([0.0, 0.0], (0.0, 20.0)), ([0.0, 100.0], (0.0, 100.0)), ([3.0, np.nan], (0.0, 20.0)),
    ],
)  # fmt: skip
def test_colours_span_the_data_in_tens(percent: list[float], expected: tuple[float, float]) -> None:
    assert colour_range(pd.DataFrame({"percent": percent, "made": 20})) == expected


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_sectors_take_the_full_width(count: int) -> None:
    arms = dict(list(TITLES.items())[:count])
    _, handoffs = many_rows(arms)
    figure = draw_sectors(sectors_data(handoffs, arms), runs_of_arms(runs_with(arms, 3), arms), arms, TIME)
    right = max(axes.get_position().x1 for axes in figure.axes)
    assert (1 - right) * figure.get_figwidth() * 25.4 == pytest.approx(2.0)
    assert any(text.startswith("Handoffs dropped (%") for text in [axes.get_xlabel() for axes in figure.axes])


# --- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_figures_of_any_number_of_arms_are_readable(count: int) -> None:
    arms = dict(list(TITLES.items())[-count:])
    episodes, handoffs = many_rows(arms)
    runs = runs_with(arms, 3)
    replicates = runs_of_arms(runs, arms)
    sizes = dict.fromkeys(arms, 180)
    assert_readable(draw_incidence(incidence_data(episodes, runs, arms, TIME), sizes, replicates, arms))
    assert_readable(draw_reasons(reasons_data(handoffs, runs, arms), replicates, arms, TIME))
    figure = draw_sectors(sectors_data(handoffs, arms), replicates, arms, TIME)
    assert_readable(figure)
    assert figure.get_figwidth() * 25.4 == pytest.approx(89.0 if count == 1 else 183.0)


def material_of(arms: dict[str, str], runs: pd.DataFrame, episodes: pd.DataFrame, handoffs: pd.DataFrame) -> Material:
    """Return what the figures of a comparison without groups, services and given people are drawn from."""
    return Material(
        arms,
        TIME,
        runs,
        episodes,
        handoffs,
        funnel_data(handoffs, runs, arms),
        over_time_data(episodes, handoffs, runs, arms, TIME),
        warm_ups(episodes, runs_of_arms(runs, arms), TIME),
    )


def test_files_have_three_formats_provenance_and_no_dates(tmp_path: Path) -> None:
    episodes, handoffs = many_rows(ARMS)
    material = material_of(ARMS, runs_with(ARMS, 3), episodes, handoffs)
    paths = compare_figures(tmp_path / "one", material, PROVENANCE)
    names = [
        "cumulative_incidence",
        "difference_over_time",
        "handoff_funnel",
        "drops_by_reason",
        "drops_by_sector",
        "over_time",
        "warm_up",
        "spread_between_runs",
    ]
    assert [str(path.relative_to(tmp_path / "one")) for path in paths] == [
        f"{where}{name}.{kind}" for name in names for where in ("", "single_column/") for kind in ("pdf", "svg", "png")
    ]
    for path in paths:
        content = path.read_bytes()
        if path.suffix == ".pdf":
            assert b"CreationDate" not in content
            assert b"/FontFile2" in content and b"/Type3" not in content
            # Text of the metadata that is not Latin is in UTF-16.
            assert b"commit=abc123" in content or "commit=abc123".encode("utf-16-be") in content
        elif path.suffix == ".svg":
            assert b"commit=abc123; seed=7" in content and b"<dc:date>" not in content
        else:
            with Image.open(path) as image:
                assert PROVENANCE.items() <= image.text.items()  # type: ignore[attr-defined]
                assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_figures_are_the_same_bytes_again_and_in_several_processes(tmp_path: Path) -> None:
    episodes, handoffs = many_rows(ARMS)
    material = material_of(ARMS, runs_with(ARMS, 3), episodes, handoffs)
    alone = compare_figures(tmp_path / "one", material, PROVENANCE)
    together = compare_figures(tmp_path / "two", material, PROVENANCE, workers=2)
    assert [path.name for path in alone] == [path.name for path in together]
    assert [path.read_bytes() for path in alone] == [path.read_bytes() for path in together]


def test_letters_that_the_font_does_not_have_stop_no_figure(tmp_path: Path) -> None:
    episodes, handoffs = many_rows(ARMS)
    arms = {"fragmented": "Fragmented", "integrated": "統合"}
    paths = compare_figures(tmp_path, material_of(arms, runs_with(ARMS, 3), episodes, handoffs), PROVENANCE)
    assert len(paths) == 48
    assert not list(tmp_path.rglob(".*"))


def test_settings_of_the_user_change_nothing(tmp_path: Path) -> None:
    import matplotlib

    episodes, handoffs = many_rows(ARMS, 1)
    arguments = (material_of(ARMS, runs_with(ARMS, 1), episodes, handoffs), PROVENANCE)
    first = compare_figures(tmp_path / "one", *arguments)
    with matplotlib.rc_context({"font.size": 20, "axes.grid": True, "svg.fonttype": "none", "savefig.bbox": "tight"}):
        second = compare_figures(tmp_path / "two", *arguments)
        assert matplotlib.rcParams["font.size"] == 20
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_nothing_to_show_is_said(tmp_path: Path) -> None:
    episodes, handoffs = many_rows(ARMS)
    runs = runs_with(ARMS, 3)
    replicates = runs_of_arms(runs, ARMS)
    for handed in (handoffs.iloc[:0], handoffs.assign(cohort=False)):
        assert len(compare_figures(tmp_path, material_of(ARMS, runs, episodes.iloc[:0], handed), PROVENANCE)) == 48
        for figure in (
            draw_reasons(reasons_data(handed, runs, ARMS), replicates, ARMS, TIME),
            draw_sectors(sectors_data(handed, ARMS), replicates, ARMS, TIME),
        ):
            assert any(text.startswith("No handoffs") for text in texts_of(figure))
    none = incidence_data(episodes.assign(cohort=False), runs, ARMS, TIME)
    assert any("No needs" in text for text in texts_of(draw_incidence(none, dict.fromkeys(ARMS, 0), replicates, ARMS)))


def test_an_arm_without_anything_is_shown_beside_others() -> None:
    episodes, handoffs = many_rows({"fragmented": "Fragmented"})
    runs = runs_with(ARMS, 3)
    replicates = runs_of_arms(runs, ARMS)
    figure = draw_reasons(reasons_data(handoffs, runs, ARMS), replicates, ARMS, TIME)
    assert "no handoffs made" in texts_of(figure)
    figure = draw_sectors(sectors_data(handoffs, ARMS), replicates, ARMS, TIME)
    assert "no handoffs made" in texts_of(figure)
    data = incidence_data(episodes, runs, ARMS, TIME)
    figure = draw_incidence(data, {"fragmented": 180, "integrated": 0}, replicates, ARMS)
    assert any("Integrated 0" in text for text in texts_of(figure))


def test_no_drops_at_all_can_be_drawn() -> None:
    handoffs = DROPS.assign(state="attended", reason="")
    runs = runs_with(ARMS, 2)
    figure = draw_reasons(reasons_data(handoffs, runs, ARMS), runs_of_arms(runs, ARMS), ARMS, TIME)
    assert_readable(figure)
    assert any("No arm dropped a handoff for these reasons" in text for text in texts_of(figure))
    assert_readable(draw_sectors(sectors_data(handoffs, ARMS), runs_of_arms(runs, ARMS), ARMS, TIME))
