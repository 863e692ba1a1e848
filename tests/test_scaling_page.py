"""The commands of the page on scaling run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.cli import main

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
SMALL = ["time.horizon_days=60", "time.warmup_days=10", "time.followup_days=20"]
SCHEDULER, SHARED = "HOST:8786", "/shared/store"
"""What stands on the page for a cluster and a folder that a reader has."""


def commands() -> list[str]:
    """Return every journeys command in the page's blocks."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [line for kind, block in blocks if not kind for line in block.splitlines() if line.startswith("journeys ")]


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Return the address of a Dask scheduler with one worker."""
    distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster:
        yield cluster.scheduler_address


def test_there_are_commands() -> None:
    assert len(commands()) > 8


@pytest.mark.parametrize("line", commands())
def test_a_command_runs(
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    """Small: a short horizon, one replication, and no figures, which other tests draw."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_town").symlink_to(ROOT / "scenarios" / "three_journeys")
    for where in ("sweep.sweep_figures", "compare_figures"):
        monkeypatch.setattr(f"experiments.figures.{where}", lambda *_, **__: [])
    if SCHEDULER in line:
        line = line.replace(SCHEDULER, request.getfixturevalue("scheduler"))
    if "submitit" in line:
        pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="the extra 'cluster' is not installed")
        line = line.replace("submitit_slurm", "submitit_local")
    line = line.replace(SHARED, str(tmp_path / "store"))
    arguments = [word for word in shlex.split(line)[1:] if not word.startswith("replications=")]
    if arguments[0] in ("compare", "sweep", "sensitivity"):
        arguments += [*SMALL, "replications=1"]
        arguments += [] if any(word.startswith(("workers=", "executor=")) for word in arguments) else ["workers=1"]
    assert main(arguments) == 0, capsys.readouterr().err
