"""Navigation: who helps a citizen through the landscape, and for how long?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sim.mechanisms.registry import mechanism

if TYPE_CHECKING:
    from sim.agents.citizen import Citizen
    from sim.model import JourneyModel
    from sim.schema.parameters import NavigatorKind


@mechanism("navigation", "none")
class NoNavigation:
    """Nobody helps."""

    name: ClassVar[str]
    mode: ClassVar[str] = ""
    kind: NavigatorKind | None = None

    def __init__(self, model: JourneyModel) -> None:
        pass

    def is_done(self, citizen: Citizen) -> bool:
        """Return whether the navigator closes the case now."""
        return True


class Navigating:
    """What all navigation shares: the case is closed when every need that has arisen is supported or given up."""

    name: ClassVar[str]
    mode: ClassVar[str]

    def __init__(self, model: JourneyModel) -> None:
        self.kind: NavigatorKind = getattr(model.parameters.navigation, self.name)

    def is_done(self, citizen: Citizen) -> bool:
        """Return whether the navigator closes the case now."""
        return all(episode.is_settled for episode in citizen.episodes)


@mechanism("navigation", "link_worker")
class LinkWorker(Navigating):
    """Light help with a large caseload: finds the right door, introduces, and closes the case after a short time.

    Evidence: P10 (200-250 people a year planned, about 394 actual): a caseload of 40 for up to 60 days.
    """

    mode = "introduction"


@mechanism("navigation", "key_worker")
class KeyWorker(Navigating):
    """Intensive help with a small caseload: goes along, and keeps the case until all is settled, or time is up.

    Evidence: P11 (one worker to seven people in Housing First).
    """

    mode = "accompanied"
