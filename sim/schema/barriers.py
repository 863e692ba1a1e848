"""The five barriers: their levels, and what each does at level 1."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from sim.schema.fields import Section, Status, parameter, probability
from sim.schema.levels import LEVEL_ALLOWED, OWN_ALLOWED, LevelValue, as_level, as_own_level

SETTING = Status.SETTING

OwnLevel = Annotated[LevelValue, BeforeValidator(as_own_level)]
Level = Annotated[LevelValue, BeforeValidator(as_level)]


def _level(meaning: str, allowed: str = LEVEL_ALLOWED) -> Any:
    return parameter(0.0, meaning, unit="level", status=SETTING, allowed=allowed)


class Barriers(Section):
    """Levels of the five barriers: 0 absent, 1 as strong as ``barrier_effects`` says.

    A number holds for all. A mapping gives levels to sectors, professions and pairs of them, from the first to the
    second: ``{all: 0.3, voluntary: 0.8, health/housing: 0.9}``. A pair counts before a profession, a profession before
    a sector, a sector before ``all``, which is 0 where it is not given. Funding and geography are of one provider: for
    them there are no pairs.
    """

    funding: OwnLevel = _level("Short-term funding; of a provider.", OWN_ALLOWED)
    geography: OwnLevel = _level("Misaligned geography; of a provider.", OWN_ALLOWED)
    culture: Level = _level(
        "Differences of professional culture: 1 - trust; of a receiver, or from a sender to a receiver."
    )
    data_sharing: Level = _level("Barriers to data sharing; of a receiver, or from a sender to a receiver.")
    learning: Level = _level(
        "Limited learning about what others do; of whose workers know less, or from them to others."
    )


class BarrierEffects(Section):
    """What each barrier does at level 1; effects grow in proportion to the level."""

    funding_lapse_public: float = probability(0.1, "Chance that a public provider's contract lapses when it ends.")
    funding_lapse_private: float = probability(0.3, "The same for a private provider.")
    funding_lapse_voluntary: float = probability(0.6, "The same for a voluntary provider.")
    funding_turnover_public: float = probability(
        0.05, "Share of a public provider's places that are vacant after the end of a contract."
    )
    funding_turnover_private: float = probability(0.1, "The same for a private provider.")
    funding_turnover_voluntary: float = probability(0.25, "The same for a voluntary provider.")
    funding_vacancy_days: float = parameter(90.0, "Mean time that they stay vacant (exponential).", unit="days", ge=0)
    funding_gap_days: float = parameter(90.0, "Mean closure after a lapse (exponential).", unit="days", ge=0)
    funding_list_lost: float = probability(0.5, "Chance that a closure loses the waiting list.")
    geography_lost: float = probability(
        0.4, "Chance that a provider no longer covers a district of its nominal catchment."
    )
    geography_threshold: float = parameter(
        0.1,
        "Most that a district's own rules add to a provider's threshold (uniform for each provider and district).",
        unit="severity",
        ge=0,
        le=1,
    )
    culture_threshold: float = parameter(
        0.2, "Added to the threshold for referrals from another profession.", unit="severity", ge=0, le=1
    )
    culture_declined: float = probability(
        0.2,
        "Chance that a referral from another profession is declined.",
    )
    data_lost: float = probability(0.3, "Chance that a referral sent on paper or by message is lost.")
    data_unseen: float = probability(0.8, "Chance that a record that ought to be visible is not.")
    data_slower: float = parameter(
        2.0, "Added share of transfer time (2 = three times as long).", unit="factor", ge=0, le=100
    )
    learning_unknown: float = probability(0.6, "Chance that a provider's workers do not know another provider.")
    learning_wrong_door: float = probability(0.3, "Added chance of a wrong door for a citizen of capability 0.")
