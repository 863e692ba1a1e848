"""The reference model in SimPy: a process for each citizen, a resource for each service."""

from __future__ import annotations

import itertools
import random
from collections.abc import Generator, Iterator
from typing import Any

import simpy

from experiments.benchmark import reference as vocabulary
from experiments.benchmark.reference import DOORS, KINDS, Record, Reference

Steps = Generator[simpy.Event, Any, Any]


class Block:
    """The services of one block, and what happens to its citizens.

    Attributes:
        record: What has happened.
    """

    def __init__(self, env: simpy.Environment, reference: Reference, draw: random.Random, record: Record) -> None:
        self.env = env
        self.reference = reference
        self.draw = draw
        self.record = record
        self.doors = [simpy.Resource(env, reference.assessment_places) for _ in range(DOORS)]
        self.helpers = [simpy.Resource(env, reference.support_places) for _ in range(KINDS)]

    def arrivals(self, numbers: Iterator[int]) -> Steps:
        """Citizens arrive and take the next number."""
        expovariate, rate = self.draw.expovariate, self.reference.arrivals_per_day
        while True:
            yield self.env.timeout(expovariate(rate))
            self.env.process(self.citizen(next(numbers)))

    def citizen(self, who: int) -> Steps:
        """One citizen: try until supported or given up."""
        env, reference, draw = self.env, self.reference, self.draw
        self.note(vocabulary.ONSET, who)
        helper = self.helpers[draw.randrange(KINDS)]
        assessed: set[int] = set()
        while True:
            supported = yield from self.attempt(who, helper, assessed)
            if supported:
                return
            if draw.random() >= reference.persistence:
                self.note(vocabulary.GAVE_UP, who)
                return
            yield env.timeout(draw.expovariate(1.0 / reference.retry_days))

    def attempt(self, who: int, helper: simpy.Resource, assessed: set[int]) -> Steps:
        """From seeking a door to support, or to a setback; return whether supported."""
        env, reference, draw, note = self.env, self.reference, self.draw, self.note
        note(vocabulary.SOUGHT, who)
        door = draw.randrange(DOORS)
        if door not in assessed:
            with self.doors[door].request() as place:
                if not (yield from self.wait(who, place)):
                    note(vocabulary.SETBACK, who)
                    return False
                note(vocabulary.ASSESSMENT_STARTED, who)
                yield env.timeout(draw.expovariate(1.0 / reference.assessment_days))
                note(vocabulary.ASSESSMENT_ENDED, who)
            assessed.add(door)
        note(vocabulary.HANDOFF_MADE, who)
        if draw.random() >= reference.sent:
            note(vocabulary.NOT_TRANSMITTED, who)
            yield env.timeout(reference.unaware_days)
            return False
        yield env.timeout(draw.expovariate(1.0 / reference.transfer_days))
        note(vocabulary.HANDOFF_RECEIVED, who)
        with helper.request() as place:
            if not (yield from self.wait(who, place)):
                note(vocabulary.HANDOFF_DROPPED, who)
                return False
            note(vocabulary.SUPPORT_STARTED, who)
            yield env.timeout(draw.expovariate(1.0 / reference.support_days))
            note(vocabulary.SUPPORT_ENDED, who)
        return True

    def wait(self, who: int, place: Any) -> Steps:
        """Wait for a place as long as patience lasts; return whether there was one."""
        self.note(vocabulary.JOINED, who)
        if not place.triggered:
            yield place | self.env.timeout(self.draw.expovariate(1.0 / self.reference.patience_days))
            if not place.triggered:
                self.note(vocabulary.LEFT, who)
                return False
        return True

    def note(self, what: str, who: int) -> None:
        """Record what happens now."""
        self.record.append((self.env.now, what, who))


def simulate(reference: Reference, seed: int) -> Record:
    """Run the reference model and return its record."""
    draw, env = random.Random(seed), simpy.Environment()
    record: Record = []
    numbers = itertools.count()
    for _ in range(reference.blocks):
        env.process(Block(env, reference, draw, record).arrivals(numbers))
    env.run(until=reference.days)
    return record
