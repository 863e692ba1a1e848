"""Meetings of multidisciplinary teams: the providers of a hub, at fixed intervals, whether or not there is a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.codes import Activity
from sim.events import Phase
from sim.ledger import NOBODY
from sim.mechanisms import registry
from sim.native import mypyc_attr
from sim.schema.parameters import DAYS_PER_YEAR

if TYPE_CHECKING:
    from sim.agents.provider import Provider
    from sim.model import JourneyModel

_FIRST_KEY = 1 << 60
"""Above the keys of everything else in its phase."""


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Team:
    """The providers of one hub.

    Attributes:
        number: Number of the hub, in order of names.
        members: Its providers.
    """

    def __init__(self, model: JourneyModel, number: int, members: list[Provider]) -> None:
        self.model = model
        self.number = number
        self.members = members
        numbers, costs = model.parameters.delivery.team, model.parameters.costs
        self._every = numbers.meeting_every_days
        staff_day = costs.staff_year / DAYS_PER_YEAR
        self.staff_days = numbers.meeting_staff_days + costs.meeting / staff_day / len(members)
        """Staff days that a meeting takes of each member: its own time, and its part of the other costs."""

    def schedule(self, ordinal: int) -> None:
        """Arrange for a meeting; all teams meet on the same days."""
        key = _FIRST_KEY + self.number
        self.model.calendar.schedule(ordinal * self._every, Phase.FUNDING, key, self._meet, ordinal)

    def _meet(self, ordinal: int) -> None:
        """Meet, if the rule holds for anybody in a district of a member."""
        self.schedule(ordinal + 1)
        districts = frozenset.union(*(member.nominal for member in self.members))
        if not any(self.model.rules[district].meets for district in districts):
            return
        now = self.model.calendar.now
        for member in self.members:
            self.model.ledger.record(now, Activity.MEETING, NOBODY, NOBODY, member.number, detail=self.staff_days)
            member.owe(self.staff_days)


def start_meetings(model: JourneyModel) -> None:
    """Start the meetings of all hubs, if teams may be the rule at some time."""
    if not any(registry.find("delivery", name).meets for name in model.timeline.ever["delivery"]):
        return
    hubs: dict[str, list[Provider]] = {}
    for provider in model.landscape.providers:
        if provider.hub is not None:
            hubs.setdefault(provider.hub, []).append(provider)
    for number, hub in enumerate(sorted(hubs)):
        if len(hubs[hub]) > 1:
            Team(model, number, hubs[hub]).schedule(1)
