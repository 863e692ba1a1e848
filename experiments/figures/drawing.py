"""Figures that are drawn and written side by side, each in both widths of a column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from matplotlib.figure import Figure

from experiments.executor import BrokenPoolError, do_all
from experiments.figures import style
from experiments.figures.saving import save
from experiments.files import SINGLE
from experiments.garbage import few_collections

WIDTHS = {"": style.DOUBLE_COLUMN, SINGLE: style.SINGLE_COLUMN}
"""Widths of figures in mm, by the folder they are written into, in that of the figures."""

ThingT = TypeVar("ThingT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Drawing:
    """A figure that is still to be drawn.

    Attributes:
        name: Of its files.
        title: In their metadata.
        draw: Draws it, given its ``width`` in mm; can be pickled.
    """

    name: str
    title: str
    draw: Callable[..., Figure]


Task = Callable[[], list[Path]]
"""Draws and writes something, and returns the paths of its files; can be pickled."""


def write(drawing: Drawing, folder: Path, provenance: Mapping[str, str]) -> list[Path]:
    """Draw and write a figure, in the folder as wide as a page and in ``single_column`` as wide as a column."""
    return [path for task in tasks_of([drawing], folder, provenance) for path in task()]


def write_all(
    drawings: Sequence[Drawing], folder: Path, provenance: Mapping[str, str], workers: int | None = 1
) -> list[Path]:
    """Draw and write figures.

    Args:
        drawings: Each with a name of its own.
        folder: Where; made if it is missing.
        provenance: For the metadata of each file.
        workers: Processes; None for all cores, 1 for this process alone.

    Returns:
        The paths of the files, in the order of the drawings.
    """
    return do_tasks(tasks_of(drawings, folder, provenance), workers)


def tasks_of(drawings: Sequence[Drawing], folder: Path, provenance: Mapping[str, str]) -> list[Task]:
    """Return what is to be done to draw and write figures, a task for each width: many small ones fill all cores."""
    return [
        partial(_write, drawing, folder / where, dict(provenance), width)
        for drawing in drawings
        for where, width in WIDTHS.items()
    ]


def _write(drawing: Drawing, folder: Path, provenance: Mapping[str, str], width: float) -> list[Path]:
    return save(drawing.draw(width=width), folder, drawing.name, drawing.title, provenance)


def do_tasks(tasks: Sequence[Task], workers: int | None) -> list[Path]:
    """Do tasks as :func:`each_done` and return the paths of the files in one list."""
    return [path for paths in each_done(tasks, workers) for path in paths]


def each_done(tasks: Sequence[Task], workers: int | None) -> list[list[Path]]:
    """Return the paths of the files that each task writes, in the order of the tasks.

    Args:
        tasks: In the order in which they are begun; the cores are longest at work together if long ones come first.
        workers: Processes; None for all cores, 1 for this process alone.
    """
    return each(_done, tasks, workers)


def _done(task: Task) -> list[Path]:
    with few_collections():
        return task()


def each(task: Callable[[ThingT], ResultT], things: Sequence[ThingT], workers: int | None) -> list[ResultT]:
    """Return what a task makes of each thing, in their order.

    Args:
        task: Can be pickled.
        things: What to do it with.
        workers: Processes; None for all cores, 1 for this process alone.
    """
    made: dict[int, ResultT] = {}
    try:
        for (number, _), result in do_all(partial(_of_second, task), list(enumerate(things)), workers):
            made[number] = result
    except BrokenPoolError:
        # A process was stopped, perhaps for want of memory: one after the other needs the least of it.
        made.update({number: task(thing) for number, thing in enumerate(things) if number not in made})
    return [made[number] for number in range(len(things))]


def _of_second(task: Callable[[ThingT], ResultT], pair: tuple[int, ThingT]) -> ResultT:
    return task(pair[1])
