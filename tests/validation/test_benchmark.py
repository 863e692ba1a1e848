"""The engines of the benchmark run the same model and count the same logical events.

Error rates: seeds are fixed, so that every test passes or fails for ever. Were they drawn anew, the comparison of
outcomes would fail falsely in at most ``ERROR_RATE`` of all cases (Bonferroni over engines and outcomes).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pytest

from experiments.benchmark import __main__, measuring, memory, ours, results, with_simpy
from experiments.benchmark.apart import timed, timed_apart
from experiments.benchmark.engines import AS_IT_IS, OURS, PEERS, Engine, engine_of
from experiments.benchmark.measuring import Measured, estimated, exponent, measured, outcomes_of
from experiments.benchmark.reference import (
    ASSESSMENT_ENDED,
    ASSESSMENT_STARTED,
    BLOCK,
    GAVE_UP,
    HANDOFF_DROPPED,
    HANDOFF_MADE,
    HANDOFF_RECEIVED,
    JOINED,
    LEFT,
    NOT_TRANSMITTED,
    ONSET,
    SETBACK,
    SOUGHT,
    SUPPORT_ENDED,
    SUPPORT_STARTED,
    VOCABULARY,
    Record,
    Reference,
    counted,
    outcomes,
    reference_of,
)
from experiments.benchmark.reporting import exponent_table, speed_table
from experiments.benchmark.results import agreement, beside_ours
from experiments.validation.compared import all_agree, with_peer
from sim.codes import Activity

ERROR_RATE = 1e-3
RUNS = 20
ENGINES = [OURS, *PEERS]
NAMES = [engine.key for engine in ENGINES]
FOLLOWS = {
    ONSET: {SOUGHT},
    SOUGHT: {JOINED, HANDOFF_MADE},
    JOINED: {ASSESSMENT_STARTED, SUPPORT_STARTED, LEFT},
    LEFT: {SETBACK, HANDOFF_DROPPED},
    ASSESSMENT_STARTED: {ASSESSMENT_ENDED},
    ASSESSMENT_ENDED: {HANDOFF_MADE},
    HANDOFF_MADE: {NOT_TRANSMITTED, HANDOFF_RECEIVED},
    NOT_TRANSMITTED: {SOUGHT, GAVE_UP},
    HANDOFF_RECEIVED: {JOINED},
    HANDOFF_DROPPED: {SOUGHT, GAVE_UP},
    SETBACK: {SOUGHT, GAVE_UP},
    SUPPORT_STARTED: {SUPPORT_ENDED},
    SUPPORT_ENDED: set(),
    GAVE_UP: set(),
}
"""What may come next for a citizen, by the words of the reference model."""


@lru_cache
def record(key: str) -> Record:
    """Return the record of one run of one block."""
    engine = engine_of(key)
    return engine.record(engine.simulate(engine.prepare(reference_of(BLOCK)), 7))


@lru_cache
def own() -> dict[str, list[float]]:
    """Return our outcomes in runs of one block."""
    return outcomes_of(OURS, BLOCK, range(RUNS))


def journeys(key: str) -> list[list[tuple[float, str]]]:
    """Return the entries of each citizen, in the order of the record."""
    found: dict[int, list[tuple[float, str]]] = {}
    for time, what, who in record(key):
        found.setdefault(who, []).append((time, what))
    return list(found.values())


def test_exact_engines_agree() -> None:
    exact, biased = agreement(PEERS, RUNS)
    assert {one.case for one in exact} == {peer.name for peer in PEERS if peer.is_exact}
    assert {one.case for one in biased} == {peer.name for peer in PEERS if not peer.is_exact}
    assert all_agree(exact, ERROR_RATE), [one for one in exact if abs(one.z) > 3.0]


@pytest.mark.parametrize("change", [{"persistence": 0.5}, {"sent": 0.85}, {"support_places": 34}])
def test_the_comparison_sees_another_model(change: dict[str, float]) -> None:
    other = replace(Reference(), **change)  # type: ignore[arg-type]
    runs = [outcomes(with_simpy.simulate(other, seed)) for seed in range(RUNS, 2 * RUNS)]
    compared = [with_peer("", "", name, [run[name] for run in runs], values) for name, values in own().items()]
    assert not all_agree(compared, ERROR_RATE)


@pytest.mark.parametrize("key", NAMES)
def test_every_engine_uses_the_whole_vocabulary(key: str) -> None:
    assert set(FOLLOWS) == set(VOCABULARY)
    assert all(counted(record(key)).values())


@pytest.mark.parametrize("key", NAMES)
def test_every_journey_follows_the_words_of_the_reference(key: str) -> None:
    for journey in journeys(key):
        assert journey[0][1] == ONSET
        for (before, what), (after, following) in pairwise(journey):
            assert following in FOLLOWS[what], journey
            assert after >= before


@pytest.mark.parametrize("key", NAMES)
def test_who_leaves_has_a_setback_of_the_kind_of_the_service(key: str) -> None:
    for journey in journeys(key):
        events = [what for _, what in journey]
        for place, what in enumerate(events):
            if what in (SETBACK, HANDOFF_DROPPED):
                came_from = events[place - 3]
                assert came_from == (SOUGHT if what == SETBACK else HANDOFF_RECEIVED)
            if what in (ASSESSMENT_STARTED, SUPPORT_STARTED):
                assert events[place - 2] == (SOUGHT if what == ASSESSMENT_STARTED else HANDOFF_RECEIVED)


@pytest.mark.parametrize("key", [key for key in NAMES if engine_of(key).is_exact])
def test_not_knowing_takes_a_fixed_time(key: str) -> None:
    """Whoever gives up after a letter was not transmitted does so when they learn it, to the bit of rounding."""
    waits = [
        after - before
        for journey in journeys(key)
        for (before, what), (after, following) in pairwise(journey)
        if (what, following) == (NOT_TRANSMITTED, GAVE_UP)
    ]
    assert len(waits) > 30
    assert waits == pytest.approx([Reference().unaware_days] * len(waits))


def test_our_other_rows_are_not_counted() -> None:
    model = ours.simulate(ours.scenario_of(reference_of(BLOCK)), 7)
    activities = model.ledger.columns()["activity"].tolist()
    besides = activities.count(Activity.HANDOFF_ACCEPTED) + activities.count(Activity.HANDOFF_ATTENDED)
    assert besides > 1_000
    assert len(ours.record_of(model)) == len(activities) - besides


def test_a_strange_row_of_ours_is_not_passed_over() -> None:
    model = ours.simulate(ours.scenario_of(reference_of(BLOCK)), 7)
    model.ledger.record(1.0, Activity.CRISIS, 0, 0)
    with pytest.raises(ValueError, match="not in the reference model"):
        ours.record_of(model)


def test_counts_and_outcomes_of_a_small_record() -> None:
    small: Record = [
        (0.0, ONSET, 1), (0.0, SOUGHT, 1), (0.0, JOINED, 1), (2.0, ASSESSMENT_STARTED, 1), (3.0, ASSESSMENT_ENDED, 1),
        (3.0, HANDOFF_MADE, 1), (4.0, HANDOFF_RECEIVED, 1), (4.0, JOINED, 1), (8.0, SUPPORT_STARTED, 1),
        (1.0, ONSET, 2), (1.0, SOUGHT, 2), (1.0, JOINED, 2), (5.0, LEFT, 2), (5.0, SETBACK, 2), (5.0, GAVE_UP, 2),
    ]  # fmt: skip
    assert counted(small)[JOINED] == 3
    assert list(outcomes(small).values()) == pytest.approx([0.5, 0.5, 1 / 3, 0.0, 0.0, 3.0])
    with pytest.raises(ValueError, match="not a logical event"):
        counted([(0.0, "met a friend", 1)])


def test_sizes_are_whole_blocks() -> None:
    assert reference_of(3 * BLOCK).blocks == 3
    with pytest.raises(ValueError, match="multiples"):
        reference_of(BLOCK + 1)


def test_blocks_do_not_touch_each_other() -> None:
    """With as many places for each citizen, the outcomes of a place of three blocks are those of one block."""
    three = outcomes_of(OURS, 3 * BLOCK, range(RUNS, RUNS + 8))
    assert all_agree([with_peer("", "", name, one, three[name]) for name, one in own().items()], ERROR_RATE)


def test_what_would_take_too_long_is_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "peak_growth", lambda *_: None)
    simpy = engine_of("simpy")
    found = measured([OURS, simpy], [BLOCK, 2 * BLOCK], 2, 1e-6, lambda _: None)
    small, large = [one for one in found if one.engine is simpy]
    assert (len(small.seconds), large.seconds) == (2, [])
    assert large.estimate == pytest.approx(2.0 * small.time)
    ratio = beside_ours(found, small)
    assert ratio is not None
    assert ratio > 0.0
    assert beside_ours(found, large) is None
    assert "not measured: would take" in speed_table(found)
    assert "not measured" in exponent_table(found)


def test_the_model_as_it_is_does_the_same_in_a_process_of_its_own() -> None:
    seconds, events = timed_apart(AS_IT_IS, BLOCK, 3)
    assert seconds > 0.0
    assert events == timed(OURS, OURS.prepare(reference_of(BLOCK)), 3)[1]


def test_estimates_follow_the_growth_that_was_seen() -> None:
    ciw = engine_of("ciw")
    runs = [Measured(ciw, 10, [1.0, 1.0, 9.0]), Measured(ciw, 100, [50.0])]
    assert estimated(runs[:1], ciw, 100) == pytest.approx(100.0)
    assert exponent(*runs) == pytest.approx(1.69897, abs=1e-5)
    assert estimated(runs, ciw, 1_000) == pytest.approx(2_500.0)
    assert estimated(runs, OURS, 1_000) is None


@pytest.mark.parametrize("engine", [OURS, engine_of("simpy")], ids=lambda engine: engine.key)
def test_memory_grows_by_what_a_run_takes(engine: Engine) -> None:
    """A record of some 20,000 entries alone is more than half a megabyte."""
    growth = memory.peak_growth(engine.key, BLOCK, engine.environment)
    if growth is None:
        pytest.skip("this system does not tell the peak of memory")
    assert 5e5 < growth < 5e7


def test_the_command_writes_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small: few runs to compare outcomes, and no memory, which another test measures."""
    monkeypatch.setattr(results, "AGREEMENT_RUNS", 3)
    monkeypatch.setattr(measuring, "peak_growth", lambda *_: None)
    page = tmp_path / "page.md"
    __main__.main(["--sizes", "2,000", "--repeats", "1", "--peers", "simpy", "--no-town", "--markdown", str(page)])
    text = page.read_text(encoding="utf-8")
    assert text in capsys.readouterr().out
    assert "| 2,000 | SimPy |" in text
    assert "three_journeys" not in text


@pytest.mark.parametrize("words", [["--sizes", "2001"], ["--repeats", "0"], ["--peers", "spreadsheet"]])
def test_bad_options_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        __main__.main(words)
    assert words[0] in capsys.readouterr().err
