"""The reference model as a Mesa model with a step a day: each citizen who is looking for support steps each day.

What takes an exponential time of some mean happens on each day with probability 1 / mean, so that the means are kept;
times are whole days, and whoever comes on a day is served on that day if a place is free at its end.

Usually all citizens are agents from the first day to the last, and each takes a step each day. Without the idle they
are agents from the onset of their need until they are supported or have given up, the least work that it can have.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from mesa import Agent, Model

from experiments.benchmark import reference as vocabulary
from experiments.benchmark.reference import DOORS, KINDS, Record, Reference


class Desk(Agent):
    """A service: places and a queue, first come first served.

    Attributes:
        free: Places that nobody takes.
        chance: Probability that a service ends on a day.
        is_support: Whether it supports (else it assesses).
        queue: Who waits; who has left stays in it until their turn.
    """

    def __init__(self, model: DailyModel, places: int, days: float, is_support: bool) -> None:
        super().__init__(model)
        self.free = places
        self.chance = 1.0 / days
        self.is_support = is_support
        self.queue: deque[tuple[Citizen, int]] = deque()

    def step(self) -> None:
        """Fill free places from the queue."""
        while self.free and self.queue:
            citizen, visit = self.queue.popleft()
            if citizen.visits == visit:
                self.free -= 1
                citizen.start()


class Citizen(Agent):
    """A citizen with one need.

    Attributes:
        block: The block of the citizen.
        kind: Kind of need.
        assessed: Doors that have assessed the need.
        desk: Where the citizen waits or is served.
        onset: Day on which the need arises.
        visits: Number of the wait: an entry of a queue with another number is out of date.
        step: What the citizen does each day, at this point of the journey.
    """

    model: DailyModel

    def __init__(self, model: DailyModel, block: int, onset: int) -> None:
        super().__init__(model)
        self.block = block
        self.kind = model.random.randrange(KINDS)
        self.assessed: set[int] = set()
        self.door = 0
        self.desk = model.doors[block][0]
        self.visits = 0
        self.unaware_until = 0.0
        self.onset = onset
        self.step: Callable[[], None] = self.live

    def live(self) -> None:
        """The need may arise."""
        if self.model.steps == self.onset:
            self.note(vocabulary.ONSET)
            self.seek()

    def leave(self) -> None:
        """Nothing more will happen."""
        if self.model.has_idle:
            self.step = self.live
        else:
            self.remove()

    def note(self, what: str) -> None:
        """Record what happens on this day."""
        self.model.record.append((float(self.model.steps), what, self.unique_id))

    def seek(self) -> None:
        """Choose a door."""
        self.note(vocabulary.SOUGHT)
        self.door = self.model.random.randrange(DOORS)
        if self.door in self.assessed:
            self.hand_on()
        else:
            self.join(self.model.doors[self.block][self.door])

    def join(self, desk: Desk) -> None:
        """Queue."""
        self.note(vocabulary.JOINED)
        self.visits += 1
        self.desk = desk
        desk.queue.append((self, self.visits))
        self.step = self.wait

    def wait(self) -> None:
        """Patience may come to an end."""
        if self.model.random.random() < self.model.lose_patience:
            self.visits += 1
            self.note(vocabulary.LEFT)
            self.note(vocabulary.HANDOFF_DROPPED if self.desk.is_support else vocabulary.SETBACK)
            self.recover()

    def start(self) -> None:
        """Service starts."""
        self.note(vocabulary.SUPPORT_STARTED if self.desk.is_support else vocabulary.ASSESSMENT_STARTED)
        self.step = self.be_served

    def be_served(self) -> None:
        """Service may end."""
        if self.model.random.random() >= self.desk.chance:
            return
        self.desk.free += 1
        if self.desk.is_support:
            self.note(vocabulary.SUPPORT_ENDED)
            self.leave()
        else:
            self.note(vocabulary.ASSESSMENT_ENDED)
            self.assessed.add(self.door)
            self.hand_on()

    def hand_on(self) -> None:
        """A letter is sent."""
        self.note(vocabulary.HANDOFF_MADE)
        reference = self.model.reference
        if self.model.random.random() < reference.sent:
            self.step = self.be_transferred
        else:
            self.note(vocabulary.NOT_TRANSMITTED)
            self.unaware_until = self.model.steps + reference.unaware_days
            self.step = self.be_unaware

    def be_transferred(self) -> None:
        """The letter may arrive."""
        if self.model.random.random() < self.model.arrive:
            self.note(vocabulary.HANDOFF_RECEIVED)
            self.join(self.model.helpers[self.block][self.kind])

    def be_unaware(self) -> None:
        """The citizen may learn that the letter was not transmitted."""
        if self.model.steps >= self.unaware_until:
            self.recover()

    def recover(self) -> None:
        """Try again later, or give up."""
        if self.model.random.random() < self.model.reference.persistence:
            self.step = self.rest
        else:
            self.note(vocabulary.GAVE_UP)
            self.leave()

    def rest(self) -> None:
        """The citizen may try again."""
        if self.model.random.random() < self.model.retry:
            self.seek()


class DailyModel(Model):
    """The reference model.

    Attributes:
        record: What has happened.
        has_idle: Whether those are agents, too, whose need has not arisen or has been settled.
        doors: The assessment services of each block.
        helpers: Its support services.
    """

    def __init__(self, reference: Reference, seed: int, has_idle: bool) -> None:
        super().__init__(seed=seed)
        self.reference = reference
        self.has_idle = has_idle
        self.record: Record = []
        self.lose_patience = 1.0 / reference.patience_days
        self.arrive = 1.0 / reference.transfer_days
        self.retry = 1.0 / reference.retry_days
        assessment, support = reference.assessment_places, reference.support_places
        blocks = range(reference.blocks)
        self.doors = [[Desk(self, assessment, reference.assessment_days, False) for _ in range(DOORS)] for _ in blocks]
        self.helpers = [[Desk(self, support, reference.support_days, True) for _ in range(KINDS)] for _ in blocks]
        if has_idle:
            for day in range(1, round(reference.days) + 1):
                self.add_citizens(day)

    def add_citizens(self, day: int) -> None:
        """Add the citizens whose needs arise on a day."""
        for block, count in enumerate(self.rng.poisson(self.reference.arrivals_per_day, self.reference.blocks)):
            for _ in range(count):
                Citizen(self, block, day)

    def step(self) -> None:
        """One day: needs arise, citizens act in random order, services fill their places."""
        if not self.has_idle:
            self.add_citizens(self.steps)
        if Citizen in self.agents_by_type:
            self.agents_by_type[Citizen].shuffle_do("step")
        self.agents_by_type[Desk].do("step")


def simulate(reference: Reference, seed: int, has_idle: bool = True) -> Record:
    """Run the reference model and return its record."""
    model = DailyModel(reference, seed, has_idle)
    for _ in range(round(reference.days)):
        model.step()
    Agent._ids.pop(model, None)  # Mesa keeps every model that ever had an agent alive there.
    return model.record


def simulate_without_the_idle(reference: Reference, seed: int) -> Record:
    """Run the reference model with those alone as agents who have a need, and return its record."""
    return simulate(reference, seed, has_idle=False)
