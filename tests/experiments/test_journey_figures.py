"""The journey of each vignette is drawn as it happened, and can be read whatever its size."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from experiments.figures import (
    journey_data,
    run_figures,
    saving,
    style,
)
from experiments.figures.journey_columns import columns_of
from experiments.figures.journey_marks import KEY, marks_key_height
from experiments.figures.journey_rows import plan_rows
from experiments.figures.journey_texts import summary
from experiments.figures.journey_words import place_words
from experiments.figures.journeys import draw_journey, why_none
from experiments.figures.labels import Labels, labels_of
from experiments.figures.layout import text_width
from sim import Scenario, simulate
from tests.experiments.drawn import assert_readable, texts_of

PROVENANCE = {"commit": "abc123", "seed": "7", "scenario": "Ort mit Ümläuten"}


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
        "2 needs: 1 supported, 1 given up; 4 providers met; story told 1 time; 2 of 3 handoffs dropped; "
        "0 crisis contacts."
    )


def test_journey_figure_says_what_happened() -> None:
    run = short_journey()
    journey = journey_data(run.episodes, run.spells, run.handoffs, run.ledger, "jo")
    figure = draw_journey(journey, "Journey", "Fragmented")
    assert_readable(figure)
    said = texts_of(figure)
    rows: dict[float, list[str]] = {}
    for text in figure.texts:
        rows.setdefault(round(text.get_position()[1], 6), []).append(text.get_text())
    assert ["Outcome, days", "Stories", "Drops"] in rows.values()
    assert ["supported, 60", "1", "1 of 2"] in rows.values() and ["given up, 20", "0", "1 of 1"] in rows.values()
    assert {"out of area", "wrong door", "not carried, to Friends", "Council", "Debt"} <= set(said)


def test_in_a_single_column_outcomes_stand_below_the_names_of_needs() -> None:
    run = short_journey()
    journey = journey_data(run.episodes, run.spells, run.handoffs, run.ledger, "jo")
    figure = draw_journey(journey, "Journey", "Fragmented", style.SINGLE_COLUMN)
    assert_readable(figure)
    assert figure.get_size_inches()[0] / style.MM == pytest.approx(89.0)
    heights = {text.get_text(): text.get_position()[1] for text in figure.texts}
    outcomes = {
        "Debt": "supported after 60 days; 1 story told, 1 of 2 handoffs dropped",
        "Isolation": "given up after 20 days; 0 stories told, 1 of 1 handoff dropped",
    }
    assert all(heights[outcome] < heights[need] for need, outcome in outcomes.items())
    assert {"out of area", "wrong door", "not carried, to Friends", "Council"} <= set(texts_of(figure))


@pytest.mark.parametrize(
    ("needs", "providers", "width"),
    [
        (1, 1, style.DOUBLE_COLUMN),
        (6, 12, style.DOUBLE_COLUMN),
        (6, 1, style.DOUBLE_COLUMN),
        (1, 12, style.DOUBLE_COLUMN),
        (6, 12, style.SINGLE_COLUMN),
        (6, 1, style.SINGLE_COLUMN),
    ],
)
def test_journeys_of_any_size_are_readable(needs: int, providers: int, width: float) -> None:
    diary = Diary()
    for need in range(needs):
        name = f"a_need_with_a_long_name_{need}"
        diary.episodes.append(("jo", "v", need, name, 0, 400.0 + need, "open", 200.0, 12, 16, 16))
        diary.event("onset", 400.0 + need, "", need)
        for turn in range(16):
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
    assert_readable(draw_journey(journey, "Journey", "Fragmented", width))


@pytest.mark.parametrize("width", [style.DOUBLE_COLUMN, style.SINGLE_COLUMN])
@pytest.mark.parametrize("length", [3, 12])
def test_labels_of_any_length_are_readable(length: int, width: float) -> None:
    words = " ".join(["Council", "welfare", "and", "benefits", "office", "of", "the"] * length)
    names = {"bank", "charity", "council", "advice", "friends"}
    labels = Labels(needs={"debt": words, "isolation": "Pay $1 or $2"}, providers=dict.fromkeys(names, words))
    run = short_journey()
    run.episodes["recurrence"] = [2, 1]
    journey = journey_data(run.episodes, run.spells, run.handoffs, run.ledger, "jo", labels)
    assert journey.needs["label"].tolist() == [f"{words}, again (2)", "Pay $1 or $2, again"]
    figure = draw_journey(journey, "Journey of " + words, "Fragmented", width)
    assert_readable(figure)
    said = texts_of(figure)
    assert any(text.startswith("Council welfare") and text.endswith("…\nagain (2)") for text in said)
    assert any(text.startswith("not carried, to Council") and text.endswith("…") for text in said)


def test_labels_are_those_of_the_scenario() -> None:
    labels = labels_of(Scenario.load("three_journeys"))
    assert labels.provider("drug_alcohol_service") == "Drug and alcohol service"
    assert labels.provider("front_door") == "Single front door"
    assert labels.need("homelessness") == "Homeless or about to be"
    assert labels.vignette("single_adult") == "A single adult without a home"
    row = {"providers": [], "vignettes": [], "services": []}
    needs = [SimpleNamespace(need="poor_housing", label=""), SimpleNamespace(need="sick", label="\u75c5\u6c17")]
    bare = labels_of(SimpleNamespace(tables=SimpleNamespace(needs=needs, **row)))  # type: ignore[arg-type]
    # Nor can the font write Japanese.
    assert [bare.need(need.need) for need in needs] == ["Poor housing", "Sick"]


def test_run_without_vignettes_says_so(tmp_path: Path) -> None:
    run = short_journey()
    run.scenario = SimpleNamespace(tables=SimpleNamespace(vignettes=()))
    paths = run_figures(tmp_path, run, PROVENANCE)  # type: ignore[arg-type]
    assert [path.name for path in paths] == ["journey_none.pdf", "journey_none.svg", "journey_none.png"]
    assert why_none(run).startswith("No vignettes")  # type: ignore[arg-type]


def test_a_run_that_ends_before_the_given_people_have_needs_says_so() -> None:
    town = Scenario.load("three_journeys")
    short = town.changed({"time.horizon_days": 200.0, "time.warmup_days": 30.0, "time.followup_days": 60.0})
    assert why_none(SimpleNamespace(scenario=short)) == (  # type: ignore[arg-type]
        "No journeys: the scenario gives 3 people, but the first of their needs arises on day 400, and the run ends on "
        "day 200."
    )


def test_a_crisis_is_no_setback() -> None:
    run = short_journey()
    diary = Diary()
    diary.event("crisis", 105.0, "charity")  # on the day of a drop there: both are marked
    diary.event("crisis", 125.0, "hospital")
    more = diary.result().ledger.astype({"activity": str, "resource": str})
    ledger = pd.concat([run.ledger.astype({"activity": str, "resource": str}), more]).sort_values("time", kind="stable")
    journey = journey_data(run.episodes, run.spells, run.handoffs, ledger, "jo")
    marks = journey.marks[journey.marks["kind"] == "crisis"]
    assert list(zip(marks["provider"], marks["time"], marks["text"], strict=True)) == [
        ("charity", 5.0, "crisis"),
        ("hospital", 25.0, "crisis"),
    ]
    assert len(journey.marks) == 4 + 2
    assert summary(journey).endswith("; 2 crisis contacts.")
    assert_readable(draw_journey(journey, "Journey", "Fragmented"))


def test_the_key_explains_every_mark() -> None:
    run = short_journey()
    figure = draw_journey(
        journey_data(run.episodes, run.spells, run.handoffs, run.ledger, "jo"), "Journey", "Fragmented"
    )
    assert set(KEY) <= set(texts_of(figure))
    assert marks_key_height(80.0) > 2 * marks_key_height(170.0)


def test_words_stand_on_the_line_of_their_mark_where_nothing_else_is() -> None:
    words, size = [(50.0, "out of area")], text_width("out of area")
    (right,) = place_words(words, 100.0)
    assert right.level == 0 and right.x > 50.0
    (left,) = place_words(words, 100.0, along=[(55.0, 60.0)])
    assert left.level == 0 and left.x + size < 50.0
    (above,) = place_words(words, 100.0, along=[(55.0, 60.0), (40.0, 45.0)])
    assert above.level == 1
    first, second = place_words([*words, (55.0, "wrong door")], 100.0)
    assert first.level == second.level == 0 and first.x + size < 50.0 and second.x > 55.0


def test_a_need_that_arises_again_has_the_row_of_the_former_one_at_a_provider() -> None:
    diary = Diary()
    for episode, day in enumerate((100.0, 150.0, 152.0)):
        diary.episodes.append(("jo", "", episode, "debt", episode, day, "gave_up", 20.0, 0, 0, 0))
        diary.event("onset", day, episode=episode)
        diary.event("joined", day, "bank", episode)
        diary.spells.append(("jo", episode, "bank", "", day, float("nan"), day + 20.0, "left"))
    run = diary.result()
    journey = journey_data(run.episodes, run.spells, run.handoffs, run.ledger, "jo")
    plan = plan_rows(journey, columns_of([journey], style.DOUBLE_COLUMN), 100.0)
    assert plan.shared == {("bank", 1): ("bank", 0)}  # the third begins before the second is over
    assert plan.rows["bank", 1] is plan.rows["bank", 0] and plan.rows["bank", 2] is not plan.rows["bank", 0]
    assert len(list(plan.each())) == 3 + 2
    assert_readable(draw_journey(journey, "Journey", "Fragmented"))


def test_words_above_a_line_go_where_no_line_crosses_them() -> None:
    line = [(0.0, 100.0)]
    (beside,) = place_words([(50.0, "out of area")], 100.0, along=line)
    (left,) = place_words([(50.0, "out of area")], 100.0, [(55.0, 56.0)], line)
    (beyond,) = place_words([(50.0, "out of area")], 100.0, [(52.0, 53.0), (45.0, 46.0)], line)
    size = text_width("out of area")
    assert beside.x > 50.0 and beside.joint == 50.0
    assert left.x + size < 50.0
    assert beyond.x > 53.0 or beyond.x + size < 45.0
    assert beyond.joint in (beyond.x, beyond.x + size)


def test_an_arrow_that_crosses_a_row_is_avoided_by_its_words() -> None:
    """The handoff from the first to the third provider crosses the row of the second, where something was missed."""
    diary = Diary()
    diary.episodes.append(("jo", "", 0, "debt", 0, 100.0, "open", 100.0, 0, 1, 0))
    diary.event("onset", 100.0)
    for day, provider in ((100.0, "bank"), (150.0, "bbnk"), (170.0, "bcnk")):
        diary.event("sought" if provider == "bank" else "joined", day, provider)
    diary.event("missed", 150.0, "bbnk")
    diary.handoffs.append(("jo", 0, "bank", "bcnk", 158.0, 158.0, float("nan"), "attended", ""))
    diary.event("handoff_received", 158.0, "bcnk", other="bank")
    run = diary.result()
    run.ledger["sector"] = run.ledger["sector"].where(run.ledger["sector"] == "", "public")
    journey = journey_data(run.episodes, run.spells, run.handoffs, run.ledger, "jo")
    assert journey.providers["provider"].tolist() == ["bank", "bbnk", "bcnk"]
    columns = columns_of([journey], style.DOUBLE_COLUMN)
    (words,) = plan_rows(journey, columns, columns.width).rows["bbnk", 0].words
    assert words.x + text_width(words.text) < 58.0 or words.x > 58.0


def test_real_run_draws_every_vignette(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "FORMATS", ("svg",))
    settings = {"time.horizon_days": 600.0, "time.warmup_days": 300.0, "time.followup_days": 100.0}
    result = simulate(Scenario.load("three_journeys").changed(settings), "integrated", seed=1, replicate=0)
    paths = run_figures(tmp_path, result, PROVENANCE)
    vignettes = {f"journey_{row.vignette}" for row in result.scenario.tables.vignettes}
    assert {path.stem for path in paths} == vignettes and len(paths) == 2 * len(vignettes)
    assert {path.parent for path in paths} == {tmp_path, tmp_path / "single_column"}
    labels = labels_of(result.scenario)
    for citizen in result.episodes.loc[result.episodes["vignette"] != "", "citizen"].unique():
        journey = journey_data(result.episodes, result.spells, result.handoffs, result.ledger, citizen, labels)
        mine = result.episodes[result.episodes["citizen"] == citizen]
        assert (journey.passes["state"] == "dropped").sum() == mine["dropped"].sum() == journey.needs["dropped"].sum()
        started = journey.stays[(journey.stays["stage"] == "support") & journey.stays["started"].notna()]
        supported = journey.needs[journey.needs["state"] == "supported"]
        assert sorted(started["started"]) == pytest.approx(sorted(supported["end"]))
        figure = draw_journey(journey, "Journey", "Integrated")
        assert_readable(figure)
        said = {text.replace("\n", " ") for text in texts_of(figure)}
        assert {labels.provider(name) for name in journey.providers["provider"]} <= said
