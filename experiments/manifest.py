"""What was done, with what and when: written at the start, finished at the end, so that a crash leaves a trace."""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sim
from experiments.files import json_text, write_json, write_text
from experiments.plan import Plan
from experiments.stopping import FULL
from experiments.store import size_on_disk
from sim.scenario import shipped_names

PACKAGES = ("mesa", "numpy", "numba", "pandas", "scipy", "pydantic", "hydra-core", "joblib", "pyarrow", "matplotlib")
FILE = "manifest.json"


class Manifest:
    """The file ``manifest.json`` of one job, as a context.

    ::

        with Manifest(folder, "compare", plan) as manifest:
            manifest.counts["computed"] += 1

    Its status is ``running`` within the context; then ``finished``; ``failed`` after an error or where runs failed;
    ``interrupted`` after Ctrl-C.

    Attributes:
        data: All that the file says.
        counts: Numbers of runs: planned, computed, reused, failed, not run because a worker process died.
        failures: What failed, one entry a run.
        damaged: Files of the store that were missing, cut or changed, so that their runs were computed again.
    """

    def __init__(self, folder: Path, command: str, plan: Plan) -> None:
        self.file = folder / FILE
        # With a stopping rule nobody knows yet how many there will be.
        planned = len(plan.arms) * len(plan.replicates) if plan.rule is None else 0
        self.counts = {"planned": planned, "computed": 0, "reused": 0, "failed": 0, "not_run": 0}
        self.failures: list[dict[str, Any]] = []
        self.damaged: list[str] = []
        self.data: dict[str, Any] = {
            "status": "running",
            "started": _now(),
            "finished": None,
            "command": command,
            **described(plan),
            "version": sim.__version__,
            "source": checkout_of(Path(sim.__file__).resolve().parent.parent),
            "versions": versions(),
            "platform": {
                "system": platform.system(),
                "machine": platform.machine(),
                "python": f"{platform.python_implementation()} {platform.python_version()}",
            },
            "runs": self.counts,
            "failures": self.failures,
            "damaged": self.damaged,
        }

    def __enter__(self) -> Self:
        write_json(self.file, self.data)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            status = "interrupted"
        else:
            status = "failed" if error is not None or not self.complete else "finished"
        if error is not None:
            self.data["error"] = f"{type(error).__name__}: {error}"
        self.data.update(status=status, finished=_now())
        try:
            self._write_at_last()
        except OSError as problem:
            if error is None:
                raise
            # What went wrong before matters more.
            print(f"{FILE} could not be written: {problem}", file=sys.stderr)

    @property
    def complete(self) -> bool:
        """Whether no run failed or was left out."""
        return not self.failures and not self.counts["not_run"]

    def fail(self, arm: str, replicate: int, error: str, key: str, point: Mapping[str, Any] | None = None) -> None:
        """Note a run that failed.

        Args:
            arm: Of the run.
            replicate: Number of its world.
            error: In one line.
            key: Under which the store has more of it.
            point: Number and values of the point of a design; None: there is no design.
        """
        self.failures.append({"arm": arm, "replicate": replicate, "error": error, "key": key, **(point or {})})
        self.counts["failed"] += 1

    def _write_at_last(self) -> None:
        """Write the file; where there is no room for a new one, into the place of that of the start if it fits."""
        text = json_text(self.data)
        try:
            write_text(self.file, text)
        except OSError as error:
            room = size_on_disk(self.file.stat().st_size)
            if error.errno not in FULL or size_on_disk(len(text.encode())) > room:
                raise
            with self.file.open("r+", encoding="utf-8") as stream:
                stream.write(text)
                stream.truncate()

    def provenance(self) -> dict[str, str]:
        """Return what a figure or table says about where it comes from."""
        source = self.data["source"]
        commit = "" if source is None else source["commit"] + (" with changes" if source["dirty"] else "")
        return {
            "software": f"citizen-journeys {sim.__version__}",
            "commit": commit,
            "scenario": str(self.data["scenario"]["name"]),
            "scenario_digest": str(self.data["scenario"]["digest"]),
            "arms": ", ".join(self.data["arms"]),
            "seed": str(self.data["seed"]),
            "replicates": f"{self.data['replicates'][0]} to {self.data['replicates'][1]}",
        }


def described(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain data, without paths."""
    scenario = plan.scenario
    return {
        "scenario": {
            "name": scenario.name,
            "title": scenario.title,
            "shipped": scenario.name in shipped_names(),
            "digest": scenario.digest(),
        },
        "arms": {name: arm.model_dump(mode="json") for name, arm in plan.arms.items()},
        "baseline": plan.baseline,
        "budget": scenario.parameters.budget.value,
        "seed": plan.seed,
        "replicates": [plan.replicates[0], plan.replicates[-1]],
        "parameters": scenario.parameters.model_dump(mode="json"),
        "changed": {path: list(values) for path, values in plan.changes.items()},
        **plan.particulars,
    }


def versions(packages: Sequence[str] = PACKAGES) -> Mapping[str, str]:
    """Return the versions of the packages that results may depend on."""
    found = {}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def checkout_of(folder: Path) -> dict[str, Any] | None:
    """Return commit and cleanness of a git checkout; None if ``folder`` is not the top of one."""
    if not (folder / ".git").exists():
        # An installed package may lie somewhere inside a checkout of something else.
        return None
    commit = _git(folder, "rev-parse", "HEAD")
    changes = _git(folder, "status", "--porcelain")
    return None if commit is None or changes is None else {"commit": commit, "dirty": bool(changes)}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
