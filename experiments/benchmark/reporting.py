"""Put the results of the benchmark into words and tables, in Markdown."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from itertools import pairwise

from experiments.benchmark.measuring import Measured, exponent
from experiments.benchmark.results import Results, beside_ours
from experiments.benchmark.town import Arm
from experiments.validation.part import Part, table
from sim import prebuilt

_TITLE = "Speed and memory beside other simulators"
_BEFORE = """\
`make benchmark` runs one reference model, the question of the project in small, in this model, in Mesa with a step a
day, with Mesa's event simulator, in SimPy and in Ciw. Each is written for its engine from the ground up
(`experiments/benchmark/`). For each 2,000 citizens there are two doors with an assessment service of 6 places each, and
two support services of 36 places of another provider. The work that comes to them is about what the places can do, and
nine tenths of their time is in use. Citizens choose a door, wait with exponential patience, are assessed, are handed on
by letter, which may get lost on the way, wait again, are supported; after a setback they try again after a while or
give up. Blocks of 2,000 do not touch each other: queues are as long at every size.

A logical event is one entry of the record that all keep: a need arises, a door is sought, a queue joined or left, an
assessment or support started or ended, a handoff made, not transmitted, received or dropped, a setback, giving up. Rows
that only our ledger has are not counted. Time is processor time of making the world and running it; engines take turns,
repeat by repeat, in one process, and medians are shown. Reading our tables from files is not timed, as the others read
none. Ciw is timed without reading the events from its own records. Python's search for cyclic garbage is as each
engine leaves it: ours pauses it during a run, and one row shows what that alone would do for SimPy. Memory is the
growth of the resident memory at its peak, of one run in a process of its own, our tables included.

The peers do the reference model and nothing else. Ours does it as a case of the full model: each citizen asks at each
step which rules hold, each draw has an address of its own, each row of the ledger says where and why."""
_COMPARED = """\
That all are the same model is shown by the outcomes of one block in independent runs ("expected" is the peer's mean,
"simulated" ours):"""
_BIASED = """\
The model with a step a day is an approximation, and its differences are shown without a judgement. It has whole days
only: a wait of less than a day is none, and what takes a time of some mean ends on each day with a probability that
keeps the mean. Usually all citizens are agents from the first day and take a step each day; in the other form only
those who have a need are, which is the least work that it can have."""
_HISTORY = """\
Before the agents were made faster, on the same machine while it was busy, with the garbage collector paused for all and
two repeats: at 20,000 citizens this model 194,000 logical events a second, SimPy 287,000, Mesa's event simulator
260,000; `three_journeys` fragmented 151,000 events a second, integrated 137,000 (25 November 2026).

With the agents compiled, but still one heap of all events, rows of the ledger packed one by one, and citizens kept
until their patience would have ended (the same day, idle machine): at 20,000 citizens this model 340,000, compiled
788,000, SimPy 268,000, Mesa with daily steps 93,000; at 200,000 citizens this model 266,000, compiled 564,000, SimPy
113,000, and 1,490 bytes a citizen; `three_journeys` compiled, fragmented 473,000 events a second, integrated 467,000.

Mesa with daily steps visits all citizens each day, and so depends most on what else uses the memory of a machine: a run
with 20,000 took between 2.2 and 5.1 s from hour to hour on this one, a run of this model compiled 0.14 to 0.15 s."""
_TOWN = """\
The full model in the town `three_journeys` (all rows of the ledger; without the making of the world):"""


def part(results: Results) -> Part:
    """Return the section of the page on validation."""
    before = "\n\n".join(
        [_BEFORE, _versions(), speed_table(results.measured), exponent_table(results.measured), _COMPARED]
    )
    after = [f"{_BIASED}\n\n{table(results.biased)}"] if results.biased else []
    after += [f"{_TOWN}\n\n{town_table(results.town)}", _HISTORY] if results.town else []
    return Part(_TITLE, before, results.compared, "\n\n".join(after))


def markdown(section: Part) -> str:
    """Return a section as Markdown."""
    blocks = [f"# {section.title}", section.before, table(section.compared) if section.compared else "", section.after]
    return "\n\n".join(block for block in blocks if block) + "\n"


def speed_table(measured: Sequence[Measured]) -> str:
    """Return time and memory, size by size."""
    lines = [
        "| citizens | engine | seconds | logical events a second | beside ours | peak memory | a citizen | runs |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in measured:
        if one.seconds:
            ratio = beside_ours(measured, one)
            beside = "not measured" if ratio is None else f"{ratio:.2f}"
            cells = [f"{one.time:,.2f}", f"{one.rate:,.0f}", beside, *_memory(one)]
        else:
            cells = [f"not measured: would take {_minutes(one)} a run", "", "", "", ""]
        lines.append(f"| {one.citizens:,} | {one.engine.name} | {' | '.join(cells)} | {len(one.seconds)} |")
    return "\n".join(lines)


def exponent_table(measured: Sequence[Measured]) -> str:
    """Return how the time of each engine grows: 1 is in proportion to the citizens, 2 with their square."""
    sizes = sorted({one.citizens for one in measured})
    steps = list(pairwise(sizes))
    if len(sizes) > 2:
        steps.append((sizes[0], sizes[-1]))
    if not steps:
        return ""
    names = [f"{small:,} to {large:,}" for small, large in steps]
    lines = [f"| time grows with citizens to the power | {' | '.join(names)} |", "| --- |" + " ---: |" * len(steps)]
    by_size = {(one.engine.name, one.citizens): one for one in measured if one.seconds}
    for name in dict.fromkeys(one.engine.name for one in measured):
        pairs = [(by_size.get((name, small)), by_size.get((name, large))) for small, large in steps]
        cells = [f"{exponent(small, large):.2f}" if small and large else "not measured" for small, large in pairs]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def town_table(town: Sequence[Arm]) -> str:
    """Return the speed of the full model by coordination."""
    lines = ["| coordination | events | seconds | events a second | runs |", "| --- | ---: | ---: | ---: | ---: |"]
    for arm in town:
        lines.append(
            f"| `{arm.name}` | {arm.events:,} | {arm.seconds:.2f} | {arm.events / arm.seconds:,.0f} | {arm.repeats} |"
        )
    return "\n".join(lines)


def _versions() -> str:
    """Return what was measured with what."""
    engines = ", ".join(f"{name} {version(name)}" for name in ("Mesa", "SimPy", "Ciw"))
    return f"Measured with Python {platform.python_version()} on {platform.machine()}, {engines}. {_build()}"


def _build() -> str:
    """Return whether our agents are compiled here."""
    if prebuilt.IS_TAKEN:
        return (
            "Our agents were compiled (`make compiled`; the results are the same to the bit) for the row that says so, "
            "beside which the others are set, and for the full model. Each run of this model as it is was timed in a "
            "process of its own, in turn with the others."
        )
    return "Our agents were not compiled (`make compiled` does it): they ran as they are."


def _memory(one: Measured) -> tuple[str, str]:
    if one.peak is None:
        return "not measured", ""
    return f"{one.peak / 1e6:,.1f} MB", f"{one.peak / one.citizens:,.0f} bytes"


def _minutes(one: Measured) -> str:
    assert one.estimate is not None
    return f"{one.estimate / 60.0:,.0f} min" if one.estimate >= 90.0 else f"{one.estimate:,.0f} s"
