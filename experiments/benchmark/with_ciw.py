"""The reference model in Ciw: a network of nodes, and a router that knows what a citizen has been through.

Ciw keeps a record of every visit to a node, from which the logical events are read afterwards. Delays (transfer of a
letter, not knowing, time until the next try) are nodes with endless servers, common to all blocks. Seeds and draws are
those of Ciw, which uses Python's ``random``.
"""

from __future__ import annotations

import random
from typing import Any

import ciw

from experiments.benchmark import reference as vocabulary
from experiments.benchmark.reference import DOORS, KINDS, Record, Reference

_EACH = DOORS + KINDS
"""Nodes of a block: its doors, then its support services."""
_EXIT = -1


class Nodes:
    """Which node of the network is what.

    Attributes:
        transfer: A letter on its way.
        unaware: The letter was not transmitted, and the citizen does not know.
        rest: After a setback, before the next try.
    """

    def __init__(self, blocks: int) -> None:
        self.transfer, self.unaware, self.rest = range(blocks * _EACH + 1, blocks * _EACH + 4)

    def is_door(self, node: int) -> bool:
        """Return whether a node is an assessment service."""
        return node < self.transfer and (node - 1) % _EACH < DOORS


class Router(ciw.routing.NetworkRouting):
    """Where a citizen goes next."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.places = Nodes(reference.blocks)

    def initialise(self, simulation: Any) -> None:
        """Take notice of the simulation (called by Ciw)."""
        self.simulation = simulation

    def initialise_individual(self, ind: Any) -> None:
        """Draw what a new citizen is like (called by Ciw)."""
        ind.kind = random.randrange(KINDS)
        ind.assessed = set()
        ind.block = None

    def next_node(self, ind: Any, node_id: int) -> Any:
        """Return where a citizen goes at the end of a service or a delay (called by Ciw)."""
        places = self.places
        if node_id == places.transfer:
            return self.simulation.nodes[ind.block * _EACH + DOORS + ind.kind + 1]
        if node_id == places.unaware:
            return self._recover()
        if node_id == places.rest:
            door = ind.block * _EACH + random.randrange(DOORS) + 1
            return self._hand_on() if door in ind.assessed else self.simulation.nodes[door]
        if places.is_door(node_id):
            ind.block = (node_id - 1) // _EACH
            ind.assessed.add(node_id)
            return self._hand_on()
        return self.simulation.nodes[_EXIT]

    def next_node_for_jockeying(self, ind: Any, node_id: int) -> Any:
        """Return where a citizen goes who has lost patience (called by Ciw)."""
        ind.block = (node_id - 1) // _EACH
        return self._recover()

    def _hand_on(self) -> Any:
        is_sent = random.random() < self.reference.sent
        return self.simulation.nodes[self.places.transfer if is_sent else self.places.unaware]

    def _recover(self) -> Any:
        persists = random.random() < self.reference.persistence
        return self.simulation.nodes[self.places.rest if persists else _EXIT]


def simulate(reference: Reference, seed: int) -> tuple[Any, Nodes]:
    """Run the reference model and return Ciw's simulation, and which node is what."""
    ciw.seed(seed)
    router = Router(reference)
    simulation = ciw.Simulation(_network(reference, router))
    simulation.simulate_until_max_time(reference.days)
    return simulation, router.places


def record_of(outcome: tuple[Any, Nodes]) -> Record:
    """Return the logical events of a run from Ciw's records of visits and from who is still there."""
    simulation, places = outcome
    record: Record = []
    for individual in simulation.get_all_individuals():
        record += _events(individual, places)
    # Whoever has not left a node yet is met there; nobody twice.
    return record


def _events(individual: Any, places: Nodes) -> Record:
    """Return what has happened to a citizen, in the order of time."""
    who, visits = individual.id_number, individual.data_records
    begin = visits[0].arrival_date if visits else individual.arrival_date
    found: Record = [(begin, vocabulary.ONSET, who), (begin, vocabulary.SOUGHT, who)]
    nodes = [*(visit.node for visit in visits), individual.node]
    for visit, after in zip(visits, nodes[1:], strict=True):
        node, end = visit.node, visit.exit_date
        has_failed = node == places.unaware or visit.record_type == "renege"
        if node == places.transfer:
            found.append((end, vocabulary.HANDOFF_RECEIVED, who))
        elif node == places.rest:
            found.append((end, vocabulary.SOUGHT, who))
        elif node != places.unaware:
            found += _stay(node, who, visit, end, places)
        if after in (places.transfer, places.unaware):
            found.append((end, vocabulary.HANDOFF_MADE, who))
        if after == places.unaware:
            found.append((end, vocabulary.NOT_TRANSMITTED, who))
        if has_failed and after == _EXIT:
            found.append((end, vocabulary.GAVE_UP, who))
    if individual.node != _EXIT and individual.node < places.transfer:
        found += _stay(individual.node, who, individual, None, places)
    return found


def _stay(node: int, who: int, visit: Any, end: float | None, places: Nodes) -> Record:
    """Return what has happened at a service; no end: the citizen is still there."""
    is_door = places.is_door(node)
    found: Record = [(visit.arrival_date, vocabulary.JOINED, who)]
    if end is not None and visit.record_type == "renege":
        found.append((end, vocabulary.LEFT, who))
        found.append((end, vocabulary.SETBACK if is_door else vocabulary.HANDOFF_DROPPED, who))
        return found
    if visit.service_start_date is not False:
        started = vocabulary.ASSESSMENT_STARTED if is_door else vocabulary.SUPPORT_STARTED
        found.append((visit.service_start_date, started, who))
        if end is not None:
            found.append((end, vocabulary.ASSESSMENT_ENDED if is_door else vocabulary.SUPPORT_ENDED, who))
    return found


def _network(reference: Reference, router: Router) -> Any:
    blocks = reference.blocks

    def exponential(mean: float) -> Any:
        return ciw.dists.Exponential(rate=1.0 / mean)

    def of_nodes(door: Any, helper: Any, delays: list[Any]) -> list[Any]:
        return ([door] * DOORS + [helper] * KINDS) * blocks + delays

    delays = [
        exponential(reference.transfer_days),
        ciw.dists.Deterministic(value=reference.unaware_days),
        exponential(reference.retry_days),
    ]
    patience = exponential(reference.patience_days)
    return ciw.create_network(
        arrival_distributions=of_nodes(exponential(DOORS / reference.arrivals_per_day), None, [None] * len(delays)),
        service_distributions=of_nodes(
            exponential(reference.assessment_days), exponential(reference.support_days), delays
        ),
        number_of_servers=of_nodes(reference.assessment_places, reference.support_places, [float("inf")] * len(delays)),
        reneging_time_distributions=of_nodes(patience, patience, [None] * len(delays)),
        routing=router,
    )
