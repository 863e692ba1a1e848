"""What is made of many things is whole and in their order, even if a process is stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from experiments.executor import BrokenPoolError, do_all
from experiments.figures import drawing

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


def test_what_a_broken_pool_leaves_undone_is_made_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def squared(number: int) -> int:
        made.append(number)
        return number**2

    def broken(
        work: Callable[[TaskT], ResultT], tasks: Sequence[TaskT], workers: int | None
    ) -> Iterator[tuple[TaskT, ResultT]]:
        """Finish the last task first, then fail."""
        yield tasks[-1], work(tasks[-1])
        raise BrokenPoolError

    monkeypatch.setattr(drawing, "do_all", broken)
    assert drawing.each(squared, [3, 1, 2, 5], workers=4) == [9, 1, 4, 25]
    assert made == [5, 3, 1, 2]


def test_an_error_of_the_task_itself_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        drawing.each(lambda number: 1 / number, [1, 0], workers=1)


def test_results_are_in_the_order_of_the_things(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "do_all", lambda work, tasks, workers: reversed(list(do_all(work, tasks, 1))))
    assert drawing.each(abs, [-3, 1, -2], workers=None) == [3, 1, 2]
    assert drawing.each(abs, [], workers=None) == []


def test_each_width_is_a_task_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    widths: list[float] = []
    monkeypatch.setattr(drawing, "save", lambda figure, folder, name, *_: [folder / name])
    drawings = [drawing.Drawing(name, "", lambda width: widths.append(width)) for name in ("a", "b")]
    tasks = drawing.tasks_of(drawings, tmp_path, {})
    assert len(tasks) == 2 * len(drawing.WIDTHS)
    paths = [tmp_path / where / name for name in ("a", "b") for where in drawing.WIDTHS]
    assert drawing.do_tasks(tasks, 1) == paths
    assert widths == 2 * list(drawing.WIDTHS.values())
