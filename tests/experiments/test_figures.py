"""The figures show the numbers they claim to show, fit on their page, and say so when there is nothing to show."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from experiments.figures import (
    compare_figures,
    incidence_data,
    journey_data,
    reasons_data,
    run_figures,
    sectors_data,
    style,
)
from experiments.figures.incidence import draw_incidence
from experiments.figures.journey_rows import place_words
from experiments.figures.journeys import draw_journey, summary
from experiments.figures.layout import moved_apart, text_width, wrapped
from experiments.figures.reasons import draw_reasons
from experiments.figures.sectors import draw_sectors
from experiments.figures.spread import runs_of_arms
from experiments.figures.tables import counted
from sim import Scenario, simulate
from sim.schema.parameters import Time

TIME = Time(horizon_days=400.0, warmup_days=0.0, followup_days=180.0)
PROVENANCE = {"commit": "abc123", "seed": "7", "scenario": "Ort mit Ümläuten"}
ARMS = {"fragmented": "Fragmented", "integrated": "Integrated"}
TITLES = {
    "fragmented": "Fragmented",
    "letters": "Referral letters",
    "link_worker": "Link workers",
    "key_worker": "Key workers",
    "front_door": "Single front door",
    "a+records:shared": "An arm that somebody gave a very long title indeed",
}


def episodes_of(rows: list[tuple[str, int, float, str, bool]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["arm", "replicate", "days", "state", "cohort"])


def handoffs_of(rows: list[tuple[str, int, str, str, str, str]]) -> pd.DataFrame:
    names = ["arm", "replicate", "sender_sector", "receiver_sector", "state", "reason"]
    return pd.DataFrame(rows, columns=names).assign(cohort=True)


def runs_with(arms: dict[str, str] | list[str], replicates: int) -> pd.DataFrame:
    rows = [(arm, replicate) for arm in arms for replicate in range(replicates)]
    return pd.DataFrame(rows, columns=["arm", "replicate"])


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


def texts_of(figure: Figure) -> list[str]:
    found = [text.get_text() for text in figure.texts]
    return found + [text.get_text() for axes in figure.axes for text in axes.texts]


def assert_readable(figure: Figure) -> None:
    """Check that no text is cut off at the edge of the figure, too small, or written over another."""
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    with style.house():
        canvas.draw()
    renderer = canvas.get_renderer()
    texts = list(figure.texts)
    for axes in figure.axes:
        texts += axes.texts
        if axes.axison:
            texts += [axes.xaxis.label, axes.yaxis.label]
            for axis in (axes.xaxis, axes.yaxis):
                low, high = sorted(axis.get_view_interval())
                texts += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    boxes = []
    for text in texts:
        if not text.get_text().strip() or not text.get_visible():
            continue
        assert text.get_fontsize() >= 7.0
        box = text.get_window_extent(renderer)
        assert box.x0 >= -0.5 and box.y0 >= -0.5, text.get_text()
        assert box.x1 <= figure.bbox.x1 + 0.5 and box.y1 <= figure.bbox.y1 + 0.5, text.get_text()
        boxes.append((text.get_text(), box))
    for (one, first), (other, second) in combinations(boxes, 2):
        wide = min(first.x1, second.x1) - max(first.x0, second.x0)
        high = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert wide <= 1.0 or high <= 1.5, f"{one!r} and {other!r} overlap"


# --- cumulative incidence -----------------------------------------------------------------------------------------


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
    assert curve.loc[25.0, ["low", "high"]].tolist() == pytest.approx(np.percentile(by_run, [5, 95]).tolist())
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
    assert low_high == pytest.approx(np.percentile(by_run, [5, 95]).tolist())
    assert data.loc[[("all", "integrated")], ["low", "high"]].isna().all(axis=None)


def test_reasons_leave_out_those_not_of_the_cohort() -> None:
    handoffs = DROPS.assign(cohort=DROPS["reason"] != "not_carried")
    data = reasons_data(handoffs, runs_with(ARMS, 2), ARMS).set_index(["reason", "arm"])
    assert data.loc[("all", "fragmented"), ["made", "dropped"]].tolist() == [3, 1]


def test_reasons_figure_draws_its_data() -> None:
    runs = runs_with(ARMS, 2)
    data = reasons_data(DROPS, runs, ARMS)
    figure = draw_reasons(data, runs_of_arms(runs, ARMS), ARMS)
    bars = {bar.get_gid(): bar.get_width() for axes in figure.axes for bar in axes.patches}
    for row in data.itertuples():
        assert bars[f"bar-{row.reason}-{row.arm}"] == pytest.approx(row.rate)
    said = texts_of(figure)
    assert "60.0  (3 of 5)" in said and "40.0" in said and "0.0  (0 of 1)" in said


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
    figure = draw_sectors(sectors_data(DROPS, ARMS), runs_of_arms(runs, ARMS), ARMS)
    assert_readable(figure)
    said = texts_of(figure)
    assert said.count("none\nmade") == (9 - 3) + (9 - 1)
    assert "60 % of 5 dropped" in said and "0 % of 1 dropped" in said
    assert said.count("n=2") == 2


# --- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_figures_of_any_number_of_arms_are_readable(count: int) -> None:
    arms = dict(list(TITLES.items())[-count:])
    episodes, handoffs = many_rows(arms)
    runs = runs_with(arms, 3)
    replicates = runs_of_arms(runs, arms)
    sizes = dict.fromkeys(arms, 180)
    assert_readable(draw_incidence(incidence_data(episodes, runs, arms, TIME), sizes, replicates, arms))
    assert_readable(draw_reasons(reasons_data(handoffs, runs, arms), replicates, arms))
    figure = draw_sectors(sectors_data(handoffs, arms), replicates, arms)
    assert_readable(figure)
    assert figure.get_figwidth() * 25.4 == pytest.approx(89.0 if count == 1 else 183.0)


def test_files_have_three_formats_provenance_and_no_dates(tmp_path: Path) -> None:
    episodes, handoffs = many_rows(ARMS)
    paths = compare_figures(tmp_path / "one", episodes, handoffs, runs_with(ARMS, 3), ARMS, TIME, PROVENANCE)
    names = ["cumulative_incidence", "drops_by_reason", "drops_by_sector"]
    assert [path.name for path in paths] == [f"{name}.{kind}" for name in names for kind in ("pdf", "svg", "png")]
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
    again = compare_figures(tmp_path / "two", episodes, handoffs, runs_with(ARMS, 3), ARMS, TIME, PROVENANCE)
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]


def test_settings_of_the_user_change_nothing(tmp_path: Path) -> None:
    import matplotlib

    episodes, handoffs = many_rows(ARMS, 1)
    arguments = (episodes, handoffs, runs_with(ARMS, 1), ARMS, TIME, PROVENANCE)
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
        assert len(compare_figures(tmp_path, episodes.iloc[:0], handed, runs, ARMS, TIME, PROVENANCE)) == 9
        for figure in (
            draw_reasons(reasons_data(handed, runs, ARMS), replicates, ARMS),
            draw_sectors(sectors_data(handed, ARMS), replicates, ARMS),
        ):
            assert any(text.startswith("No handoffs") for text in texts_of(figure))
    none = incidence_data(episodes.assign(cohort=False), runs, ARMS, TIME)
    assert any("No needs" in text for text in texts_of(draw_incidence(none, dict.fromkeys(ARMS, 0), replicates, ARMS)))


def test_an_arm_without_anything_is_shown_beside_others() -> None:
    episodes, handoffs = many_rows({"fragmented": "Fragmented"})
    runs = runs_with(ARMS, 3)
    replicates = runs_of_arms(runs, ARMS)
    figure = draw_reasons(reasons_data(handoffs, runs, ARMS), replicates, ARMS)
    assert "no handoffs made" in texts_of(figure)
    figure = draw_sectors(sectors_data(handoffs, ARMS), replicates, ARMS)
    assert "no handoffs made" in texts_of(figure)
    data = incidence_data(episodes, runs, ARMS, TIME)
    figure = draw_incidence(data, {"fragmented": 180, "integrated": 0}, replicates, ARMS)
    assert any("Integrated 0" in text for text in texts_of(figure))


def test_no_drops_at_all_can_be_drawn() -> None:
    handoffs = DROPS.assign(state="attended", reason="")
    runs = runs_with(ARMS, 2)
    figure = draw_reasons(reasons_data(handoffs, runs, ARMS), runs_of_arms(runs, ARMS), ARMS)
    assert_readable(figure)
    assert any("No arm dropped a handoff for these reasons" in text for text in texts_of(figure))
    assert_readable(draw_sectors(sectors_data(handoffs, ARMS), runs_of_arms(runs, ARMS), ARMS))


# --- journeys -----------------------------------------------------------------------------------------------------


class Diary:
    """Makes the tables of a run from what is said to have happened to one person."""

    def __init__(self) -> None:
        self.events: list[tuple[object, ...]] = []
        self.episodes: list[tuple[object, ...]] = []
        self.spells: list[tuple[object, ...]] = []
        self.handoffs: list[tuple[object, ...]] = []

    def event(self, activity: str, time: float, resource: str = "", episode: int = 0, **more: object) -> None:
        sector = "" if not resource else ("public", "private", "voluntary")[sum(map(ord, resource)) % 3]
        row = {"service": "", "other": "", "need": "", "reason": "", "followed": "", **more}
        self.events.append(("jo", activity, time, resource, sector, episode, *row.values()))

    def result(self) -> SimpleNamespace:
        events = ["case", "activity", "time", "resource", "sector", "episode", "service", "other", "need", "reason"]
        spells = ["citizen", "episode", "provider", "stage", "joined", "started", "ended", "end"]
        handoffs = ["citizen", "episode", "sender", "receiver", "made", "received", "dropped", "state", "reason"]
        episodes = ["citizen", "vignette", "episode", "need", "recurrence", "onset", "state", "days", "stories"]
        ledger = pd.DataFrame(self.events, columns=[*events, "followed"])
        return SimpleNamespace(
            ledger=ledger.sort_values("time", kind="stable").astype({"activity": "category", "resource": "category"}),
            spells=pd.DataFrame(self.spells, columns=spells),
            handoffs=pd.DataFrame(self.handoffs, columns=handoffs).astype({"made": float, "received": float}),
            episodes=pd.DataFrame(self.episodes, columns=[*episodes, "handoffs", "dropped"]),
            coordination=SimpleNamespace(title="Fragmented"),
            seed=1,
            replicate=0,
        )


def short_journey() -> SimpleNamespace:
    """Return a run with one person: turned away, handed on in vain and well, a setback, support; one need given up."""
    nan, diary = float("nan"), Diary()
    diary.episodes.append(("jo", "", 0, "debt", 0, 100.0, "supported", 60.0, 1, 2, 1))
    diary.episodes.append(("jo", "", 1, "isolation", 0, 110.0, "gave_up", 20.0, 0, 1, 1))
    diary.event("onset", 100.0)
    diary.event("sought", 100.0, "bank")
    diary.event("turned_away", 100.0, "bank", reason="wrong_door")
    diary.event("handoff_made", 100.0, "bank", other="charity")
    diary.event("handoff_received", 105.0, "charity", other="bank")
    diary.event("turned_away", 105.0, "charity", reason="out_of_area")
    diary.event("handoff_dropped", 105.0, "charity", other="bank", reason="out_of_area", followed="tried_again")
    diary.event("sought", 120.0, "council")
    diary.event("assessment_started", 130.0, "council")
    diary.event("handoff_made", 131.0, "council", other="advice")
    diary.event("handoff_received", 140.0, "advice", other="council")
    diary.event("support_started", 160.0, "advice")
    diary.spells.append(("jo", 0, "council", "assessment", 120.0, 130.0, 131.0, "served"))
    diary.spells.append(("jo", 0, "advice", "support", 140.0, 160.0, nan, "in_service"))
    diary.handoffs.append(("jo", 0, "bank", "charity", 100.0, 105.0, 105.0, "dropped", "out_of_area"))
    diary.handoffs.append(("jo", 0, "council", "advice", 131.0, 140.0, nan, "attended", ""))
    diary.event("onset", 110.0, episode=1)
    diary.event("sought", 110.0, "council", 1)
    diary.event("handoff_made", 110.0, "council", 1, other="friends")
    diary.event("handoff_dropped", 110.0, "friends", 1, other="council", reason="not_carried", followed="tried_again")
    diary.event("setback", 130.0, "", 1, followed="gave_up")
    diary.event("gave_up", 130.0, "", 1)
    diary.handoffs.append(("jo", 1, "council", "friends", 110.0, nan, 110.0, "dropped", "not_carried"))
    return diary.result()


def test_journey_data_hold_what_happened() -> None:
    run = short_journey()
    journey = journey_data(run.episodes, run.spells, run.handoffs, run.ledger, "jo")
    assert (journey.start, journey.end, journey.cut) == (100.0, 60.0, 60.0)
    assert journey.needs["label"].tolist() == ["Debt", "Isolation"]
    assert journey.needs["onset"].tolist() == [0.0, 10.0]
    # Friends were never reached: they are not among the providers.
    assert set(journey.providers["provider"]) == {"bank", "charity", "council", "advice"}
    assert len(journey.tracks) == 5
    marks = {(row.provider, row.episode, row.time, row.kind, row.text) for row in journey.marks.itertuples()}
    assert marks == {
        ("bank", 0, 0.0, "setback", "wrong door"),
        ("charity", 0, 5.0, "drop", "out of area"),
        ("council", 1, 10.0, "drop", "not carried, to Friends"),
        ("", 1, 30.0, "setback", "no door found"),
    }
    moves = {(row.episode, row.origin, row.left, row.target, row.came) for row in journey.moves.itertuples()}
    assert moves == {
        (0, "", 0.0, "bank", 0.0),
        (0, "charity", 5.0, "council", 20.0),
        (1, "", 10.0, "council", 10.0),
        (1, "", 30.0, "", 30.0),
    }
    assert summary(journey) == (
        "2 needs: 1 supported, 1 given up; 4 providers met; story told 1 time; 2 of 3 handoffs dropped."
    )


def test_journey_figure_says_what_happened() -> None:
    run = short_journey()
    journey = journey_data(run.episodes, run.spells, run.handoffs, run.ledger, "jo")
    figure = draw_journey(journey, "Journey", "Fragmented")
    assert_readable(figure)
    said = texts_of(figure)
    assert "supported after 60 days\n1 story told, 1 of 2 handoffs dropped" in said
    assert "given up after 20 days\n0 stories told, 1 of 1 handoff dropped" in said
    assert {"out of area", "wrong door", "not carried, to Friends", "Council", "Debt"} <= set(said)


@pytest.mark.parametrize(("needs", "providers"), [(1, 1), (6, 12), (6, 1), (1, 12)])
def test_journeys_of_any_size_are_readable(needs: int, providers: int) -> None:
    diary = Diary()
    for need in range(needs):
        name = f"a_need_with_a_long_name_{need}"
        diary.episodes.append(("jo", "v", need, name, 0, 400.0 + need, "open", 200.0, 12, 24, 24))
        diary.event("onset", 400.0 + need, "", need)
        for turn in range(24):
            time = 401.0 + need + 8 * turn
            provider = f"provider_with_quite_a_long_name_{(need + turn) % providers}"
            other = f"provider_with_quite_a_long_name_{(need + turn + 1) % providers}"
            diary.event("sought", time, provider, need)
            diary.event("missed", time + 1, provider, need)
            diary.event("handoff_received", time + 5, other, need, other=provider)
            reason = list(style.REASONS)[turn % 9]
            diary.handoffs.append(("jo", need, provider, other, time, time + 5, time + 5, "dropped", reason))
            diary.spells.append(("jo", need, provider, "assessment", time, time + 2, time + 3, "served"))
    run = diary.result()
    journey = journey_data(run.episodes, run.spells, run.handoffs, run.ledger, "jo")
    assert len(journey.providers) == providers
    assert_readable(draw_journey(journey, "Journey", "Fragmented"))


def test_run_without_vignettes_says_so(tmp_path: Path) -> None:
    paths = run_figures(tmp_path, short_journey(), PROVENANCE)  # type: ignore[arg-type]
    assert [path.name for path in paths] == ["journey_none.pdf", "journey_none.svg", "journey_none.png"]


def test_real_run_draws_every_vignette(tmp_path: Path) -> None:
    settings = {"time.horizon_days": 600.0, "time.warmup_days": 300.0, "time.followup_days": 100.0}
    result = simulate(Scenario.load("three_journeys").changed(settings), "integrated", seed=1, replicate=0)
    paths = run_figures(tmp_path, result, PROVENANCE)
    vignettes = {f"journey_{row.vignette}" for row in result.scenario.tables.vignettes}
    assert {path.stem for path in paths} == vignettes and len(paths) == 3 * len(vignettes)
    for citizen in result.episodes.loc[result.episodes["vignette"] != "", "citizen"].unique():
        journey = journey_data(result.episodes, result.spells, result.handoffs, result.ledger, citizen)
        mine = result.episodes[result.episodes["citizen"] == citizen]
        assert (journey.passes["state"] == "dropped").sum() == mine["dropped"].sum() == journey.needs["dropped"].sum()
        started = journey.stays[(journey.stays["stage"] == "support") & journey.stays["started"].notna()]
        supported = journey.needs[journey.needs["state"] == "supported"]
        assert sorted(started["started"]) == pytest.approx(sorted(supported["end"]))
        assert_readable(draw_journey(journey, "Journey", "Integrated"))


# --- style and layout ---------------------------------------------------------------------------------------------


def test_arms_have_a_look_of_their_own() -> None:
    looks = style.looks_of_arms(TITLES)
    assert len({(look.colour, look.line, look.marker) for look in looks.values()}) == len(TITLES)
    assert looks["fragmented"] == style.looks_of_arms(["integrated", "fragmented"])["fragmented"]


def test_labels_are_moved_apart_and_no_further() -> None:
    assert moved_apart([10.0, 30.0], [4.0, 4.0], 0.0, 50.0) == [10.0, 30.0]
    assert moved_apart([20.0, 20.0, 40.0], [4.0, 4.0, 4.0], 0.0, 50.0) == [18.0, 22.0, 40.0]
    assert moved_apart([50.0, 49.0], [4.0, 4.0], 0.0, 50.0) == [48.0, 44.0]
    assert moved_apart([], [], 0.0, 1.0) == []


def test_words_beside_marks_do_not_overlap() -> None:
    placed = place_words([(10.0, "out of area"), (12.0, "declined"), (13.0, "declined"), (90.0, "wrong door")], 95.0)
    assert [words.text for words in placed] == ["out of area", "declined (2 times)", "wrong door"]
    for one, other in combinations(placed, 2):
        if one.level == other.level:
            assert one.x + text_width(one.text) < other.x or other.x + text_width(other.text) < one.x
    assert all(words.x >= 0.0 and words.x + text_width(words.text) <= 95.0 for words in placed)


def test_text_is_wrapped_to_its_width() -> None:
    lines = wrapped("one two three four five Donaudampfschifffahrtsgesellschaft", 20.0)
    assert len(lines) > 2 and all(text_width(line) <= 20.0 for line in lines) and lines[-1].endswith("…")
    assert wrapped("", 10.0) == [""]


def test_nouns_agree_with_their_numbers() -> None:
    assert [counted(1, "day"), counted(2, "day"), counted(0, "story"), counted(1200, "handoff")] == [
        "1 day", "2 days", "0 stories", "1,200 handoffs",
    ]  # fmt: skip
