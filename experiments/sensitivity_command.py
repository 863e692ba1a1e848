"""``journeys sensitivity``: does the difference between arms survive what was assumed, and what does it hang on?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from experiments import text
from experiments.convergence import convergence
from experiments.files import SINGLE
from experiments.launching import launch
from experiments.manifest import Manifest
from experiments.sensitivity import Floats, morris_effects, sobol_indices
from experiments.sensitivity_plan import MORRIS, ONE_AT_A_TIME, SOBOL, Sensitivity
from experiments.sensitivity_text import SETTLING, heading, ranges_text, subject_text, unit_of_outcome
from experiments.store import Store
from experiments.sweep import estimated, kept_runs, run_points
from experiments.units import Unit
from sim.schema.problems import BadInputError

if TYPE_CHECKING:
    from experiments.figures.drawing import Drawing

CONVERGENCE = "convergence"
"""Name of the table, and of the files of the figure, of how indices settled."""
FIGURES: Mapping[str, tuple[str, ...]] = {
    ONE_AT_A_TIME: ("tornado_",),
    MORRIS: ("morris_", f"{CONVERGENCE}_"),
    SOBOL: ("sobol_", f"{CONVERGENCE}_"),
}
"""What the names of figures begin with, by method."""
INDICES: Mapping[str, Callable[..., pd.DataFrame]] = {MORRIS: morris_effects, SOBOL: sobol_indices}


@dataclass(frozen=True)
class Subject:
    """What of the outcome is analysed: the difference of an arm from the baseline, or an arm itself.

    Attributes:
        arm: Name of the arm.
        baseline: Name of the arm that is subtracted; "" for an arm itself.
        title: For people.
    """

    arm: str
    baseline: str
    title: str


@dataclass(frozen=True)
class Analysis:
    """What was found about a subject.

    Attributes:
        subject: What was analysed.
        table: A row a factor: of :func:`experiments.figures.tornado.tornado_table`,
            :func:`experiments.sensitivity.morris_effects` or :func:`experiments.sensitivity.sobol_indices`.
        settling: From :func:`experiments.convergence.convergence`; empty where nothing has to settle.
    """

    subject: Subject
    table: pd.DataFrame
    settling: pd.DataFrame


def command(arguments: Sequence[str]) -> int:
    """Do ``journeys sensitivity`` and return the exit status."""
    return launch("sensitivity", arguments, sensitivity)  # type: ignore[arg-type]


def sensitivity(plan: Sensitivity, folder: Path) -> int:
    """Run what is not yet stored of a design, then write tables and figures and print what was found.

    Args:
        plan: What to run.
        folder: Output folder.

    Returns:
        0, or 1 if runs failed or nothing could be analysed.
    """
    status = run_points("sensitivity", plan, folder, foreseen, report)
    return status if plan.dry_run or _tables_of(plan, folder)[0].is_file() else 1


def foreseen(plan: Sensitivity, units: Sequence[Unit], store: Store) -> str:
    """Return what is varied over which ranges, and what would run."""
    return "\n".join([heading(plan), "", ranges_text(plan.factors), "", estimated(plan, units, store)])


def report(plan: Sensitivity, units: Sequence[Unit], store: Store, folder: Path, manifest: Manifest) -> None:
    """Write tables and figures of stored runs and print what carries the differences."""
    runs = kept_runs(plan, units, store, folder)
    worlds = whole_worlds(plan, runs)
    if not worlds:
        what = f"no world has all of its {len(plan.points) * len(plan.arms)} runs"
        _report_nothing(plan, folder, what)
        return
    analyses = list(_analyses(plan, runs[runs["replicate"].isin(worlds)]))
    print(f"\n{heading(plan, worlds=len(worlds))}")
    for analysis in analyses:
        if analysis.subject.baseline:
            print(f"\n{subject_text(plan, analysis.subject.title, analysis.table, analysis.settling)}")
    if not analyses:
        _report_nothing(plan, folder, "no difference and no arm could be analysed")
        return
    files = _write_tables(plan, analyses, folder)
    # Drawing needs a library that takes half a second to import.
    from experiments.figures.drawing import write_all

    drawings = list(_drawings(plan, analyses, len(worlds)))
    figures = write_all(drawings, folder / "figures", manifest.provenance(), plan.executor.processes)
    data = "runs.parquet, runs.csv (a row a run, every factor a column)"
    print(text.results(folder, figures, {"tables": ", ".join(files), "data": data}))


def _report_nothing(plan: Sensitivity, folder: Path, why: str) -> None:
    """Say that there is no analysis, and take away what an earlier end left of one: it would seem to be of these runs.

    Args:
        plan: What was run.
        folder: Output folder.
        why: Why there is none.
    """
    # Drawing needs a library that takes half a second to import.
    from experiments.figures.saving import FORMATS
    from experiments.figures.tables import counted

    print(f"\nNothing can be said: {why}; what there is, is in runs.parquet", file=sys.stderr)
    kinds = [f"figures/{where}*.{kind}" for where in ("", f"{SINGLE}/") for kind in FORMATS]
    figures = [file for pattern in kinds for file in folder.glob(pattern) if file.name.startswith(FIGURES[plan.method])]
    old = [file for file in (*_tables_of(plan, folder), *figures) if file.is_file()]
    for file in old:
        file.unlink()
    if old:
        print(f"Tables and figures of an earlier end were taken away: {counted(len(old), 'file')}.", file=sys.stderr)


def _tables_of(plan: Sensitivity, folder: Path) -> list[Path]:
    """Return where the tables of a plan are written, that of its method first."""
    names = [plan.method] if plan.method == ONE_AT_A_TIME else [plan.method, CONVERGENCE]
    return [folder / "tables" / f"{name}.csv" for name in names]


def whole_worlds(plan: Sensitivity, runs: pd.DataFrame) -> list[int]:
    """Return the worlds in which no run failed: differences and effects need all points in the same worlds."""
    counts = runs.groupby("replicate").size()
    return [int(world) for world in counts.index[counts == len(plan.points) * len(plan.arms)]]


def subjects_of(plan: Sensitivity) -> list[Subject]:
    """Return what is analysed: the differences from the baseline first."""
    titles, baseline = plan.titles, plan.baseline
    gaps = [Subject(arm, baseline, f"{titles[arm]} - {titles[baseline]}") for arm in plan.arms if arm != baseline]
    return [*gaps, *(Subject(arm, "", titles[arm]) for arm in plan.arms)]


def outcomes_of(plan: Sensitivity, runs: pd.DataFrame, subject: Subject) -> Floats:
    """Return the outcome of a subject as it is shown, shares in percentage points; shape (points, worlds).

    Args:
        plan: What was run.
        runs: A row a run, of worlds with all runs.
        subject: What is analysed.
    """
    values = {
        arm: rows.pivot(index="point", columns="replicate", values=plan.outcome.name).to_numpy(np.float64)
        for arm, rows in runs.groupby("arm")
    }
    difference = values[subject.arm] - (values[subject.baseline] if subject.baseline else 0.0)
    return np.asarray(text.scaled(1.0, plan.outcome) * difference, np.float64)


def _analyses(plan: Sensitivity, runs: pd.DataFrame) -> Iterator[Analysis]:
    """Yield what was found about each subject; say of which nothing can be found, and why."""
    for subject in subjects_of(plan):
        try:
            yield _analysis(plan, subject, outcomes_of(plan, runs, subject))
        except BadInputError as error:
            # A median that is not reached, or an outcome that no factor changes: the others may be well.
            problems = "; ".join(map(str, error.problems))
            print(f"\nNothing can be said of {subject.title}, {plan.outcome.label}: {problems}", file=sys.stderr)


def _analysis(plan: Sensitivity, subject: Subject, outcomes: Floats) -> Analysis:
    if plan.method == ONE_AT_A_TIME:
        from experiments.figures.tornado import tornado_table

        table = tornado_table(plan.factors, plan.at, outcomes)
        # An arm by itself has no sign that could change.
        return Analysis(subject, table if subject.baseline else table.drop(columns="sign_survives"), pd.DataFrame())
    analyse = INDICES[plan.method]
    table = analyse(plan.factors, plan.at, outcomes)
    table = table.sort_values(SETTLING[plan.method], ascending=False, kind="stable", ignore_index=True)
    return Analysis(subject, table, convergence(analyse, plan.factors, plan.at, outcomes))


def _write_tables(plan: Sensitivity, analyses: Sequence[Analysis], folder: Path) -> list[str]:
    """Write one table of all subjects, and one of how they settled; return their paths from the output folder."""
    main, *settling = _tables_of(plan, folder)
    main.parent.mkdir(exist_ok=True)
    pd.concat([_named(one.subject, one.table) for one in analyses], ignore_index=True).to_csv(main, index=False)
    for path in settling:
        tables = [_named(one.subject, one.settling) for one in analyses]
        pd.concat(tables, ignore_index=True).to_csv(path, index=False)
    return [path.relative_to(folder).as_posix() for path in (main, *settling)]


def _named(subject: Subject, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the subject in front."""
    return pd.concat([pd.DataFrame({"arm": subject.arm, "minus": subject.baseline}, table.index), table], axis=1)


def _drawings(plan: Sensitivity, analyses: Sequence[Analysis], worlds: int) -> Iterator[Drawing]:
    """Yield a figure of each subject; a tornado only of differences, as it is about their signs."""
    from experiments.figures import indices, settling, tornado
    from experiments.figures.drawing import Drawing
    from experiments.figures.foot import foot_of
    from experiments.figures.labels import titles_of

    foot, titles = foot_of(plan, worlds), titles_of(plan.titles)
    for one in analyses:
        is_gap = bool(one.subject.baseline)
        unit = unit_of_outcome(plan.outcome, is_gap)
        # A colon has a meaning of its own in the paths of some systems.
        end = one.subject.arm.replace(":", "=") + ("" if is_gap else "_alone")
        minus = f" minus {titles[one.subject.baseline]}" if is_gap else ""
        words = f"{plan.outcome.label}: {titles[one.subject.arm]}{minus}"
        if plan.method == SOBOL:
            draw = partial(indices.draw_sobol, one.table, words, foot=foot)
            yield Drawing(f"{indices.SOBOL}_{end}", indices.SOBOL_TITLE, draw)
            draw = partial(settling.draw_settling, one.settling, ("first", "total"), words, foot=foot)
            yield Drawing(f"{CONVERGENCE}_{end}", settling.TITLE, draw)
        elif plan.method == MORRIS:
            draw = partial(indices.draw_morris, one.table, words, unit, foot=foot)
            yield Drawing(f"{indices.MORRIS}_{end}", indices.MORRIS_TITLE, draw)
            draw = partial(settling.draw_settling, one.settling, ("mu_star",), words, unit, foot=foot)
            yield Drawing(f"{CONVERGENCE}_{end}", settling.TITLE, draw)
        elif is_gap:
            draw = partial(tornado.draw_tornado, one.table, words, f"{words}, {unit}", foot=foot)
            yield Drawing(f"{tornado.NAME}_{end}", tornado.TITLE, draw)
