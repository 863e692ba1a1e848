"""The tables of a run against a short ledger that is written by hand, every column of it.

What whole runs look like is in ``test_flow``, failure demand in ``test_failure_demand``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sim.codes import Activity, Followed, ModeCode, Noticed, Reason
from sim.ledger import Ledger
from sim.outcomes import tables
from sim.schema.parameters import Time

CLOCK = Time(horizon_days=100.0, warmup_days=10.0, followup_days=30.0)
NAMES = tables.Names(
    citizens=["town-0", "ann", "town-1"], vignettes=["", "ann", ""], districts=["town", "hills", "town"],
    needs_of_citizens=[1, 2, 3], capabilities=[0.5, 0.25, 0.75], needs=["illness", "debt"],
    providers=["clinic", "charity"], sectors=["public", "voluntary"], professions=["health", "advice"],
    services=["intake", "help"], stages=["assessment", "support"], providers_of_services=[0, 1],
)  # fmt: skip
CLINIC, CHARITY, INTAKE, HELP = 0, 1, 0, 1
TRACKED = float(ModeCode.TRACKED)


def written() -> tables.Columns:
    """Return the ledger of ann's debt (episode 1), which is supported at the second handoff, and of two others.

    Episode 0 is given up by the first citizen before the warm-up is over, episode 2 is the same need of the same
    citizen again, and episode 3 stays open in the queue.
    """
    ledger = Ledger()
    note = ledger.record
    note(0.0, Activity.PLACES, -1, -1, CLINIC, INTAKE, detail=2.0)
    note(2.0, Activity.ONSET, 0, 0, other=0, detail=0.3)
    note(3.0, Activity.SOUGHT, 0, 0, CHARITY)
    note(3.0, Activity.TURNED_AWAY, 0, 0, CHARITY, reason=Reason.WRONG_DOOR)
    note(3.0, Activity.SETBACK, 0, 0, CHARITY, reason=Reason.WRONG_DOOR, followed=Followed.GAVE_UP)
    note(3.0, Activity.GAVE_UP, 0, 0)
    note(10.0, Activity.ONSET, 1, 1, other=1, detail=0.6)
    note(11.0, Activity.SOUGHT, 1, 1, CLINIC)
    note(11.0, Activity.JOINED, 1, 1, CLINIC, INTAKE)
    note(12.0, Activity.MISSED, 1, 1, CLINIC, INTAKE, detail=0.5)
    note(14.0, Activity.ASSESSMENT_STARTED, 1, 1, CLINIC, INTAKE)
    note(15.0, Activity.ASSESSMENT_ENDED, 1, 1, CLINIC, INTAKE)
    note(15.0, Activity.HANDOFF_MADE, 1, 1, CLINIC, other=CHARITY, detail=TRACKED)
    note(16.0, Activity.ONSET, 0, 2, other=0, reason=Reason.RAISED, detail=0.4)
    note(18.0, Activity.HANDOFF_RECEIVED, 1, 1, CHARITY, other=CLINIC)
    note(
        18.0, Activity.HANDOFF_DROPPED, 1, 1, CHARITY, other=CLINIC, reason=Reason.DECLINED, noticed=Noticed.SENDER,
        followed=Followed.SENT_AGAIN,
    )  # fmt: skip
    note(20.0, Activity.HANDOFF_MADE, 1, 1, CLINIC, other=CHARITY, detail=TRACKED)
    note(21.0, Activity.HANDOFF_RECEIVED, 1, 1, CHARITY, other=CLINIC)
    note(22.0, Activity.HANDOFF_ACCEPTED, 1, 1, CHARITY, other=CLINIC)
    note(22.0, Activity.JOINED, 1, 1, CHARITY, HELP)
    note(29.0, Activity.HANDOFF_ATTENDED, 1, 1, CHARITY, other=CLINIC, noticed=Noticed.SENDER)
    note(29.0, Activity.SUPPORT_STARTED, 1, 1, CHARITY, HELP)
    note(30.0, Activity.SOUGHT, 0, 2, CLINIC)
    note(30.0, Activity.JOINED, 0, 2, CLINIC, INTAKE)
    note(31.0, Activity.SOUGHT, 0, 2, CHARITY)
    note(40.0, Activity.LEFT, 0, 2, CLINIC, INTAKE, reason=Reason.ABANDONED_WAIT)
    note(50.0, Activity.HANDOFF_MADE, 0, 2, CHARITY, other=CLINIC, detail=float(ModeCode.LETTER))
    note(69.0, Activity.ONSET, 2, 3, other=1, detail=0.9)
    note(70.0, Activity.JOINED, 2, 3, CHARITY, HELP)
    note(80.0, Activity.ONSET, 2, 4, other=0, detail=0.9)
    note(85.0, Activity.JOINED, 2, 4, CLINIC, INTAKE)
    note(90.0, Activity.ASSESSMENT_STARTED, 2, 4, CLINIC, INTAKE)
    return ledger.columns()


COLUMNS = written()
EPISODES = tables.episodes_table(COLUMNS, NAMES, CLOCK)


def shown(table: pd.DataFrame, *columns: str) -> list[tuple]:
    """Return some columns of a table as plain rows; what is not a number is None."""
    rows = table[list(columns)].astype(object).where(table[list(columns)].notna(), None)
    return list(rows.itertuples(index=False, name=None))


# --- episodes -------------------------------------------------------------------------------------------------


def test_who_an_episode_is_of() -> None:
    assert shown(EPISODES, "episode", "citizen", "vignette", "district", "need", "needs", "capability") == [
        (0, "town-0", "", "town", "illness", 1, 0.5),
        (1, "ann", "ann", "hills", "debt", 2, 0.25),
        (2, "town-0", "", "town", "illness", 1, 0.5),
        (3, "town-1", "", "town", "debt", 3, 0.75),
        (4, "town-1", "", "town", "illness", 3, 0.75),
    ]


def test_when_an_episode_begins_and_how_it_ends() -> None:
    """The second of a kind of need is its first recurrence; what is open lasts to the horizon."""
    assert shown(EPISODES, "onset", "severity", "origin", "recurrence", "state", "days") == [
        (2.0, 0.3, "", 0, "gave_up", 1.0),
        (10.0, 0.6, "", 0, "supported", 19.0),
        (16.0, 0.4, "raised", 1, "open", 84.0),
        (69.0, 0.9, "", 0, "open", 31.0),
        (80.0, 0.9, "", 0, "open", 20.0),
    ]


def test_what_is_counted_in_an_episode() -> None:
    """The first door is the first that was sought, and none where none was."""
    columns = ("tries", "handoffs", "dropped", "setbacks", "stories", "first_door", "first_door_sector")
    assert shown(EPISODES, *columns) == [
        (1, 0, 0, 1, 0, "charity", "voluntary"),
        (1, 2, 1, 0, 1, "clinic", "public"),
        (2, 1, 0, 0, 0, "clinic", "public"),
        (0, 0, 0, 0, 0, "", ""),
        (0, 0, 0, 0, 1, "", ""),
    ]


def test_which_episodes_are_of_the_cohort() -> None:
    """From day 10 to before day 70, and not what is pursued again after a crisis."""
    assert EPISODES["cohort"].tolist() == [False, True, True, True, False]
    again = {name: values.copy() for name, values in COLUMNS.items()}
    again["reason"][np.flatnonzero(again["episode"] == 2)[0]] = Reason.CRISIS
    assert tables.episodes_table(again, NAMES, CLOCK)["cohort"].tolist() == [False, True, False, True, False]


def test_support_goes_before_giving_up_and_the_first_of_each_counts() -> None:
    """A ledger that is not in balance: the tables show when support began, and when it did first."""
    ledger = Ledger()
    ledger.record(5.0, Activity.ONSET, 0, 0, other=0)
    ledger.record(6.0, Activity.GAVE_UP, 0, 0)
    for day in (9.0, 12.0):
        ledger.record(day, Activity.SUPPORT_STARTED, 0, 0, CLINIC, HELP)
    assert shown(tables.episodes_table(ledger.columns(), NAMES, CLOCK), "state", "days") == [("supported", 4.0)]


# --- spells ---------------------------------------------------------------------------------------------------

SPELLS = tables.spells_table(COLUMNS, NAMES, EPISODES)


def test_where_and_whose_a_spell_is() -> None:
    assert shown(SPELLS, "episode", "citizen", "provider", "sector", "service", "stage", "cohort") == [
        (1, "ann", "clinic", "public", "intake", "assessment", True),
        (1, "ann", "charity", "voluntary", "help", "support", True),
        (2, "town-0", "clinic", "public", "intake", "assessment", True),
        (3, "town-1", "charity", "voluntary", "help", "support", True),
        (4, "town-1", "clinic", "public", "intake", "assessment", False),
    ]


def test_how_a_spell_went() -> None:
    """Served; in service at the horizon, and once more; left; waiting."""
    assert shown(SPELLS, "joined", "started", "ended", "wait", "missed", "end") == [
        (11.0, 14.0, 15.0, 3.0, 1, "served"),
        (22.0, 29.0, None, 7.0, 0, "in_service"),
        (30.0, None, 40.0, 10.0, 0, "abandoned_wait"),
        (70.0, None, None, None, 0, "waiting"),
        (85.0, 90.0, None, 5.0, 0, "in_service"),
    ]


# --- handoffs -------------------------------------------------------------------------------------------------

HANDOFFS = tables.handoffs_table(COLUMNS, NAMES, EPISODES, CLOCK)


def test_from_whom_to_whom_a_handoff_goes() -> None:
    columns = ("episode", "citizen", "number", "sender", "receiver", "sender_sector", "receiver_sector")
    assert shown(HANDOFFS, *columns, "sender_profession", "receiver_profession", "mode") == [
        (1, "ann", 0, "clinic", "charity", "public", "voluntary", "health", "advice", "tracked"),
        (1, "ann", 1, "clinic", "charity", "public", "voluntary", "health", "advice", "tracked"),
        (2, "town-0", 0, "charity", "clinic", "voluntary", "public", "advice", "health", "letter"),
    ]


def test_when_a_handoff_passed_each_step_and_how_it_ended() -> None:
    assert shown(HANDOFFS, "made", "received", "accepted", "attended", "dropped", "state") == [
        (15.0, 18.0, None, None, 18.0, "dropped"),
        (20.0, 21.0, 22.0, 29.0, None, "attended"),
        (50.0, None, None, None, None, "under_way"),
    ]


def test_why_a_handoff_was_dropped_and_what_records_show() -> None:
    """Made on day 50, 34 days after onset, the last one is not of the follow-up."""
    assert shown(HANDOFFS, "reason", "noticed", "followed", "sender_record", "receiver_record", "cohort") == [
        ("declined", "sender", "sent_again", "dropped", "dropped", True),
        ("", "", "", "completed", "completed", True),
        ("", "", "", "open", "none", False),
    ]


@pytest.mark.parametrize(("day", "is_counted"), [(46.0, True), (46.001, False)])
def test_the_last_day_of_the_follow_up_is_part_of_it(day: float, is_counted: bool) -> None:
    columns = {name: values.copy() for name, values in COLUMNS.items()}
    columns["time"][columns["time"] == 50.0] = day
    assert tables.handoffs_table(columns, NAMES, EPISODES, CLOCK)["cohort"].tolist() == [True, True, is_counted]


def test_without_handoffs_or_spells_there_are_tables_without_rows() -> None:
    ledger = Ledger()
    ledger.record(5.0, Activity.ONSET, 0, 0, other=0)
    episodes = tables.episodes_table(ledger.columns(), NAMES, CLOCK)
    handoffs = tables.handoffs_table(ledger.columns(), NAMES, episodes, CLOCK)
    spells = tables.spells_table(ledger.columns(), NAMES, episodes)
    assert (len(handoffs), len(spells)) == (0, 0)
    assert list(handoffs.columns) == list(HANDOFFS.columns)
    assert list(spells.columns) == list(SPELLS.columns)


# --- the ledger in words --------------------------------------------------------------------------------------


def test_the_ledger_in_words() -> None:
    table = tables.ledger_table(COLUMNS, NAMES)
    assert len(table) == len(COLUMNS["time"])
    columns = ("case", "activity", "time", "resource", "sector", "service", "other", "episode", "need", "detail")
    rows = shown(table, *columns)
    # What is of nobody has no need; the kind of need of an onset is no provider.
    assert rows[0] == ("", "places", 0.0, "clinic", "public", "intake", "", -1, "", 2.0)
    assert rows[1] == ("town-0", "onset", 2.0, "", "", "", "", 0, "illness", 0.3)
    assert rows[2] == ("town-0", "sought", 3.0, "charity", "voluntary", "", "", 0, "illness", 0.0)
    assert rows[6] == ("ann", "onset", 10.0, "", "", "", "", 1, "debt", 0.6)
    assert rows[12] == ("ann", "handoff_made", 15.0, "clinic", "public", "", "charity", 1, "debt", TRACKED)
    drop = table[table["activity"] == "handoff_dropped"]
    assert shown(drop, "reason", "noticed", "followed") == [("declined", "sender", "sent_again")]


def test_the_ledger_of_nobody_in_words() -> None:
    ledger = Ledger()
    ledger.record(0.0, Activity.PLACES, -1, -1, CLINIC, INTAKE, detail=2.0)
    assert shown(tables.ledger_table(ledger.columns(), NAMES), "case", "need", "other") == [("", "", "")]


def test_the_ledger_of_given_people() -> None:
    """Only rows about ann, and only words that there are of her."""
    table = tables.vignettes_table(COLUMNS, NAMES)
    assert len(table) == 15
    assert set(table["case"]) == {"ann"}
    assert list(table["need"].cat.categories) == ["debt"]
    assert list(table["resource"].cat.categories) == ["", "charity", "clinic"]
    assert "gave_up" not in table["activity"].cat.categories


def test_rows_of_nobody_are_of_no_given_person() -> None:
    """The first and the last citizen are given."""
    table = tables.vignettes_table(COLUMNS, replace(NAMES, vignettes=["bob", "", "cal"]))
    assert set(table["case"]) == {"town-0", "town-1"}


# --- names, codes and records ---------------------------------------------------------------------------------


def test_numbers_get_their_names_and_codes_their_words() -> None:
    assert list(tables.named(np.array([1, -1, 0, 1]), ["b", "a"])) == ["a", "", "b", "a"]
    assert list(tables.coded(np.array([0, 4, 1]), Noticed)) == ["", "nobody", "sender"]
    assert list(tables.coded(np.array([1.0, 30.0]), Activity)) == ["onset", "crisis_ended"]


def test_a_code_that_does_not_exist_has_no_word() -> None:
    """Codes of a byte are looked up; those without a meaning are missing, and not another's word."""
    found = tables.coded(np.array([1, 200, 255]), Activity)
    assert found[0] == "onset"
    assert pd.isna(found[1]) and pd.isna(found[2])


def test_edges_of_the_cohort_are_its_first_day_and_not_its_last() -> None:
    days = np.array([9.999, 10.0, 69.999, 70.0])
    assert tables.in_cohort(days, CLOCK).tolist() == [False, True, True, False]
