"""Command lines with something odd in them, given to ``journeys`` in this process."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import yaml

from experiments.cli import BAD_INPUT, COMMANDS, OK, main
from experiments.validation.fuzz_folders import odd_cell, odd_file, valid_folder
from experiments.validation.fuzz_settings import arm_text, coordination_file, design, factors, settings_file
from experiments.validation.fuzz_values import misspelt, odd_text
from experiments.validation.fuzz_verdicts import RAN, REFUSED, expect
from sim.schema.parameters import Parameters
from sim.schema.validation import paths

SHORT = ("time.horizon_days=20", "time.warmup_days=0", "time.followup_days=5")
QUICK = {
    "check": (),
    "run": SHORT,
    "sweep": ("--dry-run",),
    "sensitivity": ("--dry-run",),
    "list": (),
    "report": (),
}
"""Commands that are quick, with what makes them so; ``check`` takes what ``compare`` takes."""
_NAMES = (
    "seed", "replications", "precision", "half_width", "precision_of", "most_replications", "workers", "store",
    "retry_failed", "arms", "executor", "executor.address", "executor.kind", "barriers", "scenario", "scenario.folder",
    "coordination", "coordination.records", "coordination.navigators", "replicate", "sweep", "sensitivity", "method",
    "trajectories", "samples", "outcome", "dry_run", "hydra.run.dir", "hydra.job.name", "hydra.verbose",
    "hydra.sweep.subdir", "hydra.job.chdir", "hydra.output_subdir", "hydra.mode", "experiment", "sweep.design",
)  # fmt: skip
_FORMS = (
    "{name}={value}", "+{name}={value}", "++{name}={value}", "~{name}", "~{name}={value}", "{name}", "{name}={value}",
)  # fmt: skip
_VALUES = (
    "null", "true", "[]", "{}", "[1,2]", "{all:0.3}", "{a:1,b:[2]}", "${seed}", "${oc.env:HOME}", "${x:1}", "${",
    "???", "1,2", "range(1,3)", "choice(1,2)", "interval(0,1)", "glob(*)", "'a b'", '"', "\\", "a=b", "a@b", "a:b",
    "=", "auto", "[fragmented,integrated]", "[fragmented]", "fragmented", "letter,tracked", "1e3", "-1", "0", "5",
    "0.5", "nan", "inf", "100000000000000000000", "1_000", "010", "0x10", "high", "none", "three_journeys", "place",
    "x" * 3000,
)  # fmt: skip
_FLAGS = (
    "-m", "--cfg", "--cfg=job", "--info", "--help", "-h", "--config-dir", "--config-name=x", "--config-path=x", "--x",
    "-", "--", "--multirun", "--hydra-help", "--package=x", "--resolve", "--dry-run",
)  # fmt: skip


def command_line(luck: Random, folder: Path) -> list[str]:
    """Return a command line with something odd in it, and write the files that it speaks of to a folder."""
    name = luck.choices(list(QUICK), [5, 3, 3, 3, 1, 1])[0]
    if name == "list":
        return [
            "list",
            *(luck.choice(["scenarios", "parameters", odd_text(luck), misspelt(luck, "sweeps")]) for _ in "a"),
        ]
    if name == "report":
        return ["report", *(odd_text(luck) for _ in range(luck.randint(0, 2)))]
    words = [name, *QUICK[name]]
    place = folder / "place"
    valid_folder(luck, place)
    act = luck.random()
    if act < 0.3:
        luck.choice([odd_cell, odd_file, settings_file])(luck, place)
    elif act < 0.45:
        words += _own_files(luck, folder, name)
    if luck.random() < 0.8 or name == "run":
        words.append("scenario.folder=place")
    for _ in range(luck.choice([0, 1, 1, 2] if act < 0.45 else [1, 1, 2, 3])):
        words.insert(luck.randint(1, len(words)), _override(luck))
    if luck.random() < 0.05:
        words[0] = misspelt(luck, luck.choice(list(COMMANDS)))
    return words


def _own_files(luck: Random, folder: Path, command: str) -> list[str]:
    """Write a file of the user's own and return how the command line speaks of it."""
    mine = folder / "mine"
    if command in ("sweep", "sensitivity"):
        (mine / command).mkdir(parents=True)
        content = design(luck) if command == "sweep" else factors(luck)
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        (mine / command / "mine.yaml").write_text(text, encoding="utf-8")
        return ["--config-dir", "mine", f"{command}=mine"]
    coordination_file(luck, mine / "coordination")
    return ["--config-dir", "mine", "coordination=mine" if command == "run" else "arms=[mine,fragmented]"]


def _override(luck: Random) -> str:
    kind = luck.random()
    if kind < 0.08:
        return luck.choice(_FLAGS)
    if kind < 0.13:
        return odd_text(luck)
    if kind < 0.2:
        return f"arms=[{arm_text(luck)},{arm_text(luck)}]"
    name = luck.choice([luck.choice(_NAMES), luck.choice(paths(Parameters))])
    if luck.random() < 0.15:
        name = misspelt(luck, name)
    value = luck.choice([luck.choice(_VALUES), odd_text(luck)])
    return luck.choice(_FORMS).format(name=name, value=value)


def call(words: list[str], folder: Path) -> str:
    """Give a command line to ``journeys`` in a folder and check what it says.

    Raises:
        FailureError: It ended with another status, said nothing, or said what only its makers understand.
    """
    out, err = io.StringIO(), io.StringIO()
    with _inside(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(words)
    said, refused = out.getvalue(), err.getvalue()
    expect("Traceback" not in said + refused, f"traceback: {(said + refused)[-300:]}")
    expect(status in (OK, BAD_INPUT), f"status {status}: {refused[-300:]}")
    if status == OK:
        return RAN
    expect(bool(refused.strip()), "refused without a word")
    expect(not said.strip(), f"refused after it had said: {said[:200]!r}")
    expect(len(refused) < 40_000, f"refused with {len(refused)} characters")
    lines = refused.splitlines()
    expect(all(line.isprintable() for line in lines), f"has characters that a terminal obeys: {refused[:300]!r}")
    expect(not (folder / "outputs").exists(), "refused, and left a folder outputs")
    return REFUSED


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before, environment = Path.cwd(), dict(os.environ)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        os.environ.clear()
        os.environ.update(environment)
