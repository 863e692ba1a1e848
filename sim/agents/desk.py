"""What all desks of providers share: places, and an entry in the ledger for what happens there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from sim.budget import staff_per_place
from sim.codes import Activity
from sim.draws import key_of
from sim.ledger import NOBODY
from sim.native import mypyc_attr
from sim.rules.waiting import EXPONENTIAL, FIXED, LOGNORMAL
from sim.schema.tables import Duration, ServiceRow, Stage

if TYPE_CHECKING:
    from sim.agents.episode import Episode
    from sim.agents.provider import Provider
    from sim.model import JourneyModel

_KINDS = {Duration.EXPONENTIAL: EXPONENTIAL, Duration.LOGNORMAL: LOGNORMAL, Duration.FIXED: FIXED}


@mypyc_attr(serializable=True, allow_interpreted_subclasses=True)
class Desk(ABC):
    """One desk of a provider.

    Attributes:
        number: Row in the outcomes; the rows of services.csv come first.
        name: Unique name.
        key: Address of the desk, the same in every landscape.
        provider: Whose desk it is.
        stage: What it does.
        staff: Staff for one place.
        initial: Places at the start.
        funded: Places that are paid for now.
        vacant: Of these, for how many there is nobody.
        places: People served at once.
        taken: Places taken now; more than there are where places have just been lost.
    """

    def __init__(self, model: JourneyModel, provider: Provider, number: int, desk: ServiceRow) -> None:
        self.model = model
        self.provider = provider
        self.number = number
        self._calendar, self._ledger, self._at = model.calendar, model.ledger, provider.number
        self.name = desk.service
        self.key = key_of("service", desk.service)
        self.stage = desk.stage
        self.is_support = desk.stage is Stage.SUPPORT
        self.staff = staff_per_place(desk, model.scenario)
        self.initial = desk.places
        self.funded = desk.places
        self.vacant = 0
        self.places = desk.places
        self.taken = 0
        self._time = (_KINDS[desk.service_time], desk.service_days, desk.service_cv)

    def fund(self, places: int) -> None:
        """Pay for another number of places from now on."""
        self.funded = places
        self.set_places()

    @abstractmethod
    def set_places(self) -> None:
        """Bring the number of places up to date."""

    def _change_places(self, places: int) -> bool:
        """Set the number of places and return whether it is another one."""
        places = max(0, places)
        if places == self.places:
            return False
        self.places = places
        self._record(Activity.PLACES, detail=float(places))
        return True

    def _record(self, activity: int, episode: Episode | None = None, reason: int = 0, detail: float = 0.0) -> None:
        citizen, number = (NOBODY, NOBODY) if episode is None else (episode.citizen.row, episode.number)
        code = activity | reason << 8
        self._ledger.write(self._calendar.now, code, citizen, number, self._at, self.number, NOBODY, detail)
