"""What the tests of the command line share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from experiments.cli import main


@dataclass(frozen=True)
class Answer:
    """What a command ended with."""

    status: int
    out: str
    err: str


Journeys = Callable[..., Answer]


@pytest.fixture
def journeys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Journeys:
    """Call ``journeys`` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Answer:
        capsys.readouterr()
        status = main(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Answer(status, out, err)

    return call


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the figures out: they have tests of their own, and take longer than all else."""
    monkeypatch.setattr("experiments.figures.compare_figures", lambda *_, **__: [])
    monkeypatch.setattr("experiments.figures.run_figures", lambda *_: [])
