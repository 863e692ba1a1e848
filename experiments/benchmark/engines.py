"""The engines that are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from experiments.benchmark import daily, ours, with_ciw, with_devs, with_simpy
from experiments.benchmark.reference import Record, Reference
from sim import prebuilt
from sim.mesa_model import collector_paused


def _as_it_is(what: Any) -> Any:
    return what


def _simpy_without_collector(prepared: Any, seed: int) -> Any:
    """Run SimPy without Python's search for cyclic garbage, as our model runs."""
    with collector_paused():
        return with_simpy.simulate(prepared, seed)


@dataclass(frozen=True)
class Engine:
    """One way of running the reference model.

    Attributes:
        key: For ``--peers``.
        name: For tables.
        simulate: Makes and runs the model from what ``prepare`` returns and a seed. This is timed.
        prepare: Makes what ``simulate`` takes from the reference; not timed.
        record: Makes the record of logical events from what ``simulate`` returns; not timed.
        growth: Exponent with which its time grows with the size by its construction, as long as none was measured.
        is_exact: Whether it is the reference model and not an approximation.
        environment: Variables of the environment that it needs; if any, it is run in processes of its own.
    """

    key: str
    name: str
    simulate: Callable[[Any, int], Any]
    prepare: Callable[[Reference], Any] = _as_it_is
    record: Callable[[Any], Record] = _as_it_is
    growth: float = 1.0
    is_exact: bool = True
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)


OURS = Engine(
    "ours",
    "this model, compiled" if prebuilt.IS_TAKEN else "this model",
    ours.simulate,
    ours.scenario_of,
    ours.record_of,
)
AS_IT_IS = replace(OURS, key="as_it_is", name="this model", environment={prebuilt.SWITCH: "0"})
"""Ours without the compiled agents."""
OWN = (OURS, AS_IT_IS) if prebuilt.IS_TAKEN else (OURS,)
PEERS = (
    Engine("daily", "Mesa, daily steps", daily.simulate, is_exact=False),
    Engine("idle", "Mesa, daily steps of those with a need", daily.simulate_without_the_idle, is_exact=False),
    Engine("devs", "Mesa, event simulator", with_devs.simulate),
    Engine("simpy", "SimPy", with_simpy.simulate),
    Engine("simpy_tuned", "SimPy, garbage collector paused", _simpy_without_collector),
    # After every event Ciw looks at every node and at everybody who is there.
    Engine("ciw", "Ciw", with_ciw.simulate, record=with_ciw.record_of, growth=2.0),
)


def engine_of(key: str) -> Engine:
    """Return an engine by its key.

    Raises:
        KeyError: There is none.
    """
    return {engine.key: engine for engine in (OURS, AS_IT_IS, *PEERS)}[key]
