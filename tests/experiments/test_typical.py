"""Which random world stands for what happens to a vignette, and how the others differ from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.typical import (
    arms_of_map,
    file_of,
    files_of,
    map_text,
    nearest,
    spread_table,
    typical_worlds,
)
from sim.schema.parameters import Time

TIME = Time(horizon_days=400.0, warmup_days=50.0, followup_days=100.0)
TITLES = {"usual": "As usual", "other": "Another way"}


def events_of(
    arm: str, replicate: int, support: float | None, failures: int = 0, stories: int = 0, gives_up: bool = False
) -> list[tuple[object, ...]]:
    """Return what happens to Jo, who has debts from day 100 and is ill from day 120.

    Args:
        arm: Arm.
        replicate: World.
        support: Days from the debts to their support; none if there is no support.
        failures: Dropped handoffs of the debts, on day 101.
        stories: Stories told of the debts, on day 102.
        gives_up: Whether the debts are given up on day 103 and arise again, by a crisis, on day 104.
    """
    rows: list[tuple[object, ...]] = [("onset", 100.0, 0, "debt", "")]
    rows += [("handoff_dropped", 101.0, 0, "debt", "declined")] * failures
    rows += [("assessment_started", 102.0, 0, "debt", "")] * stories
    if gives_up:
        rows += [("gave_up", 103.0, 0, "debt", ""), ("onset", 104.0, 2, "debt", "crisis")]
    if support is not None:
        rows.append(("support_started", 100.0 + support, 2 if gives_up else 0, "debt", ""))
    rows += [("onset", 120.0, 1, "illness", ""), ("support_started", 130.0, 1, "illness", "")]
    return [(arm, replicate, "jo", *row) for row in rows]


def ledger(*runs: list[tuple[object, ...]]) -> pd.DataFrame:
    columns = ["arm", "replicate", "case", "activity", "time", "episode", "need", "reason"]
    table = pd.DataFrame([row for run in runs for row in run], columns=columns)
    return table.astype({"arm": "category", "case": "category", "activity": "category"})


# --- choosing -----------------------------------------------------------------------------------------------------


def test_the_world_nearest_to_the_medians_is_typical() -> None:
    # Medians 3 and 20, usual distances 1 and 10: sums of distances 2 + 1, 1 + 1, 0 + 2, 1 + 0, 7 + 2.
    assert nearest(np.array([[1.0, 10.0], [2.0, 30.0], [3.0, 40.0], [4.0, 20.0], [10.0, 0.0]])) == 3


def test_of_worlds_equally_near_the_first_is_typical() -> None:
    assert nearest(np.array([[9.0], [4.0], [6.0], [5.0], [5.0]])) == 3
    # Three times a tenth, in another order.
    assert nearest(np.array([[0.1, 0.2, 0.3], [0.3, 0.1, 0.2], [0.2, 0.3, 0.1]])) == 0


def test_a_world_unlike_most_that_are_the_same_is_not_typical() -> None:
    """Most have the median, so that the median distance is 0: the mean one takes its place."""
    worlds = np.array([[1.0, 5.0], [0.0, 4.0], [0.0, 6.0], [0.0, 9.0], [0.0, 1.0]])
    assert nearest(worlds) == 1  # 0 + 1 / 1 against 1 / 0.32 + 0 of the one in the middle otherwise


def test_what_is_the_same_everywhere_does_not_count() -> None:
    assert nearest(np.array([[7.0, 1.0], [7.0, 2.0], [7.0, 3.0]])) == 1
    assert nearest(np.array([[7.0, 2.0], [7.0, 2.0]])) == 0


def test_the_integrated_arm_or_else_the_last_is_set_against_the_baseline() -> None:
    assert arms_of_map(["a", "integrated", "b"]) == ["a", "integrated"]
    assert arms_of_map(["integrated", "a", "b"]) == ["integrated", "b"]
    assert arms_of_map(["a"]) == ["a"]
    assert arms_of_map(["integrated"]) == ["integrated"]


# --- what is measured ---------------------------------------------------------------------------------------------


def test_worlds_are_described_by_what_happened_in_them() -> None:
    runs = [
        events_of("usual", 3, 10.0, failures=2, stories=1),
        events_of("usual", 5, None, failures=4),
        events_of("usual", 7, 60.0, gives_up=True),
        events_of("usual", 8, 101.0),
    ]
    (one,) = typical_worlds(ledger(*runs), ["usual"], TIME)
    assert (one.vignette, one.needs, one.start, one.until) == ("jo", ("debt", "illness"), 100.0, 220.0)
    # The illness is supported on day 130 everywhere; what was given up, or came late, is not supported.
    assert one.worlds.to_dict("list") == {
        "arm": ["usual"] * 4,
        "replicate": [3, 5, 7, 8],
        "first_support": [10.0, 30.0, 30.0, 30.0],
        "supported": [2, 1, 1, 1],
        "failed": [2, 4, 0, 0],
        "stories": [1, 0, 0, 0],
    }
    # Days of the debts 10, 100, 100, 100; failures 2, 4, 0, 0; stories 1, 0, 0, 0: the first without failures, as
    # the medians are 100, 1 and 0.
    assert one.replicate == 7


def test_what_happens_after_the_window_is_not_counted() -> None:
    late = [("usual", 0, "jo", "handoff_dropped", day, 0, "debt", "declined") for day in (219.0, 221.0)]
    (one,) = typical_worlds(ledger([*events_of("usual", 0, None), *late]), ["usual"], TIME)
    assert one.worlds["failed"].tolist() == [1]
    short = TIME.model_copy(update={"horizon_days": 200.0})
    (one,) = typical_worlds(ledger(events_of("usual", 0, None)), ["usual"], short)
    assert one.until == 200.0


def test_without_any_support_the_first_takes_the_whole_window() -> None:
    rows = [row for row in events_of("usual", 0, None) if row[3] != "support_started"]
    (one,) = typical_worlds(ledger(rows), ["usual"], TIME)
    assert one.worlds["first_support"].tolist() == [120.0] and one.worlds["supported"].tolist() == [0]


def test_a_world_is_typical_of_all_arms_together_and_was_run_under_all() -> None:
    days = {"usual": (10.0, 20.0, 30.0, 20.0), "other": (50.0, 20.0, 40.0, 40.0)}
    runs = [events_of(arm, world, day) for arm, values in days.items() for world, day in enumerate(values)]
    # Alone, world 1 would be typical as usual, world 2 the other way; world 3 is under both.
    (one,) = typical_worlds(ledger(*runs), ["usual", "other"], TIME)
    assert one.replicate == 3
    (one,) = typical_worlds(ledger(*runs[:-1]), ["usual", "other"], TIME)
    assert one.worlds["replicate"].tolist() == [0, 1, 2] * 2
    assert one.worlds["arm"].tolist() == ["usual"] * 3 + ["other"] * 3


def test_a_need_that_arises_in_some_worlds_only_was_not_given() -> None:
    more: list[tuple[object, ...]] = [("usual", 0, "jo", "onset", 300.0, 9, "isolation", "")]
    (one,) = typical_worlds(ledger([*events_of("usual", 0, 1.0), *more], events_of("usual", 1, 2.0)), ["usual"], TIME)
    assert one.needs == ("debt", "illness") and one.until == 220.0


def test_without_vignettes_or_common_worlds_there_is_nothing_typical() -> None:
    assert typical_worlds(ledger(), ["usual"], TIME) == []
    apart = ledger(events_of("usual", 0, 1.0), events_of("other", 1, 1.0))
    assert typical_worlds(apart, ["usual", "other"], TIME) == []
    assert spread_table([]).empty and not len(spread_table([]).columns)


# --- the table and its words --------------------------------------------------------------------------------------


@pytest.fixture
def spread() -> pd.DataFrame:
    runs = [
        events_of(arm, world, 10.0 * (1 + world), failures=world, stories=1) for arm in TITLES for world in range(3)
    ]
    return spread_table(typical_worlds(ledger(*runs), list(TITLES), TIME))


def test_the_table_has_quartiles_and_the_typical_world(spread: pd.DataFrame) -> None:
    row = spread[(spread["arm"] == "other") & (spread["measure"] == "failed")].iloc[0]
    assert row.to_dict() == {
        "vignette": "jo",
        "needs": 2,
        "arm": "other",
        "measure": "failed",
        "lower_quartile": 0.5,
        "median": 1.0,
        "upper_quartile": 1.5,
        "worlds": 3,
        "replicate": 1,
        "value": 1.0,
    }
    assert len(spread) == 2 * 4


def test_names_of_files_have_no_signs_that_a_file_cannot_have() -> None:
    assert file_of("jo") == "journey_map_jo"
    assert file_of("jo", "usual+handoff:tracked") == "journey_map_jo_usual_handoff_tracked"


def test_words_say_where_there_is_no_support() -> None:
    def said(*supported: bool) -> str:
        runs = [
            events_of("usual", world, 10.0) if is_supported else events_of("usual", world, None)[:1]
            for world, is_supported in enumerate(supported)
        ]
        return map_text(spread_table(typical_worlds(ledger(*runs), ["usual"], TIME)), "journey_map_jo", TITLES)

    assert "days to the first support no support (no support), failed" in said(False, False, True)
    assert "days to the first support 10 (10), failed" in said(False, True, True)
    # In half of the worlds there is none.
    assert "(no support), failed" in said(False, True)


def test_words_say_what_is_seen_on_a_map(spread: pd.DataFrame) -> None:
    assert files_of(spread) == ["journey_map_jo", "journey_map_jo_usual", "journey_map_jo_other"]
    same = (
        "2 of 2 given needs are supported (median of all worlds 2), days to the first support 20 (20), failed "
        "attempts 1 (1), times that the story was told 1 (1)"
    )
    assert map_text(spread, "journey_map_jo", TITLES) == (
        "Swim lanes of providers, by sector, along the days of one person, in random world 1, the most typical of 3, "
        f"and how worlds differ: under As usual {same}; under Another way {same}."
    )
    assert "one person under Another way, in random world 1" in map_text(spread, "journey_map_jo_other", TITLES)
    assert map_text(spread, "journey_map_al", TITLES) == ""
    assert map_text(pd.DataFrame(columns=["vignette", "arm"]), "over_time", TITLES) == ""
    assert files_of(pd.DataFrame()) == []
