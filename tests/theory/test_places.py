"""Places from ordinary scenario tables against theory: a part of what the validation page compares, in smaller runs.

Error rate: seeds are fixed, so that every test passes or fails for ever. Were they drawn anew, the comparisons in this
file together would fail falsely in at most one of a thousand runs: each of at most ``FAMILY`` comparisons is made at
``ERROR_RATE / FAMILY`` (Bonferroni). Replicates are the unit, so that waits of neighbours in a queue need not be
independent. Whether a wait is counted depends only on when the citizen came: arrivals are Poisson and see what the
clock sees on average.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import stats

from experiments.validation.case import Case, Measure
from experiments.validation.chain_cases import JOURNEYS, journey_case
from experiments.validation.compared import all_agree, with_theory
from experiments.validation.formulas import ServiceTime
from experiments.validation.network_cases import (
    COVARIANCE,
    Network,
    Node,
    feedback_case,
    handoffs_case,
    matched,
    occupancy_case,
    tandem_case,
    waits,
)
from experiments.validation.people_cases import arrivals_case, kinds_case, needs_case
from experiments.validation.queue_cases import (
    MEAN_WAIT,
    SQUARE,
    Queue,
    classes_case,
    erlang_a_case,
    erlang_c_case,
    losses_case,
    one_place_case,
    random_order_case,
    urgency_case,
)
from experiments.validation.theory import SEED, Found, cases, independent, part, simulated
from sim import Coordination, Scenario

ERROR_RATE = 1e-3
FAMILY = 128
REPLICATES = 16


@dataclass(frozen=True)
class Trial:
    """A case that the model should agree with, and what it should not agree with.

    Attributes:
        case: The case.
        wrong: Measures of the case, by their names, with values that must be rejected: the test has the power to.
        size: Of a replicate.
    """

    case: Case
    wrong: Sequence[Measure]
    size: float = 0.25


def random_order_of_fixed(queue: Queue) -> Case:
    """Return M/D/1 in random order."""
    return one_place_case(queue, random_order=True)


def one_more(queue: Queue) -> Queue:
    """Return a queue with the same work and one place more."""
    return replace(queue, servers=queue.servers + 1, load=queue.offered / (queue.servers + 1))


def one_more_each(network: Network) -> Network:
    """Return a network with the same work and one place more at each service."""
    nodes = (network.intake, network.support)
    intake, support = (matched(node.servers + 1, node.days, node.rate) for node in nodes)
    return replace(network, intake=intake, support=support)


ERLANG_C = (
    (Queue(1, 0.5, ServiceTime(2.0)), 0.25),
    (Queue(3, 0.8, ServiceTime(1.0)), 0.55),
    (Queue(10, 0.9, ServiceTime(0.5)), 1.1),
)
ERLANG_A = (
    Queue(2, 0.7, ServiceTime(1.0), 1.0),
    Queue(5, 1.0, ServiceTime(0.5), 2.0),
    Queue(10, 1.3, ServiceTime(2.0), 0.5),
)
FIXED, NARROW = ServiceTime(1.0, "fixed"), ServiceTime(1.0, "lognormal", 0.5)
CLASSES = Queue(2, 0.7, severities=(0.8, 0.3))
OCCUPIED = (ServiceTime(5.0), ServiceTime(5.0, "fixed"), ServiceTime(5.0, "lognormal", 1.5))
SHORT, BUSY = Node(1, 0.6, 1.0), Node(3, 0.6, 2.0)
SERIES = Network(SHORT, matched(2, 2.0, SHORT.rate))
RETURNING = Network(BUSY, matched(1, 0.5, BUSY.rate), returns=0.4, away=2.0)
HANDED_ON = Network(SHORT, matched(2, 2.0, SHORT.rate), transfer=10.0)


def erlang_a_trial(queue: Queue) -> Trial:
    """Under overload the share that leaves hardly depends on patience; the wait does."""
    patient = replace(queue, patience=2.0 * (queue.patience or 0.0))
    wrong = (*erlang_a_case(one_more(queue)).measures, *only(erlang_a_case(patient), MEAN_WAIT))
    return Trial(erlang_a_case(queue), wrong)


def only(case: Case, *names: str) -> list[Measure]:
    """Return some measures of a case."""
    return [measure for measure in case.measures if measure.name in names]


def but(case: Case, *names: str) -> list[Measure]:
    """Return the other measures of a case."""
    return [measure for measure in case.measures if measure.name not in names]


def larger(case: Case, factor: float) -> list[Measure]:
    """Return the measures of a case with values larger by a factor."""
    return [replace(measure, expected=measure.expected * factor) for measure in case.measures]


def urgency_trial(queue: Queue) -> Trial:
    """All fifths of severity; the most and the least severe do not wait as all do."""
    case = urgency_case(queue, range(5))
    mean = case.measures[-1].expected
    return Trial(case, [replace(case.measures[number], expected=mean) for number in (0, 4)], 0.35)


def journey_trial(name: str, **changes: float) -> Trial:
    """A journey; with something changed its share of supported and its handoffs must be rejected."""
    other = journey_case(name, replace(JOURNEYS[name], **changes))  # type: ignore[arg-type]
    return Trial(journey_case(name, JOURNEYS[name]), other.measures[:2])


def trials() -> list[Trial]:
    """Return all trials."""
    return [
        *(Trial(erlang_c_case(queue), erlang_c_case(one_more(queue)).measures, size) for queue, size in ERLANG_C),
        *(erlang_a_trial(queue) for queue in ERLANG_A),
        Trial(one_place_case(Queue(1, 0.5, FIXED)), one_place_case(Queue(1, 0.5, NARROW)).measures),
        Trial(one_place_case(Queue(1, 0.5, NARROW)), one_place_case(Queue(1, 0.5, FIXED)).measures),
        Trial(losses_case(Queue(5, 0.8, room=0)), losses_case(Queue(6, 4 / 6, room=0)).measures),
        Trial(losses_case(Queue(3, 1.0, room=5)), losses_case(Queue(3, 1.0, room=10)).measures),
        urgency_trial(Queue(3, 0.8)),
        Trial(classes_case(CLASSES), classes_case(one_more(CLASSES)).measures),
        Trial(tandem_case(SERIES), but(tandem_case(one_more_each(SERIES)), COVARIANCE)),
        Trial(
            feedback_case(RETURNING),
            [*waits(one_more_each(RETURNING)), *feedback_case(replace(RETURNING, returns=0.5)).measures[2:]],
        ),
        Trial(
            handoffs_case(HANDED_ON),
            [*waits(one_more_each(HANDED_ON)), *handoffs_case(replace(HANDED_ON, transfer=13.0)).measures[2:]],
        ),
        *(Trial(case, larger(case, 2.0)) for case in (occupancy_case(4.0, service) for service in OCCUPIED)),
        journey_trial("signposting", capability=0.6),
        journey_trial("letter, data and culture barriers", culture=0.4),
        journey_trial("tracked, one chase, both barriers", chases=2),
        journey_trial("walk in a hub, one chase", persistence=0.8),
        Trial(arrivals_case(20.0), larger(arrivals_case(20.0), 1.2)),
        Trial(needs_case(2.7, 3.4, 12), needs_case(3.2, 2.7, 12).measures),
        Trial(kinds_case((6.0, 3.0, 1.0), 5.0), kinds_case((6.0, 2.0, 1.6), 5.0).measures, 0.5),
    ]


def bound() -> float:
    """Return how large one z of this file may be."""
    return float(stats.norm.isf(ERROR_RATE / FAMILY / 2.0))


def test_trials_are_no_more_than_the_family() -> None:
    assert sum(len(trial.case.measures) for trial in trials()) + 6 <= FAMILY


@pytest.mark.parametrize("trial", trials(), ids=lambda trial: f"{trial.case.family}: {trial.case.name}")
def test_model_agrees_with_theory_and_not_with_another(trial: Trial) -> None:
    """Each measure within the bound; each wrong value beyond it."""
    found = simulated([trial.case], REPLICATES, size=trial.size)[0]
    compared = found.compared()
    for one in compared:
        print(f"{one.measure}: expected {one.expected:.5g}, found {one.simulated:.5g}, z = {one.z:+.2f}")
    assert all(abs(one.z) < bound() for one in compared)
    names = [measure.name for measure in trial.case.measures]
    assert trial.wrong
    for measure in trial.wrong:
        values = found.values[:, names.index(measure.name)]
        wrong = with_theory(trial.case.family, "wrong", measure.name, measure.expected, values)
        print(f"wrong {measure.name}: {measure.expected:.5g}, z = {wrong.z:+.2f}")
        assert abs(wrong.z) > bound()


@pytest.mark.parametrize(
    ("case", "load", "size"),
    [(random_order_case(Queue(3, 0.8)), 0.8, 0.5), (random_order_of_fixed(Queue(1, 0.6, FIXED)), 0.6, 0.3)],
    ids=["exponential", "fixed"],
)
def test_random_order_keeps_the_mean_and_spreads_the_waits(case: Case, load: float, size: float) -> None:
    """Three comparisons of the family for each; the second moments of the two orders are told apart."""
    at_random = simulated([case], REPLICATES, size=size)[0]
    assert all(abs(one.z) < bound() for one in at_random.compared())
    # The same worlds: the difference within each is seen with far more power than either mean.
    in_order = simulated([replace(case, coordination=Coordination())], REPLICATES, size=size)[0]
    square = [measure.name for measure in case.measures].index(SQUARE)
    # In order of coming the mean square is smaller by the factor (2 - load) / 2.
    expected = (2.0 - load) / 2.0 * case.measures[square].expected
    first_come = in_order.values[:, square]
    assert abs(with_theory("", "", SQUARE, expected, first_come).z) < bound()
    difference = at_random.values[:, square] - first_come
    assert np.all(difference > 0.0)
    assert abs(with_theory("", "", SQUARE, 0.0, difference).z) > bound()


# --- the code path itself -----------------------------------------------------------------------------------------


def test_cases_are_many_named_apart_and_can_be_pickled() -> None:
    every = cases()
    assert len({(case.family, case.name) for case in every}) == len(every)
    assert len({case.world(0) for case in every}) == len(every)
    assert sum(len(case.measures) for case in every) > 80
    copies = pickle.loads(pickle.dumps(every))
    assert [case.name for case in copies] == [case.name for case in every]
    # No case has replicates that another has: each has a million numbers to itself.
    worlds = sorted(case.world(0) for case in every)
    assert min(np.diff(np.array(worlds, np.float64))) >= 1 << 20


def test_workers_and_order_change_nothing() -> None:
    chosen = [arrivals_case(20.0), losses_case(Queue(1, 0.5, room=0))]
    alone = simulated(chosen, 2, size=0.01)
    both = simulated(chosen[::-1], 2, workers=2, size=0.01)[::-1]
    for one, other in zip(alone, both, strict=True):
        assert np.array_equal(one.values, other.values)


def test_waits_that_are_cut_off_are_an_error() -> None:
    """A mean over those who were served in time would be too short."""
    case = replace(erlang_c_case(Queue(1, 0.8)), scenario=without_tail)
    with pytest.raises(ValueError, match="cut off by the horizon"):
        case.replicate(SEED, 0, size=0.05)


def without_tail(size: float) -> Scenario:
    """Return a place whose last days count too."""
    return Queue(1, 0.8).scenario(size).changed({"time.followup_days": 1e-6})


def test_part_says_how_far_off_and_what_is_beyond() -> None:
    case = replace(arrivals_case(20.0), measures=arrivals_case(20.0).measures[:1])
    rng = np.random.default_rng(3)
    right = [Found(replace(case, name=f"place {n}"), rng.normal(1.0, 0.1, (16, 1))) for n in range(20)]
    wrong = Found(replace(case, name="wrong place"), rng.normal(1.4, 0.1, (16, 1)))
    assert len(independent(right)) == 20 and all_agree(independent(right), ERROR_RATE)
    said = part(right)
    assert "None does here." in said.before and "Poisson arrivals | 20 |" in said.before
    assert len(said.compared) == 20 and "each run in 16 worlds of its own" in said.before
    assert "Beyond it: Poisson arrivals, wrong place" in part([*right, wrong]).before
