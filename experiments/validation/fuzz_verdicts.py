"""What may come of an input: a clear refusal, or a valid run; anything else is a failure."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

from sim.api import simulate
from sim.coordination import Coordination
from sim.scenario import Scenario
from sim.schema.problems import BadInputError, Problem

REFUSED, RAN, FAILED = "refused", "ran", "failed"
SECONDS = 20
"""More time of the processor than this for one input is a hang."""
MOST_DAYS, MOST_PEOPLE = 40.0, 100.0
"""A valid place is run for so many days at most, and with about so many citizens."""
MOST_TEXT = 1_500
"""A message about one problem that is longer than this cannot be read, in characters."""
_JARGON = ("Traceback", "pydantic", "object at 0x", "<class ", "numpy.", "validation error", "type=")


class FailureError(Exception):
    """An input was neither refused clearly nor run as it says."""


class _HangError(BaseException):
    """Time is up; no handler of ordinary errors must catch it."""


@dataclass(frozen=True)
class Verdict:
    """What came of one input.

    Attributes:
        number: Of the input.
        family: Which kind of input.
        what: What was done to a valid one.
        came: :data:`REFUSED`, :data:`RAN` or :data:`FAILED`.
        said: The refusal, or why it failed.
    """

    number: int
    family: str
    what: str
    came: str
    said: str = ""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise an error if what is done within takes longer; works in the main thread of a process.

    Time of the processor, so that nothing hangs only because others are busy on the same machine.
    """

    def end(signum: int, frame: FrameType | None) -> None:
        raise _HangError

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def judged(number: int, family: str, what: str, treat: Callable[[], str]) -> Verdict:
    """Treat one input and say what came of it.

    Args:
        number: Of the input.
        family: Which kind of input.
        what: What was done to a valid one.
        treat: Returns :data:`RAN` or :data:`REFUSED`; raises BadInputError, or FailureError.
    """
    try:
        with time_limit(SECONDS):
            return Verdict(number, family, what, treat())
    except BadInputError as refusal:
        wrong = unclear(refusal)
        return Verdict(number, family, what, FAILED if wrong else REFUSED, wrong or str(refusal))
    except FailureError as failure:
        return Verdict(number, family, what, FAILED, str(failure))
    except _HangError:
        return Verdict(number, family, what, FAILED, f"hangs: more than {SECONDS} seconds of the processor")
    # Whatever else comes out would be a traceback for the person at the command line.
    except Exception as error:
        return Verdict(number, family, what, FAILED, f"traceback: {type(error).__name__}: {error}"[:600])


def unclear(refusal: BadInputError) -> str:
    """Return what is unclear about a refusal, or nothing."""
    if not refusal.problems:
        return "refused without a problem"
    for problem in refusal.problems:
        wrong = _unclear_problem(problem)
        if wrong:
            return f"{wrong}: {str(problem)[:300]!r}"
    return ""


def run_bounded(scenario: Scenario, arm: Coordination | None = None) -> None:
    """Run a valid place for a short time with not too many people, and check that its flows balance.

    A place may be valid and huge: the most citizens that a run may have take minutes. Time, citizens and, where delays
    are very short, citizens again are cut down; everything else is as in the files.

    Raises:
        BadInputError: The arm does not fit the place.
        ImbalanceError: The flows do not balance.
    """
    result = simulate(bounded(scenario), arm or Coordination(), 1, 0)
    result.check_balance()
    # Tables are made when they are asked for.
    _ = result.headline(), result.published()


def bounded(scenario: Scenario) -> Scenario:
    """Return a place cut down to what can be run in a moment."""
    time = scenario.parameters.time
    days = min(time.horizon_days, MOST_DAYS)
    short = time.model_copy(update={"horizon_days": days, "warmup_days": 0.0, "followup_days": max(days / 4, 1.0)})
    most = MOST_PEOPLE * 365.0 / MOST_DAYS / len(scenario.tables.districts) * _slowness(scenario)
    districts = tuple(
        row.model_copy(update={"citizens_per_year": min(row.citizens_per_year, most)})
        for row in scenario.tables.districts
    )
    return replace(
        scenario,
        tables=replace(scenario.tables, districts=districts),
        parameters=scenario.parameters.model_copy(update={"time": short}),
    )


def expect(holds: bool, what: str) -> None:
    """Fail if something does not hold.

    Raises:
        FailureError: It does not.
    """
    if not holds:
        raise FailureError(what)


def _slowness(scenario: Scenario) -> float:
    """Return 1, or less in a place where things happen again and again within a day."""
    journey, crises = scenario.parameters.journey, scenario.parameters.crises
    delays = [journey.retry_days, journey.rebook_days, scenario.parameters.handoffs.chase_days]
    delays += [row.return_days for row in scenario.tables.needs if row.return_probability > 0.5]
    a_day = crises.hazard * crises.severity_ratio**0.5 * crises.missed_ratio + crises.raises
    return float(max(0.01, min(1.0, *delays, 1.0 / max(a_day, 1.0))))


def _unclear_problem(problem: Problem) -> str:
    text: Any = str(problem)
    if not problem.where.strip() or not problem.what.strip():
        return "says nothing about where or what"
    if len(text) > MOST_TEXT:
        return f"takes {len(text)} characters"
    if not text.isprintable():
        return "has characters that a terminal obeys instead of showing them"
    words = [word for word in _JARGON if word in text]
    return f"speaks of {words[0]}" if words else ""
