"""The README's examples run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from experiments.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHORT = ["time.horizon_days=60", "time.warmup_days=10", "time.followup_days=20"]


def commands() -> list[list[str]]:
    """Return the arguments of every journeys command in the README's blocks."""
    blocks = re.findall(r"^```\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("journeys ")]
    return [shlex.split(line, comments=True)[1:] for line in lines]


@pytest.mark.parametrize("arguments", commands(), ids=" ".join)
def test_a_command_runs(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Small: a short horizon, two replications, one process."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_town").symlink_to(ROOT / "scenarios" / "three_journeys")
    command, changes = arguments[0], []
    # Figures of a comparison are drawn in many other tests.
    monkeypatch.setattr("experiments.figures.compare_figures", lambda *_, **__: [])
    if command in ("attribute", "compare", "run", "sweep", "sensitivity") and not {"--help", "--dry-run"} & set(
        arguments
    ):
        changes = list(SHORT)
        if command != "run":
            few = "most_replications=3" if "replications=auto" in arguments else "replications=2"
            changes += [few, "workers=1"]
    try:
        status = main([*arguments, *changes])
    except SystemExit as end:
        status = end.code
    assert not status, capsys.readouterr().err


def test_the_python_example_runs() -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    space: dict[str, object] = {}
    exec(example, space)
    result = space["result"]
    assert len(result.episodes) > 0 < len(result.ledger)  # type: ignore[attr-defined]


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert len(links) > 5
    for link in links:
        assert link.startswith("https://hydra.cc") or (ROOT / link).exists(), link
