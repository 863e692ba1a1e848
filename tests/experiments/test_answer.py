"""The answer of a report, sentence by sentence: what the intervals say is said, and no more."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from experiments.paired import compare_arms
from experiments.report.answer import Answer, answer_of
from sim.outcomes.headline import HEADLINE

BASE = {
    "supported_28": 0.4,
    "supported_126": 0.6,
    "median_days": 60.0,
    "restricted_mean_days": 90.0,
    "dropped_per_100": 70.0,
    "failed_per_100": 120.0,
    "failure_per_100": 50.0,
    "crises_per_100": 10.0,
    "gave_up": 0.3,
    "cost_per_supported": 800.0,
}
TITLES = {"apart": "Apart", "joint": "Joint", "third": "Third", "fourth": "Fourth"}
UNCLEAR = (0.0, -0.01, 0.01)

Change = tuple[float, float, float]


def comparison(*changes: dict[str, Change], n: int = 20, base: dict[str, float] | None = None) -> pd.DataFrame:
    """Return a comparison of "apart" with an arm for each of the changes: difference, low, high of outcomes."""
    means = BASE | (base or {})
    rows: list[dict[str, Any]] = []
    for outcome in HEADLINE:
        about = {"outcome": outcome.name, "unit": outcome.unit, "n": n}
        nothing = {"difference": math.nan, "low": math.nan, "high": math.nan}
        rows.append({"arm": "apart", "mean": means[outcome.name], **nothing, **about})
        for arm, change in zip(list(TITLES)[1:], changes, strict=False):
            difference, low, high = change.get(outcome.name, UNCLEAR)
            mean = means[outcome.name] + difference
            rows.append({"arm": arm, "mean": mean, "difference": difference, "low": low, "high": high, **about})
    return pd.DataFrame(rows)


def test_with_several_arms_the_intervals_that_hold_together_decide() -> None:
    """Each alone would be a clear gain."""
    table = comparison(GAIN, GAIN)
    columns = ("outcome", "low", "high")
    wide = {"restricted_mean_days": (-21.0, 1.0)}
    ends = [wide.get(name, (low, high)) for name, low, high in zip(*(table[one] for one in columns), strict=True)]
    table["all_low"], table["all_high"] = zip(*ends, strict=True)
    titles = dict(list(TITLES.items())[:3])
    together = answer_of(table, titles, "Smalltown", 180.0)
    alone = answer_of(table.drop(columns=["all_low", "all_high"]), titles, "Smalltown", 180.0)
    assert "under no other way of coordinating is it clear" in together.support
    assert "under no other way of coordinating is it clear" not in alone.support
    assert (
        "The intervals of one outcome hold for all arms together with 95 % (Bonferroni), those of different outcomes "
        "each for itself."
    ) in together.cautions


def answered(*changes: dict[str, Change], **others: Any) -> Answer:
    titles = dict(list(TITLES.items())[: len(changes) + 1])
    return answer_of(comparison(*changes, **others), titles, "Smalltown", 180.0)


GAIN = {
    "restricted_mean_days": (-10.0, -12.0, -8.0),
    "dropped_per_100": (-5.0, -6.0, -4.0),
    "gave_up": (-0.1, -0.12, -0.08),
    "cost_per_supported": (-50.0, -60.0, -40.0),
}
LOSS = {name: (-change[0], -change[2], -change[1]) for name, change in GAIN.items()}


def test_a_clear_gain() -> None:
    answer = answered(GAIN)
    assert answer.sentences == (
        "In this model of Smalltown, people get to support sooner under Joint than under Apart: 80.0 against 90.0 of "
        "the first 180 days without support, on average (difference −10.0 days, 95 % interval −12.0 to −8.0).",
        "Fewer handoffs between organisations are dropped under Joint than under Apart: 65.0 against 70.0 of 100 made "
        "(difference −5.0 per 100, 95 % interval −6.0 to −4.0).",
        "Besides, fewer needs are given up under Joint than under Apart: 20.0 % against 30.0 % (difference −10.0 "
        "percentage points, 95 % interval −12.0 to −8.0); each support started costs less under Joint than under "
        "Apart: GBP 750 against GBP 800 (difference −50 GBP, 95 % interval −60 to −40).",
    )
    assert answer.cautions == (
        "Each interval holds with 95 % for itself: of 10 differences, a few may look clear by chance.",
    )


def test_a_clear_loss() -> None:
    assert answered(LOSS).sentences == (
        "In this model of Smalltown, people get to support later under Joint than under Apart: 100.0 against 90.0 of "
        "the first 180 days without support, on average (difference +10.0 days, 95 % interval +8.0 to +12.0).",
        "More handoffs between organisations are dropped under Joint than under Apart: 75.0 against 70.0 of 100 made "
        "(difference +5.0 per 100, 95 % interval +4.0 to +6.0).",
        "Besides, more needs are given up under Joint than under Apart: 40.0 % against 30.0 % (difference +10.0 "
        "percentage points, 95 % interval +8.0 to +12.0); each support started costs more under Joint than under "
        "Apart: GBP 850 against GBP 800 (difference +50 GBP, 95 % interval +40 to +60).",
    )


def test_what_cannot_be_told_apart_says_how_much_remains_possible() -> None:
    change = {"restricted_mean_days": (1.0, -2.0, 4.0), "dropped_per_100": (-0.5, -3.0, 2.0), "gave_up": (0, -0.1, 0.1)}
    answer = answered(change)
    assert answer.support == (
        "In this model of Smalltown, whether people get to support sooner under Joint or under Apart cannot be told: "
        "91.0 against 90.0 of the first 180 days without support, on average (difference +1.0 days, 95 % interval "
        "−2.0 to +4.0), so that up to 2.0 days less or 4.0 days more remain possible under Joint."
    )
    assert answer.handoffs == (
        "Whether fewer handoffs between organisations are dropped under Joint or under Apart cannot be told: 69.5 "
        "against 70.0 of 100 made (difference −0.5 per 100, 95 % interval −3.0 to +2.0), so that up to 3.0 per 100 "
        "less or 2.0 per 100 more remain possible under Joint."
    )
    assert "up to 10.0 percentage points less or 10.0 percentage points more remain possible" in answer.besides


@pytest.mark.parametrize("touching", [(1.0, 0.0, 2.0), (-1.0, -2.0, 0.0)])
def test_an_interval_that_touches_zero_tells_nothing_apart(touching: Change) -> None:
    assert "cannot be told" in answered({"restricted_mean_days": touching}).support


def test_a_gain_in_one_outcome_and_a_loss_in_another_are_both_said() -> None:
    change = {
        **GAIN,
        "supported_28": (-0.1, -0.12, -0.08),
        "median_days": (5.0, 3.0, 7.0),
        "failed_per_100": (30.0, 20.0, 40.0),
    }
    answer = answered(change)
    assert answer.support.endswith(
        "; but fewer needs are supported within 28 days, 30.0 % against 40.0 % (difference −10.0 percentage points, "
        "95 % interval −12.0 to −8.0) and half of the needs are supported only later, 65.0 against 60.0 days after "
        "they arose (difference +5.0 days, 95 % interval +3.0 to +7.0)."
    )
    assert answer.handoffs.endswith(
        "; but more attempts fail, 150.0 against 120.0 per 100 needs (difference +30.0 per 100, 95 % interval +20.0 "
        "to +40.0)."
    )
    assert "; but" not in answered({**GAIN, "supported_28": (0.1, 0.08, 0.12)}).support


def test_a_related_outcome_that_is_clear_is_said_where_the_first_is_not() -> None:
    answer = answered({"supported_126": (0.05, 0.04, 0.06)})
    assert "cannot be told" in answer.support
    assert "; but more needs are supported within 18 weeks, 65.0 % against 60.0 %" in answer.support


def test_one_world_gives_no_interval() -> None:
    lone = {outcome.name: (-1.0, math.nan, math.nan) for outcome in HEADLINE}
    answer = answered(lone, n=1)
    assert answer.support == (
        "In this model of Smalltown, whether people get to support sooner under Joint or under Apart cannot be told "
        "from one random world: there it is 89.0 against 90.0 of the first 180 days without support, on average, no "
        "interval."
    )
    assert answer.cautions == (
        "Fewer than two random worlds in common: no interval can be given. Ask for replications=20.",
    )


@pytest.mark.parametrize(("n", "is_weak"), [(2, True), (4, True), (5, False)])
def test_few_worlds_are_called_weak(n: int, is_weak: bool) -> None:
    said = f"This is weak: it rests on {n} random worlds. Take it as a hint, and ask for replications=20."
    assert (said in answered(GAIN, n=n).cautions) == is_weak


def test_arms_without_any_difference_are_the_same() -> None:
    assert answered({"restricted_mean_days": (0.0, 0.0, 0.0)}).support == (
        "In this model of Smalltown, time to support is the same under Joint as under Apart in every world: 90.0 "
        "against 90.0 of the first 180 days without support, on average."
    )


def test_a_median_that_is_not_reached_is_said() -> None:
    table = comparison({**GAIN, "median_days": (math.nan, math.nan, math.nan)})
    answer = answer_of(table, dict(list(TITLES.items())[:2]), "Smalltown", 180.0)
    assert answer.support.endswith(
        "; under Joint the median is not reached: in at least one world fewer than half got support."
    )


def test_where_there_is_nothing_to_count_nothing_is_compared() -> None:
    nothing = dict.fromkeys(BASE, (math.nan, math.nan, math.nan))
    answer = answered(nothing, base=dict.fromkeys(BASE, math.nan))
    assert answer.sentences == (
        "In this model of Smalltown, time to support cannot be compared between Joint and Apart: in at least one world "
        "no need was counted.",
        "The share of handoffs that are dropped cannot be compared between Joint and Apart: in at least one world no "
        "handoff was made.",
        "Besides, the share of needs given up cannot be compared between Joint and Apart: in at least one world no "
        "need was counted; the cost of a support started cannot be compared between Joint and Apart: in at least one "
        "world no support was started.",
    )


def test_arms_that_share_no_world_are_not_compared() -> None:
    runs = pd.DataFrame([{"arm": arm, "replicate": number, **BASE} for number, arm in enumerate(("apart", "joint"))])
    answer = answer_of(compare_arms(runs, ["apart", "joint"]), {"apart": "Apart", "joint": "Joint"}, "Smalltown", 180.0)
    assert "cannot be compared between Joint and Apart: they share no random world" in answer.support
    assert answer.cautions[0].startswith("Fewer than two random worlds in common")


def test_one_arm_alone_is_not_called_better() -> None:
    answer = answered()
    assert answer.sentences == (
        "In this model of Smalltown, under Apart, a need goes without support for 90.0 of the first 180 days, on "
        "average.",
        "70.0 of 100 handoffs between organisations are dropped.",
        "Besides, 30.0 % of needs are given up and a support started costs GBP 800.",
    )
    assert answer.cautions == (
        "These are means over 20 random worlds of one way of coordinating: nothing is compared, so nothing is better.",
    )


def test_of_several_arms_the_best_is_named_and_those_that_differ_from_the_baseline() -> None:
    unclear: dict[str, Change] = {"restricted_mean_days": (-1.0, -3.0, 1.0)}
    answer = answered(LOSS, GAIN, unclear)
    assert answer.support == (
        "In this model of Smalltown, people get to support sooner under Third, the best of all, than under Apart: 80.0 "
        "against 90.0 of the first 180 days without support, on average (difference −10.0 days, 95 % interval −12.0 to "
        "−8.0); later under Joint (+10.0, +8.0 to +12.0); not told apart from Apart: Fourth (−1.0, −3.0 to +1.0)."
    )
    assert answer.handoffs.startswith("Fewer handoffs between organisations are dropped under Third, the best of all")
    assert answer.cautions[1:] == (
        "In brackets: the difference from Apart, then its 95 % interval.",
        "Each arm is compared with Apart, not with the others.",
    )


def test_of_several_arms_none_may_be_better() -> None:
    unclear: dict[str, Change] = {"restricted_mean_days": (-1.0, -3.0, 1.0)}
    assert answered(LOSS, unclear).support == (
        "In this model of Smalltown, under no other way of coordinating is it clear that people get to support sooner "
        "than under Apart, with 90.0 of the first 180 days without support, on average; later under Joint "
        "(+10.0, +8.0 to +12.0); not told apart from Apart: Third (−1.0, −3.0 to +1.0)."
    )


def test_the_best_of_several_arms_is_not_called_so_if_another_mean_is_better() -> None:
    answer = answered({"restricted_mean_days": (-30.0, -70.0, 10.0)}, GAIN)
    assert "sooner under Third than under Apart" in answer.support
    assert "best of all" not in answer.support


def test_of_several_arms_a_loss_beside_a_gain_is_said() -> None:
    fewer = {"supported_28": (-0.1, -0.12, -0.08)}
    answer = answered(GAIN | fewer, GAIN | fewer | {"restricted_mean_days": (-9.0, -12.0, -6.0)}, {})
    assert answer.support.endswith(
        "; sooner too under Third (−9.0, −12.0 to −6.0); not told apart from Apart: Fourth (+0.0, +0.0 to +0.0); but "
        "fewer needs are supported within 28 days under Joint (−10.0, −12.0 to −8.0) and Third (−10.0, −12.0 to −8.0)."
    )


def test_arms_that_are_equally_good_are_not_called_the_best() -> None:
    assert "best of all" not in answered(GAIN, GAIN).support


def test_of_several_arms_who_gains_is_said_for_the_one_with_the_fewest_days() -> None:
    table = groups(("needs", "1", -3.0, -5.0, -1.0, 100), ("needs", "2", 3.0, 1.0, 5.0, 100))
    titles = dict(list(TITLES.items())[:3])
    answer = answer_of(comparison(GAIN, LOSS), titles, "Smalltown", 180.0, table)
    assert answer.besides.endswith(
        ", and under Joint, of the others the one with the fewest days, people with 1 need gain most (−3.0 days "
        "without support, 95 % interval −5.0 to −1.0) and people with 2 needs lose most (+3.0 days without support, 95 "
        "% interval +1.0 to +5.0)."
    )


def groups(*rows: tuple[str, str, float, float, float, float]) -> pd.DataFrame:
    """Return outcomes by group of "joint": grouping, group, difference, low, high, episodes."""
    names = ("grouping", "group", "difference", "low", "high", "episodes")
    about = {"arm": "joint", "outcome": "restricted_mean_days"}
    return pd.DataFrame([{**about, **dict(zip(names, row, strict=True))} for row in rows])


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            groups(
                ("capability", "low", -3.0, -5.0, -1.0, 100),
                ("needs", "4 or more", 9.0, 7.0, 11.0, 100),
                ("district", "far_hill", 20.0, 15.0, 25.0, 3),
                ("first_door", "none", -50.0, -55.0, -45.0, 100),
            ),
            "people of low capability gain most (−3.0 days without support, 95 % interval −5.0 to −1.0) and people "
            "with 4 or more needs lose most (+9.0 days without support, 95 % interval +7.0 to +11.0).",
        ),
        (
            groups(("needs", "1", -3.0, -5.0, -1.0, 100), ("district", "far_hill", 1.0, -1.0, 3.0, 100)),
            "people with 1 need gain most (−3.0 days without support, 95 % interval −5.0 to −1.0) and no group of "
            "people clearly loses.",
        ),
        (
            groups(("district", "far_hill", 2.0, 1.0, 3.0, 100)),
            "no group of people clearly gains and people in the district far hill lose most (+2.0 days without "
            "support, 95 % interval +1.0 to +3.0).",
        ),
        (groups(("needs", "1", 0.0, -1.0, 1.0, 100)), "no group of people clearly gains or loses time to support."),
        (groups(("needs", "1", 0.0, math.nan, math.nan, 100)), "who gains and who loses cannot be told."),
    ],
)
def test_who_gains_and_who_loses(table: pd.DataFrame, said: str) -> None:
    answer = answer_of(comparison(GAIN), dict(list(TITLES.items())[:2]), "Smalltown", 180.0, table)
    assert answer.besides.endswith(f", and {said}")
    assert "chosen for that, they may change less" in answer.cautions[-1]


def test_a_clear_difference_is_never_shown_as_one_that_ends_at_zero() -> None:
    answer = answered({"restricted_mean_days": (0.1, 0.03, 0.17)})
    assert "(difference +0.10 days, 95 % interval +0.03 to +0.17)" in answer.support


def test_no_sentence_claims_more_than_the_model() -> None:
    for answer in (answered(GAIN), answered(LOSS), answered({}), answered(GAIN, LOSS), answered()):
        assert answer.support.startswith("In this model of Smalltown, ")
        for sentence in answer.sentences:
            assert sentence.endswith(".") and ".." not in sentence and "nan" not in sentence
            assert not any(word in sentence for word in ("cause", "proves", "significant", "will "))
