"""What holds where and when, by hand: ramps, spreads, ends, rows that meet, and initiatives that are refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from experiments.cli import main
from sim import BadInputError, Coordination, Scenario, simulate
from sim.mechanisms import registry
from sim.schema.barriers import Barriers
from sim.schema.initiatives import DATED, InitiativeRow
from sim.timeline import Setting, Timeline
from tests.places import write_place

DISTRICTS = [{"district": name, "citizens_per_year": people} for name, people in (("east", 100), ("west", 300))]
EAST, WEST = 0, 1
"""The districts' places in the table."""

Rows = Sequence[Mapping[str, Any]]


def row(change: str, value: str | float, from_day: float, **others: Any) -> dict[str, Any]:
    return {"initiative": "trial", "change": change, "value": str(value), "from_day": from_day, **others}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "place"


def timeline(folder: Path, arm: Rows = (), place: Rows = (), **settings: Any) -> Timeline:
    """Return the timeline of a place of two districts under the fragmented arm with initiatives."""
    times = {"horizon_days": 1000, "warmup_days": 20, "followup_days": 30}
    tables: dict[str, Rows] = {"districts": DISTRICTS, **({"initiatives": place} if place else {})}
    scenario = Scenario.load(write_place(folder, {"time": times, **settings}, **tables))
    return Timeline(scenario, Coordination.model_validate({"initiatives": list(arm)}))


def letters(setting: Setting) -> float:
    """Return the share of citizens of a district whose handoffs are letters."""
    return setting.share_with("handoff", "letter")


# --- a ramp ---------------------------------------------------------------------------------------------------


def test_a_ramp_goes_in_twenty_steps_at_the_middle_of_a_straight_line(folder: Path) -> None:
    """Of 40 days from day 100: a step each 2 days, at 1/40, 3/40 and so on, and all on day 140."""
    line = timeline(folder, [row("handoff", "letter", 100, ramp_days=40)])
    seen = {
        day: letters(line.at(day)[EAST]) for day in (99.9, 100, 101.9, 102, 119.9, 120, 137.9, 138, 139.9, 140, 999)
    }
    assert list(seen.values()) == pytest.approx(
        [0, 1 / 40, 1 / 40, 3 / 40, 19 / 40, 21 / 40, 37 / 40, 39 / 40, 39 / 40, 1, 1]
    )
    assert line.dates == [0, *range(100, 141, 2)]
    on_dates = [letters(line.at(day)[WEST]) for day in line.dates]
    assert on_dates == pytest.approx([0, *((2 * step + 1) / 40 for step in range(20)), 1])


def test_over_its_ramp_an_initiative_is_in_force_half_of_the_time(folder: Path) -> None:
    """That is what the middle of the steps is for: nobody gains or loses by counting in steps."""
    line = timeline(folder, [row("handoff", "letter", 100, ramp_days=30)])
    days = [100 + 30 * step / 20 for step in range(20)]
    assert sum(letters(line.at(day)[EAST]) * 1.5 for day in days) == pytest.approx(15.0)


def test_without_a_ramp_everything_is_there_on_the_first_day(folder: Path) -> None:
    line = timeline(folder, [row("handoff", "letter", 100)])
    assert [letters(line.at(day)[EAST]) for day in (99.99, 100)] == [0, 1]
    assert line.dates == [0, 100]


def test_who_is_reached_is_whose_luck_is_below_the_share(folder: Path) -> None:
    rows = [row("handoff", "letter", 100, ramp_days=40), row("records", "shared", 110, ramp_days=40)]
    setting = timeline(folder, rows).at(120)[EAST]
    reached = {luck: setting.names(luck)[1:4:2] for luck in (0.0, 0.274, 0.276, 0.524, 0.526, 0.999)}
    both, one, none = ("letter", "shared"), ("letter", "separate"), ("signposting", "separate")
    assert list(reached.values()) == [both, both, one, one, none, none]
    assert [share for share, _ in setting.kinds] == pytest.approx([0.275, 0.25, 0.475])


def test_a_level_moves_in_the_same_steps_and_for_everybody_alike(folder: Path) -> None:
    """From 0.2, 0.6 and 0.4 to 1: each goes the same share of its own way."""
    culture = {"all": 0.2, "public": 0.6, "health/public": 0.4}
    rows = [row("barriers.culture", 1, 100, ramp_days=40)]
    line = timeline(folder, rows, barriers={"culture": culture, "learning": 0.3})
    said = {day: line.at(day)[EAST].levels.culture.as_mapping() for day in (99, 100, 120, 140)}
    assert said[99] == culture
    assert said[100] == pytest.approx({"all": 0.22, "public": 0.61, "health/public": 0.415})
    assert said[120] == pytest.approx({"all": 0.62, "public": 0.81, "health/public": 0.715})
    assert said[140] == {"all": 1, "public": 1, "health/public": 1}
    assert line.at(140)[EAST].levels.learning.general == 0.3


def test_places_move_in_the_same_steps_and_are_whole(folder: Path) -> None:
    """From 5 places to 35: 30 x 1/40 is 0.75, 30 x 3/40 is 2.25, 30 x 21/40 is 15.75."""
    line = timeline(folder, [row("places.care", 35, 100, ramp_days=40)])
    assert [line.places(day)["care"] for day in (99, 100, 102, 120, 138, 140)] == [5, 6, 7, 21, 34, 35]
    assert all(type(line.places(day)["care"]) is int for day in line.dates)


def test_the_districts_start_one_after_another_in_the_order_of_the_row(folder: Path) -> None:
    """Not in the order of the table: west at once, east 30 days later, each with a ramp of its own."""
    line = timeline(folder, [row("handoff", "letter", 100, districts=["west", "east"], spread_days=30, ramp_days=20)])
    seen = {day: [letters(setting) for setting in line.at(day)] for day in (100, 119, 129, 130, 149, 150)}
    expected = {100: [0, 1 / 40], 119: [0, 39 / 40], 129: [0, 1], 130: [1 / 40, 1], 149: [39 / 40, 1], 150: [1, 1]}
    for day, shares in expected.items():
        assert seen[day] == pytest.approx(shares)


def test_only_the_districts_that_are_named_are_reached(folder: Path) -> None:
    rows = [row("handoff", "letter", 100, districts=["west"]), row("barriers.culture", 1, 100, districts=["west"])]
    east, west = timeline(folder, rows).at(500)
    assert [letters(east), east.levels.culture.general] == [0, 0]
    assert [letters(west), west.levels.culture.general] == [1, 1]


# --- ends, and rows that meet ---------------------------------------------------------------------------------

ALL = [
    *((question, name) for question in DATED for name in registry.names(question)),
    *((f"barriers.{name}", "0.9") for name in Barriers.model_fields),
    ("places.care", "17"),
]


@pytest.mark.parametrize(("change", "value"), ALL, ids=[f"{c}:{v}" for c, v in ALL])
@pytest.mark.parametrize("to_day", [110, 300])
def test_it_ends_everywhere_on_one_day_and_leaves_nothing(folder: Path, change: str, value: str, to_day: float) -> None:
    """On day 110 in the middle of its ramp in one district and before its start in the other; or long after."""
    where: dict[str, Any] = {} if change.startswith("places.") else {"districts": ["east", "west"], "spread_days": 50}
    # Another mechanism before it, so that each is a change.
    other = next((name for name in registry.names(change) if name != value), "")
    before = [row(change, other, 0)] if other else []
    trial = row(change, value, 100, to_day=to_day, ramp_days=20, **where)
    line, without = timeline(folder, [*before, trial]), timeline(folder, before)
    for day in (to_day, to_day + 1, 999):
        assert line.at(day) == without.at(day)
        assert line.places(day) == without.places(day)
    last = to_day - 0.01
    same = [line.at(last)[EAST] == without.at(last)[EAST], line.places(last) == without.places(last)]
    assert same == ([True, False] if change == "places.care" else [False, True])
    assert max(line.dates) == to_day


def test_initiatives_of_the_place_and_of_the_arm_add_up(folder: Path) -> None:
    line = timeline(folder, [row("records", "shared", 200)], [row("handoff", "letter", 100)])
    seen = [line.at(day)[EAST].names(0.5)[1:4:2] for day in (50, 150, 250)]
    assert seen == [("signposting", "separate"), ("letter", "separate"), ("letter", "shared")]
    assert line.dates == [0, 100, 200]


def test_the_arm_counts_over_the_place_and_a_later_row_over_an_earlier_one(folder: Path) -> None:
    """Whichever starts first: what counts is the order of the rows, the place's before the arm's."""
    place = [row("handoff", "letter", 300), row("handoff", "introduction", 500, to_day=600)]
    arm = [row("handoff", "tracked", 200, to_day=400), row("handoff", "accompanied", 100, to_day=250)]
    line = timeline(folder, arm, place)
    modes = [line.at(day)[EAST].names(0.5)[1] for day in (50, 150, 225, 275, 350, 450, 550, 650)]
    expected = ["signposting", "accompanied", "accompanied", "tracked", "tracked", "letter", "introduction", "letter"]
    assert modes == expected


def test_two_that_overlap_part_way_share_the_citizens_and_go_on_from_each_others_level(folder: Path) -> None:
    """On day 120 the first has got 21/40 of its way, the second, which counts over it, 11/40 of its own."""
    ramp = {"ramp_days": 40}
    rows = [
        *(row("handoff", "letter", 100, **ramp), row("handoff", "tracked", 110, **ramp)),
        *(row("barriers.culture", 1, 100, **ramp), row("barriers.culture", 0, 110, **ramp)),
        *(row("places.care", 45, 100, **ramp), row("places.care", 6, 110, **ramp)),
    ]
    line = timeline(folder, rows, barriers={"culture": 0.2})
    setting = line.at(120)[WEST]
    shares = [setting.share_with("handoff", name) for name in ("tracked", "letter", "signposting")]
    assert shares == pytest.approx([11 / 40, 10 / 40, 19 / 40])
    assert setting.levels.culture.general == pytest.approx((0.2 + 0.8 * 21 / 40) * 29 / 40)
    # 5 + 40 x 21/40 = 26 places, and from there 11/40 of the way to 6: 20.5, which halves to the even number.
    assert line.places(120)["care"] == 20


# --- what is refused ------------------------------------------------------------------------------------------

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown change": (row("handof", "letter", 5), "change is 'handof'; allowed: entry, handoff"),
    "the discipline": (row("discipline", "urgency", 5), "change: the discipline holds for a whole run"),
    "unknown mechanism": (row("handoff", "leter", 5), "did you mean 'letter'?"),
    "unknown barrier": (row("barriers.cultur", 1, 5), "did you mean 'culture'?"),
    "level above 1": (row("barriers.culture", 1.5, 5), "value is '1.5'; allowed: a level from 0 to 1"),
    "level that is no number": (row("barriers.culture", "much", 5), "value is 'much'; allowed: a level from 0 to 1"),
    "half a place": (row("places.care", 2.5, 5), "value is '2.5'; allowed: a whole number of places"),
    "fewer than no places": (row("places.care", -1, 5), "value is '-1'; allowed: a whole number of places"),
    "day before the first": (row("handoff", "letter", -5), "from_day: is '-5'; allowed: at least 0"),
    "ramp backwards": (row("handoff", "letter", 5, ramp_days=-1), "ramp_days: is '-1'; allowed: at least 0"),
    "spread backwards": (row("handoff", "letter", 5, spread_days=-1), "spread_days: is '-1'; allowed: at least 0"),
    "end before the start": (row("handoff", "letter", 5, to_day=4), "to_day is 4; allowed: after from_day = 5"),
    "end on the first day": (row("handoff", "letter", 5, to_day=5), "to_day is 5; allowed: after from_day = 5"),
    "all one after another": (
        row("handoff", "letter", 5, spread_days=9),
        "no order in which all districts are reached",
    ),
    "no district": (row("handoff", "letter", 5, districts=";"), "districts: is empty; allowed: at least one name"),
    "a district twice": (row("handoff", "letter", 5, districts="east;east"), "names something twice: east; east"),
    "places of a district": (row("places.care", 3, 5, districts="east"), "places belong to a service"),
}


def problems(folder: Path, rows: Rows) -> list[str]:
    """Return what loading a place with these initiatives complains of."""
    with pytest.raises(BadInputError) as error:
        Scenario.load(write_place(folder, districts=DISTRICTS, initiatives=rows))
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize("name", WRONG)
def test_an_initiative_that_is_wrong_is_refused_with_what_would_be_right(folder: Path, name: str) -> None:
    wrong, said = WRONG[name]
    (problem,) = problems(folder, [row("handoff", "letter", 1), wrong])
    assert problem.startswith("place/initiatives.csv line 3: ")
    assert said in problem


def test_all_that_is_wrong_with_initiatives_is_said_at_once(folder: Path) -> None:
    said = problems(folder, [wrong for wrong, _ in WRONG.values()])
    assert len(said) == len(WRONG)
    for number, (problem, (_, words)) in enumerate(zip(said, WRONG.values(), strict=True), start=2):
        assert f"line {number}: " in problem
        assert words in problem


UNKNOWN = [
    row("handoff", "letter", 5, districts=["east", "wst"]),
    row("places.car", 3, 5),
    row("barriers.culture", 1, 5, districts=["moon"]),
]
NOT_THERE = [
    "trial: unknown district 'wst'; allowed: east, west; did you mean 'west'?",
    "trial: unknown service 'car'; allowed: care; did you mean 'care'?",
    "trial: unknown district 'moon'; allowed: east, west",
]


def test_districts_and_services_that_are_not_there_are_all_named_at_once(folder: Path) -> None:
    rows = [{**one, "districts": ";".join(one.get("districts", ["all"]))} for one in UNKNOWN]
    assert problems(folder, rows) == [f"place/initiatives.csv: {words}" for words in NOT_THERE]


def test_an_arm_that_does_not_fit_the_place_is_refused_with_all_that_is_wrong(folder: Path) -> None:
    place = Scenario.load(write_place(folder, districts=DISTRICTS))
    rows = tuple(InitiativeRow.model_validate(one) for one in UNKNOWN)
    with pytest.raises(BadInputError) as error:
        simulate(place, Coordination(title="Mine", initiatives=rows))
    assert [str(one) for one in error.value.problems] == [
        f"coordination Mine: initiatives: {words}" for words in NOT_THERE
    ]


def test_check_names_what_is_wrong_in_the_file_of_an_arm_and_in_the_place_together(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_place(folder, districts=DISTRICTS, initiatives=[row("handoff", "leter", 5)])
    arms = tmp_path / "mine" / "coordination"
    arms.mkdir(parents=True)
    bad = [row("records", "shraed", 5), row("handoff", "letter", 5, spread_days=9)]
    (arms / "bad.yaml").write_text(yaml.safe_dump({"initiatives": bad}), encoding="utf-8")
    arguments = ["check", "--config-dir", "mine", "scenario.folder=place", "arms=[fragmented,bad]"]
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert "3 problems in the input" in said
    for words in ("did you mean 'letter'?", "did you mean 'shared'?", "no order in which all districts are reached"):
        assert said.count(words) == 1
