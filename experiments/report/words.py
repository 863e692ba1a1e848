"""The words in which an answer speaks of an outcome."""

from __future__ import annotations

from dataclasses import dataclass

SUPPORT, DROPS = "restricted_mean_days", "dropped_per_100"
"""The outcomes that decide the first and the second sentence. The restricted mean is there for every arm with needs,
and counts in full who gives up; a median may be missing, and a share speaks of one day alone."""
BESIDES = ("gave_up", "cost_per_supported")
"""The outcomes of the third."""
CONTRARY = {
    SUPPORT: ("supported_28", "supported_126", "median_days"),
    DROPS: ("failed_per_100", "failure_per_100"),
}
"""What is also said where it clearly says something else than the outcome that decides. Dropped handoffs alone do not
compare: where more doors hand on, more of the failures are handoffs."""

_NO_NEEDS = "in at least one world no need was counted"


@dataclass(frozen=True)
class Words:
    """How a sentence speaks of one outcome.

    Attributes:
        name: Of the outcome.
        gain: Statement of an arm that is better, to be followed by "under".
        loss: Of one that is worse.
        comparative_gain: Short for an arm that is better: "sooner".
        comparative_loss: Short for one that is worse.
        unclear: Question that cannot be answered, with the places of the arm and the baseline.
        subject: Noun for the outcome.
        alone: Statement of a single value, with its place.
        measure: What is written after a value: what it is a number of.
        less: What a lower value is.
        more: What a higher value is.
        nothing: Why the value may be missing.
    """

    name: str
    gain: str
    loss: str
    comparative_gain: str
    comparative_loss: str
    unclear: str
    subject: str
    alone: str
    measure: str
    less: str
    more: str
    nothing: str = _NO_NEEDS

    def question(self, arm: str, baseline: str) -> str:
        """Return what cannot be told."""
        return self.unclear.format(arm=arm, base=baseline)

    def statement(self, is_better: bool) -> str:
        """Return what holds for an arm that clearly differs."""
        return self.gain if is_better else self.loss


def words_of(followup_days: float) -> dict[str, Words]:
    """Return the words of each outcome that an answer may speak of, by its name.

    Args:
        followup_days: Limit of the restricted mean, days.
    """
    every = (
        Words(
            name=SUPPORT,
            gain="people get to support sooner",
            loss="people get to support later",
            comparative_gain="sooner",
            comparative_loss="later",
            unclear="whether people get to support sooner under {arm} or under {base}",
            subject="time to support",
            alone=f"a need goes without support for {{value}} of the first {followup_days:g} days, on average",
            measure=f" of the first {followup_days:g} days without support, on average",
            less="less",
            more="more",
        ),
        Words(
            name=DROPS,
            gain="fewer handoffs between organisations are dropped",
            loss="more handoffs between organisations are dropped",
            comparative_gain="fewer",
            comparative_loss="more",
            unclear="whether fewer handoffs between organisations are dropped under {arm} or under {base}",
            subject="the share of handoffs that are dropped",
            alone="{value} of 100 handoffs between organisations are dropped",
            measure=" of 100 made",
            less="less",
            more="more",
            nothing="in at least one world no handoff was made",
        ),
        Words(
            name="gave_up",
            gain="fewer needs are given up",
            loss="more needs are given up",
            comparative_gain="fewer",
            comparative_loss="more",
            unclear="whether fewer needs are given up under {arm} or under {base}",
            subject="the share of needs given up",
            alone="{value} of needs are given up",
            measure="",
            less="less",
            more="more",
        ),
        Words(
            name="cost_per_supported",
            gain="each support started costs less",
            loss="each support started costs more",
            comparative_gain="less",
            comparative_loss="more",
            unclear="whether each support started costs less under {arm} or under {base}",
            subject="the cost of a support started",
            alone="a support started costs {value}",
            measure="",
            less="less",
            more="more",
            nothing="in at least one world no support was started",
        ),
        _related("supported_28", "needs are supported within 28 days", ""),
        _related("supported_126", "needs are supported within 18 weeks", ""),
        Words(
            name="median_days",
            gain="half of the needs are supported sooner",
            loss="half of the needs are supported only later",
            comparative_gain="sooner",
            comparative_loss="later",
            unclear="whether half of the needs are supported sooner under {arm} or under {base}",
            subject="the median time to support",
            alone="half of the needs are supported within {value} days",
            measure=" days after they arose",
            less="less",
            more="more",
        ),
        _related("failed_per_100", "attempts fail", " per 100 needs", is_share=False),
        _related(
            "failure_per_100", "contacts are made only because a handoff failed", " per 100 needs", is_share=False
        ),
    )
    return {words.name: words for words in every}


def _related(name: str, what: str, measure: str, is_share: bool = True) -> Words:
    """Return words for an outcome of which more is better if it is a share supported, else worse."""
    gain, loss = ("more", "fewer") if is_share else ("fewer", "more")
    return Words(
        name=name,
        gain=f"{gain} {what}",
        loss=f"{loss} {what}",
        comparative_gain=gain,
        comparative_loss=loss,
        unclear=f"whether {gain} {what} under {{arm}} or under {{base}}",
        subject=f"how many {what}",
        alone=f"{{value}}{measure}: {what}",
        measure=measure,
        less="less",
        more="more",
    )
