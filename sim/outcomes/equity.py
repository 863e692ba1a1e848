"""Who the outcomes of one run fall on: by group of people, and for the tenth that is worst off.

A mean over everybody hides who pays for it: a rule may bring support sooner on average and later to those with the
most needs. Everything here is of one run and its cohort.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sim.outcomes.headline import headline
from sim.outcomes.survival import GAVE_UP, SUPPORTED
from sim.outcomes.tables import categorical
from sim.schema.parameters import Time
from sim.schema.tables import Sector


@dataclass(frozen=True)
class Grouping:
    """One way of dividing episodes into groups.

    Attributes:
        name: As in the tables.
        label: Words for people.
        is_of_person: Whether it goes by what a person is like, so that the same people are in a group in every arm.
    """

    name: str
    label: str
    is_of_person: bool


GROUPINGS = (
    Grouping("needs", "Number of needs", True),
    Grouping("district", "District", True),
    Grouping("capability", "Capability", True),
    Grouping("first_door", "First door", False),
)

MANY_NEEDS, LOW = "4 or more", "low"
"""The groups that are asked for among the worst off."""

_NEEDS = ("1", "2", "3", MANY_NEEDS)
_CAPABILITY = (LOW, "middle", "high")
_NO_DOOR = "none"
_DOORS = (*(sector.value for sector in Sector), _NO_DOOR)


def groups_of(episodes: pd.DataFrame) -> pd.DataFrame:
    """Return the group of each episode in each grouping.

    - ``needs``: how many needs the citizen was drawn with, 1 to ``4 or more``. Also those that arise after the
      horizon: how many have arisen, or have returned, may depend on the arm, and the groups of two arms must be the
      same people.
    - ``district``: where the citizen lives.
    - ``capability``: ``low`` below 1/3, ``middle`` from 1/3 to 2/3, ``high`` above. Fixed cut points and not thirds of
      those observed, which would be other people in each arm and each place.
    - ``first_door``: sector of the provider first sought for the need, ``none`` where none was. The sector and not the
      provider: with thirty providers the best and the worst of them would be the luckiest and the unluckiest. Which
      door is first is chosen under the rules of the arm: unlike the other groups, these are not the same people in
      every arm, and a difference between arms may be a difference of who comes.

    Args:
        episodes: As of a result.

    Returns:
        A column for each of :data:`GROUPINGS`, categories in order; the index is that of the episodes.
    """
    needs = np.minimum(episodes["needs"].to_numpy(np.int64), len(_NEEDS)) - 1
    capability = episodes["capability"].to_numpy(np.float64)
    bands = (capability >= 1 / 3).astype(np.int64) + (capability > 2 / 3)
    districts = episodes["district"].astype("category")
    doors = episodes["first_door_sector"].astype(str).replace("", _NO_DOOR)
    return pd.DataFrame(
        {
            "needs": categorical(needs, list(_NEEDS)),
            "district": pd.Categorical(districts, [name for name in districts.cat.categories if name]),
            "capability": categorical(bands, list(_CAPABILITY)),
            "first_door": pd.Categorical(doors, list(_DOORS)),
        },
        index=episodes.index,
    )


def by_group(episodes: pd.DataFrame, handoffs: pd.DataFrame, time: Time) -> pd.DataFrame:
    """Return the headline outcomes of each group.

    Handoffs count in the group of their episode.

    Args:
        episodes: As of a result.
        handoffs: As of a result.
        time: The clock.

    Returns:
        A row for each grouping, group and outcome: ``grouping``, ``group``, ``outcome``, ``value`` as of the headline,
        and ``episodes``, the number of episodes of the cohort in the group. Groups with nobody in them are there, with
        values that are not a number.
    """
    # The headline counts no others; without them each group is taken out in half the time.
    counted, made = episodes[episodes["cohort"]], handoffs[handoffs["cohort"]]
    groups = groups_of(counted)
    place = pd.Index(counted["episode"]).get_indexer(pd.Index(made["episode"]))
    rows = []
    for grouping in GROUPINGS:
        labels = groups[grouping.name].cat
        codes = labels.codes.to_numpy()
        codes_of_handoffs = codes[place]
        for code, group in enumerate(labels.categories):
            own = counted[codes == code]
            values = headline(own, made[codes_of_handoffs == code], time)
            rows += [(grouping.name, group, outcome, value, len(own)) for outcome, value in values.items()]
    return pd.DataFrame(rows, columns=["grouping", "group", "outcome", "value", "episodes"])


def worst_tenth(episodes: pd.DataFrame, time: Time) -> dict[str, float]:
    """Return how the worst-off tenth of the cohort's episodes fared, and who they are.

    The tenth with the longest restricted time without support: the days to support, at most the follow-up; what is not
    supported within the follow-up counts in full, given up or not. Where that is the same, more failed attempts
    (dropped handoffs and setbacks, as in the headline up to the horizon) are worse, then more stories told. Episodes
    that are the same in all three and of which only some belong to the tenth count in part, all alike, so that the
    result does not depend on the order of the rows.

    Where more than a tenth are not supported within the follow-up, ``restricted_days`` is the whole follow-up in every
    arm and cannot differ: ``unsupported_in_cohort`` says so, and what then sets the arms apart is the failed attempts.

    Args:
        episodes: As of a result.
        time: The clock.

    Returns:
        ``episodes``: a tenth of the number in the cohort.
        ``restricted_days``: mean restricted days without support.
        ``failed_per_episode``: failed attempts per episode.
        ``gave_up``: share given up within the follow-up.
        ``many_needs``, ``low_capability``: share whose citizen has at least four needs, or low capability.
        ``many_needs_in_cohort``, ``low_capability_in_cohort``: the same in the whole cohort.
        ``unsupported_in_cohort``: share of the whole cohort not supported within the follow-up.
        All but the first are not a number where the cohort is empty.
    """
    counted = episodes[episodes["cohort"]]
    state, days = counted["state"].astype(str).to_numpy(), counted["days"].to_numpy(np.float64)
    limit = time.followup_days
    without = np.where(state == SUPPORTED, np.minimum(days, limit), limit)
    failed = (counted["setbacks"] + counted["dropped"]).to_numpy(np.float64)
    weight = _weights_of_worst_tenth(without, failed, counted["stories"].to_numpy(np.float64))
    groups = groups_of(counted)
    many_needs = groups["needs"].to_numpy() == MANY_NEEDS
    low_capability = groups["capability"].to_numpy() == LOW
    everybody = np.ones(len(counted))
    return {
        "episodes": len(counted) / 10,
        # From the limit down: it is the limit itself where nobody was supported, and not a rounding error less.
        "restricted_days": limit - _mean(limit - without, weight),
        "failed_per_episode": _mean(failed, weight),
        "gave_up": _mean((state == GAVE_UP) & (days <= limit), weight),
        "many_needs": _mean(many_needs, weight),
        "low_capability": _mean(low_capability, weight),
        "many_needs_in_cohort": _mean(many_needs, everybody),
        "low_capability_in_cohort": _mean(low_capability, everybody),
        "unsupported_in_cohort": _mean((state != SUPPORTED) | (days > limit), everybody),
    }


def _weights_of_worst_tenth(*keys: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how much of each row belongs to the tenth that is largest in the first key, then in the next."""
    count = len(keys[0])
    weight = np.zeros(count)
    if not count:
        return weight
    worst_last = np.lexsort(keys[::-1])
    last_in = worst_last[-math.ceil(count / 10)]
    is_worse, is_same = np.zeros(count, np.bool_), np.ones(count, np.bool_)
    for key in keys:
        is_worse |= is_same & (key > key[last_in])
        is_same &= key == key[last_in]
    weight[is_worse] = 1.0
    weight[is_same] = (count / 10 - np.sum(is_worse)) / np.sum(is_same)
    return weight


def _mean(values: npt.NDArray[np.float64] | npt.NDArray[np.bool_], weight: npt.NDArray[np.float64]) -> float:
    return float(np.average(values, weights=weight)) if len(values) else math.nan
