"""Every file in ``conf/experiment``, ``conf/sweep``, ``conf/sensitivity`` and ``conf/coordination`` is right and runs.

Files are found, not listed, so that a new one is tested from the day it is there.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from experiments.composing import config_folder
from tests.cli.conftest import Journeys

SMALL = ("time.horizon_days=60", "time.warmup_days=10", "time.followup_days=20", "replications=1", "workers=1")
OUT = "hydra.run.dir=out"


def files(group: str) -> list[str]:
    return sorted(file.stem for file in (config_folder() / group).glob("*.yaml"))


def content(group: str, name: str) -> dict:
    return dict(yaml.safe_load((config_folder() / group / f"{name}.yaml").read_text("utf-8")))


@pytest.fixture(autouse=True)
def no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave figures and reports out: they have tests of their own, and take longer than all else."""
    monkeypatch.setattr("experiments.figures.sweep.sweep_figures", lambda *_, **__: [])
    monkeypatch.setattr("experiments.figures.compare_figures", lambda *_, **__: [])
    monkeypatch.setattr("experiments.report.write_report", lambda *_: None)


@pytest.mark.parametrize("group", ["experiment", "sweep", "sensitivity", "coordination"])
def test_there_are_files(group: str) -> None:
    assert len(files(group)) >= (1 if group == "sensitivity" else 6)


@pytest.mark.parametrize("name", files("experiment"))
def test_an_experiment_is_right_as_it_is(name: str, journeys: Journeys) -> None:
    answer = journeys("check", f"experiment={name}")
    assert answer.status == 0, answer.err


@pytest.mark.parametrize("name", files("experiment"))
def test_an_experiment_runs_small(name: str, journeys: Journeys) -> None:
    answer = journeys("compare", f"experiment={name}", *SMALL, OUT)
    assert answer.status == 0, answer.err
    said = content("experiment", name)
    shown = " ".join(answer.out.split())
    assert f"{said['title']}. {said['question']}" in shown
    runs = pd.read_parquet("out/runs.parquet")
    assert list(runs["arm"].astype(str).unique()) == said["arms"]
    assert len(runs) == len(said["arms"])


@pytest.mark.parametrize("name", files("sweep"))
def test_a_sweep_is_right_as_it_is(name: str, journeys: Journeys) -> None:
    """A dry run checks every point."""
    answer = journeys("sweep", f"sweep={name}", "--dry-run")
    assert answer.status == 0, answer.err
    assert "Nothing was run." in answer.out


@pytest.mark.parametrize("name", files("sweep"))
def test_a_sweep_runs_small(name: str, journeys: Journeys) -> None:
    answer = journeys("sweep", f"sweep={name}", *SMALL, OUT)
    assert answer.status == 0, answer.err
    runs = pd.read_parquet("out/runs.parquet")
    points = pd.read_csv(Path("out/tables/points.csv"))
    assert runs["point"].nunique() == points["point"].nunique() > 3
    assert runs["arm"].nunique() > 1


@pytest.mark.parametrize("name", files("sensitivity"))
def test_a_sensitivity_is_right_as_it_is(name: str, journeys: Journeys) -> None:
    answer = journeys("sensitivity", f"sensitivity={name}", "--dry-run")
    assert answer.status == 0, answer.err


def test_every_coordination_runs_small(journeys: Journeys) -> None:
    names = files("coordination")
    answer = journeys("compare", f"arms=[{','.join(names)}]", *SMALL, OUT)
    assert answer.status == 0, answer.err
    runs = pd.read_parquet("out/runs.parquet")
    assert sorted(runs["arm"].astype(str)) == names
