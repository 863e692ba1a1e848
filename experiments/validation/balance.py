"""Whether the model's own accounts hold on the shipped places: nobody is lost, and Little's law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed

from experiments.validation.part import Part
from sim import Coordination, Scenario, simulate
from sim.codes import Activity
from sim.outcomes.result import Result

SCENARIOS = ("talking_therapies", "three_journeys")
COORDINATIONS = ("fragmented", "integrated", "key_worker", "single_point_of_access", "urgency")
SEED = 20


@dataclass(frozen=True)
class Queueing:
    """The queue of one service over a whole run, by two computations that share no step.

    Attributes:
        service: Which service.
        spells: How many joined its queue.
        present: Mean number waiting, from the number waiting after each event of the ledger, integrated over time.
        flow: Arrivals a day times the mean days that each waited, from the table of spells.
    """

    service: str
    spells: int
    present: float
    flow: float


@dataclass(frozen=True)
class Account:
    """One run and its flows.

    Attributes:
        scenario: The place.
        coordination: The rules.
        counts: Flows of needs and handoffs.
        queues: The queue of each service that anybody came to.
    """

    scenario: str
    coordination: str
    counts: dict[str, int]
    queues: list[Queueing]

    @property
    def lost(self) -> int:
        """Needs and handoffs of which nobody can say what became of them; 0 if the model is right."""
        count = self.counts
        needs = count["onsets"] - count["supported"] - count["gave_up"] - count["open"]
        handoffs = count["handoffs_made"] - count["handoffs_attended"] - count["handoffs_dropped"]
        return abs(needs) + abs(handoffs - count["handoffs_under_way"])

    @property
    def furthest(self) -> float:
        """Largest relative difference between the two computations of a queue."""
        return max(abs(queue.present - queue.flow) / max(queue.flow, 1e-12) for queue in self.queues)


def account(scenario: str, coordination: str, seed: int = SEED, replicate: int = 0) -> Account:
    """Run a shipped place and return its account.

    Raises:
        ImbalanceError: The ledger contradicts itself.
    """
    result = simulate(Scenario.load(scenario), Coordination.load(coordination), seed, replicate)
    result.check_balance()
    return Account(scenario, coordination, flows(result), queues(result))


def flows(result: Result) -> dict[str, int]:
    """Return the flows of a run, counted from its ledger; only what is open or under way comes from the tables."""
    activity = result.columns["activity"]

    def rows(which: Activity) -> int:
        return int((activity == which).sum())

    tables = result.counts()
    return {
        "onsets": rows(Activity.ONSET),
        "supported": rows(Activity.SUPPORT_STARTED),
        "gave_up": rows(Activity.GAVE_UP),
        "open": tables["open"],
        "handoffs_made": rows(Activity.HANDOFF_MADE),
        "handoffs_attended": rows(Activity.HANDOFF_ATTENDED),
        "handoffs_dropped": rows(Activity.HANDOFF_DROPPED),
        "handoffs_under_way": tables["handoffs_under_way"],
    }


def queues(result: Result) -> list[Queueing]:
    """Return the queue of each service, from an empty place to the horizon.

    Somebody whose missed appointment is yet to be offered again waits too.
    """
    horizon = result.scenario.parameters.time.horizon_days
    spells = result.spells
    found = []
    for number, name in enumerate(result.names.services):
        own = spells[spells["service"] == name]
        if own.empty:
            continue
        days = own["wait"].fillna(horizon - own["joined"])
        flow = len(own) / horizon * float(days.mean())
        found.append(Queueing(name, len(own), _mean_waiting(result, number, horizon), flow))
    return found


_STEPS = {
    Activity.JOINED: 1, Activity.LEFT: -1, Activity.ASSESSMENT_STARTED: -1, Activity.SUPPORT_STARTED: -1,
}  # fmt: skip


def _mean_waiting(result: Result, service: int, horizon: float) -> float:
    columns = result.columns
    rows = np.flatnonzero((columns["service"] == service) & np.isin(columns["activity"], list(_STEPS)))
    waiting = np.cumsum([_STEPS[Activity(int(code))] for code in columns["activity"][rows]])
    if waiting.min() < 0:
        raise ValueError(f"fewer than nobody wait for {result.names.services[service]}")
    return float((waiting * np.diff(columns["time"][rows], append=horizon)).sum() / horizon)


def accounts(workers: int = 1) -> list[Account]:
    """Return the accounts of all shipped places under a few coordinations."""
    return list(Parallel(n_jobs=workers)(delayed(account)(*arm) for arm in _arms()))


def _arms() -> list[tuple[str, str]]:
    return [(scenario, coordination) for scenario in SCENARIOS for coordination in COORDINATIONS]


def part(found: Sequence[Account]) -> Part:
    """Return the part of the page on accounts.

    Args:
        found: See :func:`accounts`.
    """
    lines = [
        "| place | coordination | needs | lost | handoffs | services | longest mean queue | largest difference |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in found:
        longest = max(queue.present for queue in one.queues)
        lines.append(
            f"| {one.scenario} | {one.coordination} | {one.counts['onsets']:,} | {one.lost} "
            f"| {one.counts['handoffs_made']:,} | {len(one.queues)} | {longest:,.1f} | {one.furthest:.0e} |"
        )
    before = (
        "Every need that arises is supported, given up or open at the end, and every handoff that is made is attended, "
        "dropped or under way: `lost` counts those of which the ledger says nothing or two things. Little's law: the "
        "mean number waiting for a service is arrivals a day times the mean wait. The left side is the integral over "
        "time of the number waiting after each event of the ledger, the right side comes from the table of spells, "
        "waits that last until the end included. From an empty place to the end both are equal but for rounding; the "
        "last column is the largest relative difference between them over the services.\n\n" + "\n".join(lines)
    )
    return Part("Nobody is lost, and Little's law holds", before)
