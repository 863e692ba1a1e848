"""Entry: where does a citizen go first, and must a door that says no hand on?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sim.codes import Decision
from sim.mechanisms.registry import mechanism

if TYPE_CHECKING:
    from sim.agents.episode import Episode
    from sim.agents.provider import Provider
    from sim.levels import Levels
    from sim.model import JourneyModel


@mechanism(
    "entry",
    "self_directed",
    evidence="that people bounce between doors is common ground of the reviews; the chance is assumed",
)
class SelfDirected:
    """Citizens choose by what is visible, and some choose a wrong door; fewer the more capable they are."""

    name: ClassVar[str]
    always_hands_on: ClassVar[bool] = False

    def __init__(self, model: JourneyModel, levels: Levels) -> None:
        self.model = model
        parameters = model.parameters
        self._base = parameters.journey.wrong_door
        self._added = levels.learning.general * parameters.barrier_effects.learning_wrong_door

    def first_door(self, episode: Episode) -> Provider | None:
        """Return the door that the citizen tries, or None if there is none."""
        return self.model.landscape.chosen_door(episode, self._base, self._added)


@mechanism(
    "entry",
    "any_door",
    evidence="the promise of 'no wrong door' policies; effects assumed to work through handing on alone",
)
class AnyDoor(SelfDirected):
    """Citizens choose in the same way, but every door that says no hands on to the right one if it knows it."""

    always_hands_on = True


@mechanism("entry", "informed_choice", evidence="published waiting times and choice at referral; effect assumed")
class InformedChoice(SelfDirected):
    """Citizens know who takes them, and go where the expected wait to support is shortest.

    They see true catchments, thresholds, closures and queues, of the visible doors only. Where no door would take
    them they choose as the self-directed do.
    """

    def first_door(self, episode: Episode) -> Provider | None:
        """Return the visible door with the shortest expected wait; among equals by visibility."""
        doors = [
            door
            for door in self.model.landscape.visible_doors(episode.kind, episode.citizen.district)
            if not door.why_not(episode, door.first_desk(episode), None)
        ]
        if not doors:
            return super().first_door(episode)
        waits = [door.expected_wait(episode) for door in doors]
        shortest = [door for door, wait in zip(doors, waits, strict=True) if wait == min(waits)]
        return self.model.choose(episode, Decision.CHOICE_OF_DOOR, episode.tries, shortest, "visibility")


@mechanism(
    "entry",
    "single_front_door",
    evidence="single entry points shorten waits mostly by removing queues in series and repeat assessments",
)
class SingleFrontDoor:
    """Everybody goes to one place first, which assesses and hands on. Having its own places it can be a bottleneck."""

    name: ClassVar[str]
    always_hands_on: ClassVar[bool] = True

    def __init__(self, model: JourneyModel, levels: Levels) -> None:
        self.door = model.landscape.front_door()

    def first_door(self, episode: Episode) -> Provider | None:
        """Return the front door."""
        return self.door
