"""``docs/validation.md``: the parts in order, with what is weak or fails at the top."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from scipy import stats

from experiments.validation.compared import Compared
from experiments.validation.part import Part, table

ERROR_RATE = 1e-3
"""Of all comparisons of a section together (Bonferroni)."""
LARGE = 3.0
"""Beyond it a z is named at the top of the page, even if so many comparisons let it be expected."""

_HEAD = """\
# Validation

Made by `make validation`; edit `experiments/validation/`, not this page.

Is the model right? Here it is held against queueing theory, against other simulators, against published models, and
against itself. Smaller versions of the same comparisons, by the same code, are tests. Whether its *assumptions* hold in
a real place is another question: see [evidence.md](evidence.md) and the READMEs of the scenarios."""


@dataclass(frozen=True)
class Made:
    """One part and the minutes that it took."""

    part: Part
    minutes: float


def page(made: Sequence[Made]) -> str:
    """Return the page in Markdown."""
    blocks = [_HEAD, _software(), overview(made), _weak(made)]
    return "\n\n".join([*blocks, *(_section(one.part) for one in made)]) + "\n"


def failing(part: Part) -> list[Compared]:
    """Return the comparisons of a part that are beyond the bound that all of them together respect by chance."""
    bound = bound_of(len(part.compared))
    return [one for one in part.compared if not abs(one.z) < bound]


def bound_of(comparisons: int) -> float:
    """Return the |z| that a number of comparisons exceeds anywhere with the probability ``ERROR_RATE`` at most."""
    return float(stats.norm.isf(ERROR_RATE / max(1, comparisons) / 2.0))


def overview(made: Sequence[Made]) -> str:
    """Return a row for each part: how many comparisons, how far they are at most, how many fail."""
    lines = [
        "| section | comparisons | largest \\|z\\| | bound | beyond it | minutes |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in made:
        compared = one.part.compared
        cells = ["", "", "", ""]
        if compared:
            largest = max(abs(single.z) for single in compared)
            bound = bound_of(len(compared))
            cells = [f"{len(compared)}", f"{largest:.2f}", f"{bound:.2f}", f"{len(failing(one.part))}"]
        elif one.part.broken:
            cells[3] = f"{len(one.part.broken)} broken"
        lines.append(f"| [{one.part.title}](#{_anchor(one.part.title)}) | {' | '.join(cells)} | {one.minutes:.1f} |")
    return "\n".join(lines)


def _weak(made: Sequence[Made]) -> str:
    """Return what fails, and what is large without failing."""
    fails = [one for single in made for one in failing(single.part)]
    large = [one for single in made for one in single.part.compared if abs(one.z) > LARGE and one not in fails]
    count = sum(len(single.part.compared) for single in made)
    expected = count * 2.0 * float(stats.norm.sf(LARGE))
    lines = ["## What fails or is weak", ""]
    lines.append(f"Beyond the bound of its section: {_named(fails) if fails else 'nothing.'}")
    lines.append("")
    broken = [f"{single.part.title}: {words}" for single in made for words in single.part.broken]
    lines.append(f"Does not hold: {'; '.join(broken) if broken else 'nothing'}.")
    lines.append("")
    lines.append(
        f"|z| above {LARGE:g} without being beyond it ({expected:.1f} of {count} are expected by chance if they were "
        f"independent): {_named(large) if large else 'none.'}"
    )
    lines.append("")
    lines.append("What could not be compared, or only weakly, is said at the end of each section.")
    return "\n".join(lines)


def _named(compared: Sequence[Compared]) -> str:
    return "; ".join(f"{one.family}, {one.case}, {one.measure} ({one.z:+.2f})" for one in compared) + "."


def _section(part: Part) -> str:
    blocks = [f"## {part.title}", part.before, table(part.compared) if part.compared else "", part.after]
    return "\n\n".join(block for block in blocks if block)


def _anchor(title: str) -> str:
    """Return the address that a heading has on the usual sites."""
    kept = [letter for letter in title.lower() if letter.isalnum() or letter in " -"]
    return "".join(kept).replace(" ", "-")


def _software() -> str:
    named = ("citizen-journeys", "numpy", "numba", "Mesa", "SimPy", "Ciw", "treat-sim")
    return f"Python {platform.python_version()}; " + ", ".join(f"{name} {version(name)}" for name in named) + "."
