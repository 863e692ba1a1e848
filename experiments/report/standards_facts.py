"""Statements on a stored comparison that more than one reporting standard asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from experiments.paired import LEVEL
from experiments.plan import parameter_text
from experiments.report.answer import FEW_WORLDS
from experiments.report.basis import CHANGED, OF_PLACE, Value, values_of
from experiments.report.stored import Stored
from experiments.text import BUDGETS, counted
from sim.coordination import MECHANISMS, WORDS
from sim.outcomes.headline import HEADLINE
from sim.schema.fields import Status
from sim.schema.resources import Budget

WITH_SOURCE = (Status.PUBLISHED, Status.QUOTED, Status.DERIVED)


def arms(stored: Stored) -> str:
    """Return what is compared with what."""
    baseline, *others = stored.titles.values()
    return f"{', '.join(others)} against {baseline} (the baseline)" if others else f"{baseline} alone, without another"


def label(name: str) -> str:
    """Return the words for an outcome."""
    return next(outcome.label for outcome in HEADLINE if outcome.name == name)


def budget(stored: Stored) -> str:
    """Return who pays for coordination."""
    return BUDGETS[Budget(stored.manifest["budget"])]


def rules(stored: Stored) -> str:
    """Return the mechanism of the baseline for each question."""
    baseline, title = next(iter(stored.titles.items()))
    arm = stored.manifest["arms"][baseline]
    dated = len(arm["initiatives"])
    return f"{title}: {', '.join(f'{name} {arm[name]}' for name in MECHANISMS)}; dated changes of its own: {dated}."


def differences(stored: Stored) -> str:
    """Return in which settings each arm differs from the baseline; "" where there is no other arm."""
    baseline, *others = stored.titles
    base = stored.manifest["arms"][baseline]
    said = [
        f"{stored.titles[name]}: {_changed(base, stored.manifest['arms'][name]) or 'no setting differs'}"
        for name in others
    ]
    return f"Against {stored.titles[baseline]}. {'; '.join(said)}." if said else ""


def _changed(base: Mapping[str, Any], arm: Mapping[str, Any]) -> str:
    parts = []
    for name, own in arm.items():
        if name in WORDS or own == base.get(name):
            continue
        if name == "initiatives":
            parts.append(f"dated changes of its own: {len(own)}")
        else:
            parts.append(f"{name} {own} instead of {base.get(name)}")
    return ", ".join(parts)


def statuses(stored: Stored) -> str:
    """Return how many parameters there are of each status."""
    counts = Counter(value.status for value in values_of(stored.manifest))
    order = (*(str(status) for status in WITH_SOURCE), str(Status.ASSUMED), OF_PLACE, CHANGED, str(Status.SETTING))
    return f"Of {sum(counts.values())} parameters: " + ", ".join(f"{counts[name]} {name}" for name in order) + "."


def sourced(stored: Stored) -> str:
    """Return every parameter that was used with a default that has a source, and this source."""
    values = [value for value in values_of(stored.manifest) if value.status in WITH_SOURCE]
    return "; ".join(_source(value) for value in values)


def _source(value: Value) -> str:
    return f"{value.entry.path} = {parameter_text(value.used)} ({value.status}; {value.entry.note.source})"


def changes(stored: Stored) -> str:
    """Return which parameters differ from the place's own."""
    changed = stored.manifest["changed"]
    if not changed:
        return "No parameter differs from the place's own."
    said = ", ".join(
        f"{path} {parameter_text(used)} instead of {parameter_text(own)}" for path, (own, used) in changed.items()
    )
    return f"Changed for this comparison: {said}."


def worlds(stored: Stored) -> str:
    """Return how many random worlds there are, and who decided it."""
    few = (
        f", fewer than the {FEW_WORLDS} below which intervals rest on too little" if stored.worlds < FEW_WORLDS else ""
    )
    text = f"Random worlds: {stored.worlds}{few}."
    precision = stored.manifest.get("precision")
    if precision:
        kept = "was met" if precision["is_precise"] else "was not met"
        text += f" Their number followed a stopping rule on “{label(precision['rule']['outcome'])}”, which {kept}."
    return text


def estimation(stored: Stored) -> str:
    """Return how outcomes are estimated and compared."""
    text = f"{worlds(stored)} Outcomes are means over worlds."
    others = len(stored.titles) - 1
    if others:
        text += (
            " The same number of a world is the same people with the same luck in every arm, so arms are compared "
            f"within worlds: {100 * LEVEL:g} % t intervals of the paired differences (tables/headline.csv: low, high)."
        )
    if others > 1 and "all_low" in stored.tables["headline"]:
        text += (
            f" Intervals that hold for all {others} differences of an outcome together (Bonferroni) are beside them "
            "(all_low, all_high)."
        )
    return text


def cohort(stored: Stored) -> str:
    """Return how long runs are and which needs are counted."""
    time = stored.time
    if not time.horizon_days:
        return "Runs have no time: their horizon is day 0."
    return (
        f"From day 0 to day {time.horizon_days:g}; time is continuous, in days. Warm-up: {time.warmup_days:g} days. "
        f"Counted: {counted(time)}."
    )


def place_of_data(stored: Stored) -> str:
    """Return where the tables of the place are described."""
    name = stored.manifest["scenario"]["name"]
    if stored.manifest["scenario"]["shipped"]:
        return f"The tables of {stored.place} come with the project; scenarios/{name}/README.md says where from."
    return f"The tables of {stored.place} are its own and not part of the project."


def code(stored: Stored) -> str:
    """Return which code made the runs."""
    source = stored.manifest["source"]
    commit = "not from a checkout" if source is None else f"commit {source['commit']}"
    text = f"citizen-journeys {stored.manifest['version']}, {commit}."
    if source is not None and source["dirty"]:
        text += " Files had changes that were not committed: this commit alone does not make the same numbers."
    return text


def ended(stored: Stored) -> str:
    """Return how many runs there are and how the comparison ended."""
    counts = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in stored.manifest["runs"].items())
    return f"The comparison is {stored.manifest['status']}. Runs: {counts}."
