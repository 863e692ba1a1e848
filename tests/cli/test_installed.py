"""The package works where it is installed, outside a checkout, with its places and configuration inside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder into which the package was installed from a wheel."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--target", str(folder), str(ROOT)], check=True)
    return folder


def journeys(site: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command in some folder, away from the checkout."""
    program = (
        "import sys, sim; assert sim.__file__.startswith(sys.argv.pop(1)); from experiments.cli import main; main()"
    )
    return subprocess.run(
        [sys.executable, "-P", "-c", program, str(site), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_installed_command_lists_checks_and_compares(site: Path, tmp_path: Path) -> None:
    assert (site / "bin" / "journeys").exists()
    listed = journeys(site, tmp_path, "list")
    assert "talking_therapies" in listed.stdout
    assert "integrated" in listed.stdout
    checked = journeys(site, tmp_path, "check", "scenario=three_journeys")
    assert checked.returncode == 0, checked.stderr
    short = ["time.horizon_days=60", "time.warmup_days=10", "time.followup_days=20", "replications=2"]
    compared = journeys(site, tmp_path, "compare", *short)
    assert compared.returncode == 0, compared.stderr
    assert "Supported within 28 days" in compared.stdout
    assert len(list(tmp_path.glob("outputs/compare/*/manifest.json"))) == 1
