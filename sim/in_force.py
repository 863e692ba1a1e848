"""The rules in force for the citizens of a district: mechanisms made ready, looked up without cost."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from sim.codes import Decision
from sim.direct import uniform
from sim.levels import Levels
from sim.mechanisms import registry
from sim.mechanisms.handoff import MODES_BY_WORK, Mode
from sim.native import mypyc_attr
from sim.schema.initiatives import DATED
from sim.timeline import Setting

if TYPE_CHECKING:
    from sim.agents.citizen import Citizen
    from sim.agents.provider import Provider
    from sim.model import JourneyModel


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Rules:
    """One mechanism for each dated question, and the levels of the barriers.

    Attributes:
        entry: Where to go first.
        navigation: Who helps.
        records: Who sees whose records.
        delivery: Who works together.
        capacity: Who may use whose places.
        levels: Of the barriers.
        meets: Whether teams meet.
        all: These rules alone.
        known: Who is known to whom under these rules, as far as the landscape has been asked.
        unfamiliar: Who is not.
    """

    __slots__ = (
        "_mode", "_modes", "all", "capacity", "delivery", "entry", "known", "levels", "meets", "navigation", "records",
        "unfamiliar",
    )  # fmt: skip

    def __init__(self, model: JourneyModel, names: tuple[str, ...], levels: Levels) -> None:
        made = {
            question: registry.find(question, name)(model, levels) for question, name in zip(DATED, names, strict=True)
        }
        self.entry = made["entry"]
        self.navigation = made["navigation"]
        self.records = made["records"]
        self.delivery = made["delivery"]
        self.capacity = made["capacity"]
        self.all = (self,)
        self.levels = levels
        self.known: dict[tuple[int, bool, int, int], tuple[tuple[float, Provider], ...]] = {}
        self.unfamiliar: dict[int, tuple[Provider, ...]] = {}
        self.meets: bool = self.delivery.meets
        self._mode: Mode = made["handoff"]
        self._modes: dict[str, Mode] = {name: registry.find("handoff", name)(model, levels) for name in MODES_BY_WORK}

    def of(self, citizen: Citizen) -> Rules:
        """Return the rules for a citizen: these."""
        return self

    def mode(self, citizen: Citizen, sender: Provider, receiver: Provider) -> Mode:
        """Return the mode of a handoff: that of the delivery, else the stronger of the rule's and the navigator's."""
        together: Mode | None = self.delivery.mode_between(sender, receiver)
        if together is not None:
            return together
        navigator = citizen.navigator
        if navigator is None or MODES_BY_WORK.index(navigator.mode) <= MODES_BY_WORK.index(self._mode.name):
            return self._mode
        return self._modes[navigator.mode]


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class MixedRules:
    """Rules of a district in which some initiatives reach only a share of the citizens, so far.

    Who is reached at one share is reached at every higher one, and first by every initiative.
    """

    def __init__(self, model: JourneyModel, setting: Setting) -> None:
        self.levels = setting.levels
        rules = [(share, model.rules_named(names, setting.levels)) for share, names in setting.kinds]
        self.all = tuple(one for _, one in rules)
        self.meets = any(one.meets for one in self.all)
        self._upto = list(accumulate(share for share, _ in rules))

    def of(self, citizen: Citizen) -> Rules:
        """Return the rules for a citizen."""
        luck = uniform(citizen.key, 0, Decision.INITIATIVE, 0)
        return self.all[min(bisect_right(self._upto, luck), len(self.all) - 1)]
