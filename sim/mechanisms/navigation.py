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


@mechanism("navigation", "link_worker")
class LinkWorker:
    """Light help with a large caseload: finds the right door, introduces, closes the case after a fixed time or
    once every need that has arisen is at a service.

    Evidence: P10 (200-250 people a year planned, about 394 actual): a caseload of 40 for up to 60 days.
    """

    name: ClassVar[str]
    mode: ClassVar[str] = "introduction"

    def __init__(self, model: JourneyModel) -> None:
        self.kind = model.parameters.navigation.link_worker

    def is_done(self, citizen: Citizen) -> bool:
        """Return whether the navigator closes the case now."""
        return all(episode.is_settled or episode.is_waiting for episode in citizen.episodes)


@mechanism("navigation", "key_worker")
class KeyWorker:
    """Intensive help with a small caseload: goes along, and keeps the case until every need is supported.

    Evidence: P11 (one worker to seven people in Housing First).
    """

    name: ClassVar[str]
    mode: ClassVar[str] = "accompanied"

    def __init__(self, model: JourneyModel) -> None:
        self.kind = model.parameters.navigation.key_worker

    def is_done(self, citizen: Citizen) -> bool:
        """Return whether the navigator closes the case now."""
        return all(episode.is_settled for episode in citizen.episodes)
