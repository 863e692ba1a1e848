"""The reference model with Mesa's event simulator (``mesa.experimental.devs``): citizens and services are agents."""

from __future__ import annotations

from collections import deque
from typing import Any

from mesa import Agent, Model
from mesa.experimental.devs import DEVSimulator

from experiments.benchmark import reference as vocabulary
from experiments.benchmark.reference import DOORS, KINDS, Record, Reference


class Desk(Agent):
    """A service: places and a queue, first come first served.

    Attributes:
        free: Places that nobody takes.
        rate: Services ended per place and day.
        is_support: Whether it supports (else it assesses).
        queue: Who waits; who has left stays in it until their turn.
    """

    def __init__(self, model: Peer, places: int, days: float, is_support: bool) -> None:
        super().__init__(model)
        self.free = places
        self.rate = 1.0 / days
        self.is_support = is_support
        self.queue: deque[tuple[Citizen, int]] = deque()

    def join(self, citizen: Citizen) -> None:
        """Serve at once if there is a place, else queue."""
        citizen.note(vocabulary.JOINED)
        if self.free:
            self.free -= 1
            citizen.start(self)
        else:
            citizen.wait(self)

    def release(self) -> None:
        """A place comes free: who has waited longest is next."""
        while self.queue:
            citizen, visit = self.queue.popleft()
            if citizen.visits == visit:
                citizen.stop_waiting()
                citizen.start(self)
                return
        self.free += 1


class Citizen(Agent):
    """A citizen with one need.

    Attributes:
        block: The block of the citizen.
        kind: Kind of need.
        assessed: Doors that have assessed the need.
        patience: The event of leaving the queue, of the latest wait.
        visits: Number of the wait: an entry of a queue with another number is out of date.
    """

    model: Peer

    def __init__(self, model: Peer, block: int) -> None:
        super().__init__(model)
        self.block = block
        self.kind = model.random.randrange(KINDS)
        self.assessed: set[int] = set()
        self.door = 0
        self.patience: Any = None
        self.visits = 0

    def note(self, what: str) -> None:
        """Record what happens now."""
        self.model.record.append((self.model.simulator.time, what, self.unique_id))

    def later(self, days: float, action: Any, *arguments: Any) -> Any:
        """Schedule something for this citizen and return the event."""
        return self.model.simulator.schedule_event_relative(action, days, function_args=list(arguments))

    def exponential(self, mean: float) -> float:
        """Draw an exponential time."""
        return float(self.model.random.expovariate(1.0 / mean))

    def seek(self) -> None:
        """Choose a door."""
        self.note(vocabulary.SOUGHT)
        self.door = self.model.random.randrange(DOORS)
        if self.door in self.assessed:
            self.hand_on()
        else:
            self.model.doors[self.block][self.door].join(self)

    def wait(self, desk: Desk) -> None:
        """Queue, for as long as patience lasts."""
        self.visits += 1
        desk.queue.append((self, self.visits))
        self.patience = self.later(self.exponential(self.model.reference.patience_days), self.leave, desk)

    def stop_waiting(self) -> None:
        """It is the citizen's turn."""
        self.model.simulator.cancel_event(self.patience)

    def leave(self, desk: Desk) -> None:
        """Patience has come to an end."""
        self.visits += 1
        self.note(vocabulary.LEFT)
        self.note(vocabulary.HANDOFF_DROPPED if desk.is_support else vocabulary.SETBACK)
        self.recover()

    def start(self, desk: Desk) -> None:
        """Service starts."""
        self.note(vocabulary.SUPPORT_STARTED if desk.is_support else vocabulary.ASSESSMENT_STARTED)
        self.later(self.model.random.expovariate(desk.rate), self.end, desk)

    def end(self, desk: Desk) -> None:
        """Service ends."""
        self.note(vocabulary.SUPPORT_ENDED if desk.is_support else vocabulary.ASSESSMENT_ENDED)
        desk.release()
        if desk.is_support:
            self.remove()
        else:
            self.assessed.add(self.door)
            self.hand_on()

    def hand_on(self) -> None:
        """A letter is sent."""
        reference = self.model.reference
        self.note(vocabulary.HANDOFF_MADE)
        if self.model.random.random() < reference.sent:
            self.later(self.exponential(reference.transfer_days), self.received)
        else:
            self.note(vocabulary.NOT_TRANSMITTED)
            self.later(reference.unaware_days, self.recover)

    def received(self) -> None:
        """The letter has arrived."""
        self.note(vocabulary.HANDOFF_RECEIVED)
        self.model.helpers[self.block][self.kind].join(self)

    def recover(self) -> None:
        """Try again later, or give up."""
        if self.model.random.random() < self.model.reference.persistence:
            self.later(self.exponential(self.model.reference.retry_days), self.seek)
        else:
            self.note(vocabulary.GAVE_UP)
            self.remove()


class Peer(Model):
    """The reference model.

    Attributes:
        record: What has happened.
        doors: The assessment services of each block.
        helpers: Its support services.
    """

    def __init__(self, reference: Reference, seed: int) -> None:
        super().__init__(seed=seed)
        self.reference = reference
        self.record: Record = []
        self.simulator = DEVSimulator()
        self.simulator.setup(self)
        assessment, support = reference.assessment_places, reference.support_places
        blocks = range(reference.blocks)
        self.doors = [[Desk(self, assessment, reference.assessment_days, False) for _ in range(DOORS)] for _ in blocks]
        self.helpers = [[Desk(self, support, reference.support_days, True) for _ in range(KINDS)] for _ in blocks]
        for block in blocks:
            self.schedule_arrival(block)

    def schedule_arrival(self, block: int) -> None:
        """Schedule the next arrival in a block."""
        days = self.random.expovariate(self.reference.arrivals_per_day)
        self.simulator.schedule_event_relative(self.arrive, days, function_args=[block])

    def arrive(self, block: int) -> None:
        """A need arises."""
        self.schedule_arrival(block)
        citizen = Citizen(self, block)
        citizen.note(vocabulary.ONSET)
        citizen.seek()


def simulate(reference: Reference, seed: int) -> Record:
    """Run the reference model and return its record."""
    model = Peer(reference, seed)
    model.simulator.run_until(reference.days)
    Agent._ids.pop(model, None)  # Mesa keeps every model that ever had an agent alive there.
    return model.record
