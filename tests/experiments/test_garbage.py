"""Garbage is looked for once, among what is new; and what stays in a process made for work is not looked at again."""

from __future__ import annotations

import gc
import weakref

import pytest

from experiments import garbage


class Thing:
    """Refers to itself: only the garbage collector takes it away."""

    def __init__(self) -> None:
        self.me = self


def test_garbage_is_looked_for_at_the_end_and_only_among_what_is_new() -> None:
    before, frozen = weakref.ref(Thing()), gc.get_freeze_count()
    gc.enable()
    with pytest.raises(ZeroDivisionError), garbage.few_collections():
        assert not gc.isenabled()
        within = weakref.ref(Thing())
        assert within() is not None
        raise ZeroDivisionError
    assert within() is None
    assert before() is not None
    assert gc.isenabled() and gc.get_freeze_count() == frozen
    gc.collect()
    assert before() is None


def test_what_python_itself_has_frozen_is_no_reason_to_keep_the_rest() -> None:
    """Python 3.12 begins with some objects frozen."""
    gc.freeze()
    try:
        before = weakref.ref(Thing())
        with garbage.few_collections():
            pass
        gc.collect()
        assert before() is None
    finally:
        gc.unfreeze()


def test_in_a_process_made_for_work_what_is_frozen_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "_stays", False)
    garbage.keep_what_is_there()
    frozen = gc.get_freeze_count()
    gc.disable()
    try:
        with garbage.few_collections():
            pass
        assert gc.get_freeze_count() >= frozen > 0
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
