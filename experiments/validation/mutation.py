"""Are the tests of rules and outcomes sharp? Change the source in one place at a time and see whether a test fails.

::

    python -m experiments.validation.mutation                        # all: ten to twenty minutes on two cores
    python -m experiments.validation.mutation --modules sim/rules    # or one file: --modules sim/rules/doors.py
    python -m experiments.validation.mutation --limit 40             # every so manieth mutant
    python -m experiments.validation.mutation --only sim/rules/doors.py:NumberReplacer:3 --show
    python -m experiments.validation.mutation --save                 # keep what was found, for docs/validation.md
    python -m experiments.validation.mutation --survivors --save     # after new tests: only what survived last time

One process imports what is slow to import, and forks for each mutant; the child puts the mutant in the place of the
module and runs the tests that speak of it until the first fails. Needs the extra ``mutation`` and a system that forks.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import signal
import sys
import tempfile
import types
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from experiments.validation.mutants import ROOT, Mutant, mutants_of
from experiments.validation.mutation_part import (
    Score,
    kept_survivors,
    save_scores,
    save_survivors,
    score_of,
    with_fewer_survivors,
)

MODULES = ("sim/rules", "sim/outcomes")
WORKERS = 2

_RULES = "tests/sim/test_rules.py::test_a_rule_does_what_it_should"
_PEOPLE = tuple(f"tests/sim/test_extremes.py::{test}" for test in (
    "test_no_citizens", "test_onset_lag_beyond_the_horizon", "test_needs_of_no_prevalence_never_arise",
    "test_lift_of_0_keeps_kinds_apart", "test_lift_of_0_between_all_kinds_leaves_one_need_each",
    "test_allowed_numbers_of_needs_are_drawn",
))  # fmt: skip
_BY_HAND = (
    "tests/sim/test_outcome_tables.py",
    "tests/sim/test_failure_demand.py",
    "tests/sim/test_two_views.py::test_two_views_of_a_handoff_by_hand",
)
_HEADLINE = tuple(f"tests/sim/test_outcomes.py::{test}" for test in (
    "test_headline_by_hand", "test_headline_takes_account_of_censoring", "test_what_was_not_observed_is_not_claimed",
    "test_headline_of_nobody_is_not_a_number", "test_what_is_known_to_the_day_is_claimed",
    "test_support_on_the_last_day_is_within_it",
))  # fmt: skip
_SURVIVAL = (
    "tests/sim/test_outcomes.py::test_tied_times_by_hand",
    "tests/sim/test_outcomes.py::test_events_on_the_day_of_onset_count",
    "tests/sim/test_survival.py::test_error_by_hand",
    "tests/sim/test_survival.py::test_everybody_on_the_day_of_onset",
    "tests/sim/test_survival.py::test_error_of_the_restricted_mean_is_the_jackknife",
)
_COSTS = (
    "tests/sim/test_budget.py::test_the_costs_of_a_small_place_are_those_counted_by_hand",
    "tests/sim/test_budget.py::test_a_price_changes_its_own_part_of_the_costs_and_nobodys_journey",
)

TESTS: dict[str, tuple[str, ...]] = {
    "sim/rules/doors.py": (_RULES,),
    "sim/rules/handoffs.py": (_RULES,),
    "sim/rules/people.py": (_RULES, "tests/sim/test_drawn_people.py", *_PEOPLE),
    "sim/rules/unmet.py": (_RULES,),
    "sim/rules/waiting.py": (_RULES,),
    "sim/outcomes/balance.py": ("tests/sim/test_balance.py", "tests/sim/test_tampering.py", "tests/sim/test_result.py"),
    "sim/outcomes/costs.py": ("tests/sim/test_costs.py", *_COSTS),
    "sim/outcomes/equity.py": ("tests/sim/test_equity.py", "tests/sim/test_result.py"),
    "sim/outcomes/headline.py": (*_HEADLINE, "tests/sim/test_result.py"),
    "sim/outcomes/published.py": ("tests/sim/test_published.py",),
    "sim/outcomes/result.py": ("tests/sim/test_result.py",),
    "sim/outcomes/services.py": ("tests/sim/test_services.py",),
    "sim/outcomes/survival.py": (*_SURVIVAL, "tests/sim/test_outcomes.py", "tests/sim/test_survival.py"),
    "sim/outcomes/tables.py": (*_BY_HAND, "tests/sim/test_result.py"),
}
"""The tests that speak of each file, the fast ones first."""

# Nothing is asked but which test fails, so that pytest need not rewrite assertions to explain them.
_OPTIONS = ("-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:unraisableexception", "-W", "ignore")
_LEFT_OUT = (
    # It looks at the clock, and may fail for another reason than the mutant.
    "tests/sim/test_survival.py::test_two_hundred_thousand_episodes_take_less_than_a_second",
    # They take long, and what they say is said by others here too.
    "tests/sim/test_survival.py::test_intervals_of_one_sample_cover_the_truth",
    "tests/sim/test_survival.py::test_durations_of_the_shipped_town_agree_with_lifelines",
    "tests/sim/test_outcomes.py::test_tied_times_share_one_risk_set",
    "tests/sim/test_equity.py::test_a_citizen_has_the_same_needs_and_capability_in_every_arm",
)

_PRELOADED = ("hypothesis", "lifelines", "scipy.integrate", "scipy.stats", "sim", "experiments")
_COMPILED = ("sim.compiled", "sim.draws", "sim.codes")
"""What no rule or outcome is imported by: it is not loaded again in each child."""


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module from a text instead of its file."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self.source = source

    def get_code(self, fullname: str) -> types.CodeType:
        return compile(self.source, self.path, "exec")


class _Finder(importlib.abc.MetaPathFinder):
    """Finds one module: the mutant."""

    def __init__(self, mutant: Mutant) -> None:
        self.name = mutant.file.removesuffix(".py").replace("/", ".")
        self.loader = _Loader(self.name, str(ROOT / mutant.file), mutant.source)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.loader.path, loader=self.loader)


class _FirstFailure:
    """A plugin of pytest that remembers the first test that failed."""

    name = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.name:
            self.name = f"import of {report.nodeid}"


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: killed, survived or timed out; by which test, and after how many seconds of work."""

    mutant: Mutant
    result: str
    killer: str
    seconds: float


def plain(signature: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Stand in for :func:`sim.compiled.compiled`: compiling a mutant takes longer than its tests."""

    def leave(function: Callable[..., Any]) -> Callable[..., Any]:
        function.py_func = function  # type: ignore[attr-defined]
        return function

    return leave


def _put_in_place(mutant: Mutant) -> None:
    """Forget every module that may hold something of the one that is changed, and load that from the mutant."""
    if mutant.file.startswith("sim/rules/"):
        importlib.import_module("sim.compiled").compiled = plain  # type: ignore[attr-defined]
        forgotten = [name for name in sys.modules if name.startswith("sim.") and name not in _COMPILED]
    else:
        forgotten = [name for name in sys.modules if name.startswith(("sim.outcomes", "sim.api"))]
    for name in ["sim", *forgotten, *(name for name in sys.modules if name.split(".")[0] in ("experiments", "tests"))]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Finder(mutant))


def _run_child(mutant: Mutant, limit: int, note: Path, is_shown: bool) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
    if not is_shown:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
    _put_in_place(mutant)
    first = _FirstFailure()
    left_out = [f"--deselect={test}" for test in _LEFT_OUT]
    status = pytest.main([*_OPTIONS, *left_out, *TESTS[mutant.file]], plugins=[first])
    note.write_text(first.name, encoding="utf-8")
    return int(status)


def _start(mutant: Mutant, limit: int, note: Path, is_shown: bool) -> int:
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    status = 3
    try:
        status = _run_child(mutant, limit, note, is_shown)
    finally:
        os._exit(status)


def _outcome(mutant: Mutant, status: int, seconds: float, note: Path) -> Outcome:
    if os.WIFSIGNALED(status):
        result = "timed out" if os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL) else "killed"
    else:
        # 2 and 4: the tests could not even be collected, or found by name, with the mutant.
        result = {0: "survived", 1: "killed", 2: "killed", 4: "killed"}.get(os.WEXITSTATUS(status), "")
    if not result:
        raise RuntimeError(f"{mutant.name}: the tests did not run (status {os.WEXITSTATUS(status)}); see --show")
    killer = note.read_text(encoding="utf-8") if note.exists() else ""
    return Outcome(mutant, result, killer, seconds)


def run_all(mutants: Sequence[Mutant], limits: dict[str, int], is_shown: bool = False) -> list[Outcome]:
    """Run the tests of each mutant in a process of its own, a few at a time.

    Args:
        mutants: What to run.
        limits: Processor time that the tests of a file may take, in seconds.
        is_shown: Whether to let the tests print what they print.

    Raises:
        RuntimeError: Tests did not run at all.
    """
    waiting, running, found = deque(mutants), dict[int, Mutant](), []
    with tempfile.TemporaryDirectory() as folder:
        while waiting or running:
            while waiting and len(running) < WORKERS:
                mutant = waiting.popleft()
                note = Path(folder) / mutant.name.replace("/", ".")
                running[_start(mutant, limits[mutant.file], note, is_shown)] = mutant
            child, status, usage = os.wait4(-1, 0)
            mutant = running.pop(child)
            note = Path(folder) / mutant.name.replace("/", ".")
            found.append(_outcome(mutant, status, usage.ru_utime + usage.ru_stime, note))
            if mutant.operator != "none" and found[-1].result != "killed":
                print(f"{found[-1].result}: {mutant.name}, line {mutant.line}\n  - {mutant.before}\n  + {mutant.after}")
    return found


def limits_of(files: Sequence[str]) -> dict[str, int]:
    """Return how many seconds of work the tests of each file may take: several times what they take unchanged.

    Raises:
        RuntimeError: They fail although nothing is changed.
    """
    unchanged = [Mutant(file, "none", 0, 0, "", "", (ROOT / file).read_text(encoding="utf-8")) for file in files]
    limits = {}
    for one in run_all(unchanged, dict.fromkeys(files, 600)):
        if one.result != "survived":
            raise RuntimeError(f"the tests of {one.mutant.file} fail as it is: {one.killer}")
        limits[one.mutant.file] = 10 + int(4 * one.seconds)
        print(f"{one.mutant.file}: its tests take {one.seconds:.1f} s")
    return limits


def chosen(
    modules: Sequence[str], limit: int | None = None, only: str | None = None, survivors: bool = False
) -> list[Mutant]:
    """Return the mutants that are asked for, the same ones whenever the source is."""
    files = [file for file in TESTS if any(file == module or file.startswith(f"{module}/") for module in modules)]
    mutants = [mutant for file in files for mutant in mutants_of(file)]
    if only:
        return [mutant for mutant in mutants if mutant.name == only]
    if survivors:
        known = {one.change for one in kept_survivors()}
        return [mutant for mutant in mutants if (mutant.file, mutant.before, mutant.after) in known]
    return mutants if limit is None else mutants[:: max(1, -(-len(mutants) // limit))]


def text_of(scores: Sequence[Score]) -> str:
    """Return the scores as a table for the terminal."""
    lines = [f"{'':28}{'mutants':>9}{'killed':>9}{'timed out':>11}{'survived':>10}{'score':>8}"]
    for one in scores:
        counts = f"{one.mutants:>9}{one.killed:>9}{one.timed_out:>11}{one.survived:>10}"
        lines.append(f"{one.module:28}{counts}{one.percent:>7.1f}%")
    return "\n".join(lines)


def main() -> None:
    """Run the mutants that the command line asks for, and print the score of each file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", nargs="+", default=MODULES, help="folders or files")
    parser.add_argument("--limit", type=int, help="about how many mutants, evenly over all; all if missing")
    parser.add_argument("--only", help="the name of one mutant")
    parser.add_argument("--show", action="store_true", help="show what the tests print")
    parser.add_argument("--save", action="store_true", help="keep the scores and the survivors of these modules")
    parser.add_argument("--survivors", action="store_true", help="only the mutants that survived when kept last")
    options = parser.parse_args()
    if options.save and (options.limit or options.only):
        parser.error("only what was run in full can be kept: --save goes with neither --limit nor --only")
    os.chdir(ROOT)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for module in _PRELOADED:
        importlib.import_module(module)
    # What is there before the children stays shared with them, and is not searched for garbage in each.
    gc.freeze()
    mutants = chosen(options.modules, options.limit, options.only, options.survivors)
    if not mutants:
        parser.error("no such mutants")
    files = list(dict.fromkeys(mutant.file for mutant in mutants))
    found = run_all(mutants, limits_of(files), options.show)
    for one in found if options.only else ():
        print(f"{one.result} {one.killer}")
    scores = [score_of(file, [one.result for one in found if one.mutant.file == file]) for file in files]
    print(text_of([*scores, score_of("all", [one.result for one in found])]))
    if options.save:
        save_scores([with_fewer_survivors(score) for score in scores] if options.survivors else scores)
        survivors = [one.mutant for one in found if one.result == "survived"]
        save_survivors(files, [(one.file, one.line, one.operator, one.before, one.after) for one in survivors])


if __name__ == "__main__":
    main()
