"""The answer first: three sentences with their numbers and how sure these are, and what to keep in mind with them.

Sooner? Fewer dropped? And what else? Every sentence is worded by what the intervals say: a clear gain, a clear loss,
nothing that can be told (then how large a difference remains possible), one world alone, nothing to compare.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from experiments.paired import ends_shown
from experiments.report.several import several
from experiments.report.verdicts import (
    Finding,
    Verdict,
    contrary,
    difference_text,
    findings_of,
    level_text,
    possible_text,
)
from experiments.report.whom import gainers
from experiments.report.words import BESIDES, DROPS, SUPPORT, Words, words_of
from experiments.text import scaled
from sim.outcomes.headline import HEADLINE

FEW_WORLDS = 5
"""Replicates below which an answer is called weak: a t interval from so few rests on hardly any spread seen."""
OUTCOMES = {outcome.name: outcome for outcome in HEADLINE}


@dataclass(frozen=True)
class Answer:
    """The answer of a comparison.

    Attributes:
        support: Whether people get to support sooner.
        handoffs: Whether fewer handoffs are dropped.
        besides: What else must be known: giving up, cost, who gains and who loses.
        cautions: What to keep in mind, one sentence or two each.
    """

    support: str
    handoffs: str
    besides: str
    cautions: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, str, str]:
        """All three."""
        return self.support, self.handoffs, self.besides


def answer_of(
    comparison: pd.DataFrame,
    titles: Mapping[str, str],
    place: str,
    followup_days: float,
    groups: pd.DataFrame | None = None,
) -> Answer:
    """Return the answer of a comparison.

    Args:
        comparison: From :func:`experiments.paired.compare_arms`.
        titles: Title of each arm by name; the first is the baseline.
        place: Title of the place.
        followup_days: Limit of the restricted mean, days.
        groups: From :func:`experiments.equity.groups_table`; None: nothing is said of groups.
    """
    words = words_of(followup_days)
    ends = ends_shown(comparison)
    found = findings_of(comparison, titles, ends)
    if len(titles) == 1:
        return _alone(comparison, titles, place, words)
    sentences = (_two if len(titles) == 2 else several)(found, place, words)
    besides = sentences[2]
    if groups is not None:
        besides += f", and {_whom(groups, found[SUPPORT], titles)}"
    return Answer(f"{sentences[0]}.", f"{sentences[1]}.", f"{besides}.", _cautions(found, groups is not None, ends))


def _two(found: Mapping[str, Sequence[Finding]], place: str, words: Mapping[str, Words]) -> tuple[str, str, str]:
    """Return the sentences, without their full stops, where one arm is compared with the baseline."""
    support, drops = found[SUPPORT][0], found[DROPS][0]
    missing = _median_note(found["median_days"][0], support)
    return (
        f"In this model of {place}, {_main(support, words)}{_but(support, found, words)}{missing}",
        _capital(f"{_main(drops, words)}{_but(drops, found, words)}"),
        f"Besides, {'; '.join(_main(found[name][0], words) for name in BESIDES)}",
    )


def _whom(groups: pd.DataFrame, support: Sequence[Finding], titles: Mapping[str, str]) -> str:
    """Return who gains and who loses: of several arms, by the one with the fewest days without support."""
    names = {title: arm for arm, title in titles.items()}
    if len(support) == 1:
        return gainers(groups, names[support[0].arm])
    known = [finding for finding in support if not math.isnan(finding.difference)]
    if not known:
        return "who gains and who loses cannot be told"
    first = min(known, key=lambda finding: finding.difference)
    return f"under {first.arm}, of the others the one with the fewest days, {gainers(groups, names[first.arm])}"


def _main(finding: Finding, words: Mapping[str, Words]) -> str:
    """Return a statement about one outcome of an arm and the baseline."""
    own = words[finding.outcome.name]
    arm, base, verdict = finding.arm, finding.baseline, finding.verdict
    if verdict is Verdict.MISSING:
        why = own.nothing if math.isnan(finding.mean) or math.isnan(finding.base) else "they share no random world"
        return f"{own.subject} cannot be compared between {arm} and {base}: {why}"
    numbers = f"{_level(finding.mean, own)} against {_level(finding.base, own)}{own.measure}"
    if verdict is Verdict.ONE_WORLD:
        return f"{own.question(arm, base)} cannot be told from one random world: there it is {numbers}, no interval"
    if verdict is Verdict.SAME:
        return f"{own.subject} is the same under {arm} as under {base} in every world: {numbers}"
    gap = difference_text(finding)
    if verdict is Verdict.OPEN:
        possible = possible_text(finding, own.less, own.more)
        return f"{own.question(arm, base)} cannot be told: {numbers} ({gap}), so that {possible} under {arm}"
    return f"{own.statement(verdict is Verdict.BETTER)} under {arm} than under {base}: {numbers} ({gap})"


def _but(main: Finding, found: Mapping[str, Sequence[Finding]], words: Mapping[str, Words]) -> str:
    """Return what related outcomes clearly say that the main one does not, or nothing."""
    clauses = [
        f"{words[name].statement(other.verdict is Verdict.BETTER)}, "
        f"{_level(other.mean, words[name])} against {_level(other.base, words[name])}{words[name].measure} "
        f"({difference_text(other)})"
        for name, other in contrary(main, found)
    ]
    return f"; but {' and '.join(clauses)}" if clauses else ""


def _median_note(median: Finding, support: Finding) -> str:
    """Return that half are not supported in the time observed, which a median that is missing means."""
    if support.verdict is Verdict.MISSING:
        return ""
    arms = [title for title, value in ((median.baseline, median.base), (median.arm, median.mean)) if math.isnan(value)]
    if not arms:
        return ""
    return f"; under {' and '.join(arms)} the median is not reached: in at least one world fewer than half got support"


def _alone(comparison: pd.DataFrame, titles: Mapping[str, str], place: str, words: Mapping[str, Words]) -> Answer:
    """Return what can be said of one arm: its means."""
    (title,) = titles.values()
    means = {
        row["outcome"]: scaled(float(row["mean"]), OUTCOMES[row["outcome"]]) for row in comparison.to_dict("records")
    }
    n = int(comparison["n"].min())

    def mean(name: str) -> str:
        own = words[name]
        if math.isnan(means[name]):
            return f"{own.subject} cannot be given: {own.nothing}"
        return own.alone.format(value=_level(means[name], own))

    worlds = "one random world" if n == 1 else f"{n} random worlds"
    return Answer(
        f"In this model of {place}, under {title}, {mean(SUPPORT)}.",
        f"{_capital(mean(DROPS))}.",
        f"Besides, {' and '.join(mean(name) for name in BESIDES)}.",
        (f"These are means over {worlds} of one way of coordinating: nothing is compared, so nothing is better.",),
    )


def _cautions(found: Mapping[str, Sequence[Finding]], with_groups: bool, ends: tuple[str, str]) -> tuple[str, ...]:
    every = [finding for findings in found.values() for finding in findings]
    worlds = min(finding.n for finding in every)
    cautions = []
    if worlds < 2:
        cautions.append("Fewer than two random worlds in common: no interval can be given. Ask for replications=20.")
    elif worlds < FEW_WORLDS:
        cautions.append(
            f"This is weak: it rests on {worlds} random worlds. Take it as a hint, and ask for replications=20."
        )
    intervals = sum(not math.isnan(finding.low) for finding in every)
    if ends == ("all_low", "all_high"):
        cautions.append(
            "The intervals of one outcome hold for all arms together with 95 % (Bonferroni), those of different "
            "outcomes each for itself."
        )
    elif intervals > 1:
        cautions.append(
            f"Each interval holds with 95 % for itself: of {intervals} differences, a few may look clear by chance."
        )
    if len(found[SUPPORT]) > 1:
        cautions.append(f"In brackets: the difference from {every[0].baseline}, then its 95 % interval.")
        cautions.append(f"Each arm is compared with {every[0].baseline}, not with the others.")
    if with_groups:
        cautions.append(
            "The groups that are named are those whose means change most: chosen for that, they may change less."
        )
    return tuple(cautions)


def _level(value: float, words: Words) -> str:
    return level_text(value, OUTCOMES[words.name])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
