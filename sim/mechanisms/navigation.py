"""Navigation: who helps a citizen through the landscape, and for how long?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sim.mechanisms.registry import mechanism
from sim.schema.fields import Status

if TYPE_CHECKING:
    from sim.levels import Levels
    from sim.model import JourneyModel
    from sim.schema.parameters import NavigatorKind


@mechanism("navigation", "none", evidence="the usual state of places")
class NoNavigation:
    """Nobody helps."""

    name: ClassVar[str]
    kind: NavigatorKind | None = None

    def __init__(self, model: JourneyModel, levels: Levels) -> None:
        pass


class Navigating:
    """What all navigation shares: citizens with needs enough are put on the list of a team of navigators.

    Attributes:
        mode: How these navigators hand on.
        kind: How they work.
    """

    name: ClassVar[str]
    mode: ClassVar[str]

    def __init__(self, model: JourneyModel, levels: Levels) -> None:
        self.kind: NavigatorKind | None = getattr(model.parameters.navigation, self.name)


@mechanism(
    "navigation",
    "link_worker",
    evidence="P10: 200-250 people a year planned, about 394 actual; without supply it does not raise connection",
    status=Status.DERIVED,
)
class LinkWorker(Navigating):
    """Light help with a large caseload: finds the right door, introduces, and closes the case after a short time."""

    mode = "introduction"


@mechanism(
    "navigation",
    "key_worker",
    evidence="P11: one worker to seven people in Housing First; other numbers assumed",
    status=Status.QUOTED,
)
class KeyWorker(Navigating):
    """Intensive help with a small caseload: goes along, and keeps the case until all is settled, or time is up."""

    mode = "accompanied"
