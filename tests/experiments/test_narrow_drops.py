"""Dropped handoffs by reason and by sector fit into a single column and say there what they say in two."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.figures import reasons_data, sectors_data, style
from experiments.figures.reasons import draw_reasons
from experiments.figures.sectors import draw_sectors
from experiments.figures.spread import runs_of_arms, short_titles
from sim.schema.parameters import Time
from tests.experiments.drawn import assert_readable, texts_of

REASONS = tuple(reason for reason in style.REASONS if reason != "list_full")
"""All that a place without a limit of its waiting lists may have."""
A4 = 297.0
TIME = Time(horizon_days=400.0, warmup_days=0.0, followup_days=180.0)
FOOT = "A town; 3 random worlds, seed 1."
FIVE = {
    "fragmented": "Fragmented",
    "integrated": "Integrated",
    "letter": "Referral letters",
    "link_worker": "Link workers",
    "key_worker": "Key workers",
}
LONG = {
    "fragmented": "Fragmented as the town is today with everything separate",
    "integrated": "Integrated with hubs, shared records, pooled places and tracked referrals",
    "letter": "Referral letters that are sent by post to each organisation",
    "link_worker": "Link workers with large caseloads for citizens of two or more needs",
    "key_worker": "Key workers with small caseloads for citizens of four or more needs",
}
TWO = dict(list(FIVE.items())[:2])
CASES = pytest.mark.parametrize(
    "arms", [dict(list(FIVE.items())[:1]), TWO, FIVE, LONG], ids=["one", "two", "five", "long"]
)


def handoffs_of(arms: dict[str, str], made: int = 4000, dropped_for: Sequence[str] = REASONS) -> pd.DataFrame:
    """Return made-up handoffs of three runs an arm."""
    random = np.random.default_rng(2)
    size = made * len(arms)
    reasons = np.array(["", "", "", *dropped_for])[random.integers(0, 3 + len(dropped_for), size)]
    return pd.DataFrame(
        {
            "arm": np.repeat(list(arms), made),
            "replicate": np.tile(np.arange(made) % 3, len(arms)),
            "sender_sector": random.choice(list(style.SECTORS), size),
            "receiver_sector": random.choice(list(style.SECTORS), size, p=[0.6, 0.3, 0.1]),
            "state": np.where(reasons == "", "attended", "dropped"),
            "reason": reasons,
            "cohort": True,
        }
    )


def reasons_of(handoffs: pd.DataFrame, arms: dict[str, str], width: float = style.SINGLE_COLUMN) -> Figure:
    runs = pd.DataFrame([(arm, number) for arm in arms for number in range(3)], columns=["arm", "replicate"])
    figure = draw_reasons(reasons_data(handoffs, runs, arms), runs_of_arms(runs, arms), arms, TIME, FOOT, width)
    return checked(figure, width)


def sectors_of(handoffs: pd.DataFrame, arms: dict[str, str], width: float = style.SINGLE_COLUMN) -> Figure:
    runs = {arm: [0, 1, 2] for arm in arms}
    narrowest = style.SINGLE_COLUMN if len(arms) == 1 else width
    return checked(draw_sectors(sectors_data(handoffs, arms), runs, arms, TIME, FOOT, width), narrowest)


def checked(figure: Figure, width: float) -> Figure:
    assert_readable(figure)
    assert figure.get_figwidth() * 25.4 == pytest.approx(width)
    assert figure.get_figheight() * 25.4 <= 235.0
    assert FOOT in said_in(figure)
    return figure


def said_in(figure: Figure) -> str:
    return " ".join(" ".join(texts_of(figure)).split())


def bars(figure: Figure) -> dict[str, float]:
    return {str(patch.get_gid()): patch.get_width() for axes in figure.axes for patch in axes.patches}  # type: ignore[attr-defined]


def cells(figure: Figure) -> Counter[str]:
    return Counter(text.get_text() for axes in figure.axes for text in axes.texts)


@CASES
def test_reasons_say_the_same_in_a_single_column(arms: dict[str, str]) -> None:
    handoffs = handoffs_of(arms)
    wide, narrow = (reasons_of(handoffs, arms, width) for width in (style.DOUBLE_COLUMN, style.SINGLE_COLUMN))
    assert bars(wide) == bars(narrow)
    rates = [Counter(re.findall(r"\b\d+\.\d\b", " ".join(texts_of(figure)))) for figure in (wide, narrow)]
    assert rates[0] == rates[1] and rates[0].total() == len(arms) * (len(REASONS) + 1)
    said = said_in(narrow)
    assert all(title in said for title in arms.values())
    assert all(meaning in said for meaning in (style.REASONS[reason] for reason in REASONS))
    dropped = handoffs.loc[handoffs["state"] == "dropped", "arm"].value_counts()
    assert all(f" {number:,}" in said for number in dropped)


@CASES
def test_all_reasons_fit_on_a_sheet(arms: dict[str, str]) -> None:
    """With full waiting lists, too, five arms of long titles need more than a page has beside its margins."""
    handoffs = handoffs_of(arms, dropped_for=tuple(style.REASONS))
    runs = pd.DataFrame([(arm, number) for arm in arms for number in range(3)], columns=["arm", "replicate"])
    for width in (style.DOUBLE_COLUMN, style.SINGLE_COLUMN):
        data = reasons_data(handoffs, runs, arms)
        figure = draw_reasons(data, runs_of_arms(runs, arms), arms, TIME, FOOT, width)
        assert_readable(figure)
        assert figure.get_figheight() * 25.4 <= A4
        assert style.REASONS["list_full"] in said_in(figure)


def test_many_arms_stand_in_two_columns_of_reasons_with_one_column_of_names() -> None:
    narrow = reasons_of(handoffs_of(FIVE), FIVE)
    assert len(narrow.axes) == 2 and "The rows are the same arms in both columns." in said_in(narrow)
    assert [text.get_text() for text in narrow.axes[0].texts].count("Key workers") == 5
    assert "Key workers" not in [text.get_text() for text in narrow.axes[1].texts]
    assert len(reasons_of(handoffs_of(TWO), TWO).axes) == 1


def test_rows_of_reasons_beside_each_other_are_level() -> None:
    handoffs = handoffs_of(FIVE)
    left, right = reasons_of(handoffs[handoffs["reason"] != "declined"], FIVE).axes
    for axes in (left, right):
        axes.figure.canvas.draw()
    middles = [
        [axes.transData.transform((0.0, patch.get_y()))[1] for patch in axes.patches]  # type: ignore[attr-defined]
        for axes in (left, right)
    ]
    assert len(middles[1]) == 20 and middles[0][:20] == pytest.approx(middles[1])


def test_long_titles_of_reasons_are_written_once_beside_letters() -> None:
    said = texts_of(reasons_of(handoffs_of(LONG), LONG))
    assert said.count("E") == 6
    assert any("A 4,000; B 4,000" in text for text in said)


def test_a_reason_that_is_not_known_is_wrapped_in_a_single_column() -> None:
    handoffs = handoffs_of(FIVE)
    handoffs["reason"] = handoffs["reason"].replace("declined", "a_reason_that_somebody_gave_a_long_name")
    assert "A reason that somebody gave a long name" in said_in(reasons_of(handoffs, FIVE))


@CASES
def test_sectors_say_the_same_in_a_single_column(arms: dict[str, str]) -> None:
    handoffs = handoffs_of(arms)
    wide, narrow = (sectors_of(handoffs, arms, width) for width in (style.DOUBLE_COLUMN, style.SINGLE_COLUMN))
    assert cells(wide) == cells(narrow)
    said = said_in(narrow)
    for arm, title in arms.items():
        own = handoffs[handoffs["arm"] == arm]
        assert f"{title} {100 * (own['state'] == 'dropped').mean():.0f} % of 4,000 dropped" in said
    assert {"From a sender in this sector", "To a receiver in this sector"} <= set(texts_of(narrow))
    labels = [label.get_text() for axes in narrow.axes[: len(arms)] for label in axes.get_xticklabels()]
    assert labels == ["Public", "Private", "Voluntary"] * len(arms)


def test_more_sectors_than_the_model_has_fit_into_a_single_column() -> None:
    handoffs = handoffs_of(TWO)
    handoffs.loc[handoffs.index % 9 == 0, "receiver_sector"] = "not_known"
    assert cells(sectors_of(handoffs, TWO))["none\nmade"] == 8


@pytest.mark.parametrize("arms", [TWO, LONG], ids=["two", "long"])
def test_few_handoffs_can_be_read_in_a_single_column(arms: dict[str, str]) -> None:
    handoffs = handoffs_of(arms, made=8)
    assert "too few to tell from chance" in said_in(sectors_of(handoffs, arms))
    reasons_of(handoffs, arms)


def test_an_arm_without_handoffs_stands_beside_others_in_a_single_column() -> None:
    handoffs = handoffs_of({"fragmented": "Fragmented"})
    assert "no handoffs made" in texts_of(sectors_of(handoffs, TWO))
    assert texts_of(reasons_of(handoffs, TWO)).count("no handoffs made") == len(REASONS) + 1


@pytest.mark.parametrize("draw", [reasons_of, sectors_of])
def test_without_handoffs_that_is_said_in_a_single_column(draw: object) -> None:
    assert callable(draw)
    figure = draw(handoffs_of(TWO).assign(cohort=False), TWO)
    assert any(text.startswith("No handoffs") for text in texts_of(figure))


def test_titles_in_a_note_are_cut_unless_they_would_be_the_same() -> None:
    other = "Link workers with small caseloads for citizens of four or more needs"
    short = short_titles({**LONG, "own": other})
    assert short["letter"] == "Referral letters that…"
    assert short["link_worker"] == LONG["link_worker"] and short["own"] == other
