"""The compiled agents: the same ledgers to the bit, and never a build of other sources than these."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from pathlib import Path

import numba
import pytest

from sim import accelerate, prebuilt
from sim.prebuilt import MODULES, PACKAGE, SWITCH, Prebuilt, build_name, cache_base, parts_of, present

SHARED = "0123__mypyc"
LEDGERS = """
import hashlib, pickle, sys
from pathlib import Path
from sim import Coordination, Scenario, model, prebuilt
from sim.coordination import names
from sim.model import JourneyModel
from tests.contract.rich_place import rich_place
print(prebuilt.IS_TAKEN, model.__file__.endswith(".py"))
days = {"time.horizon_days": 90, "time.warmup_days": 10, "time.followup_days": 30}
barriers = dict.fromkeys(("funding", "geography", "culture", "data_sharing", "learning"), 0.7)
town = Scenario.load("three_journeys").changed(days | {f"barriers.{name}": level for name, level in barriers.items()})
for place in (town, rich_place(Path(sys.argv[1]))):
    for name in names():
        run = JourneyModel(place, Coordination.load(name))
        for _ in range(20):
            run.step()
        run = pickle.loads(pickle.dumps(run))
        run.run()
        print(name, len(run.ledger), hashlib.sha256(run.ledger.to_bytes()).hexdigest())
"""
"""Prints whether the agents are compiled, and a digest of the ledger of each coordination; a run is carried on by a
copy of the model, as a process that takes it over would."""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of two modules, and a cache with a build of it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(SWITCH, raising=False)
    folder = tmp_path / "sim"
    (folder / "agents").mkdir(parents=True)
    (folder / "model.py").write_text("a = 1\n")
    (folder / "agents" / "citizen.py").write_text("b = 1\n")
    fill(cache_base() / build_name(folder))
    return folder


def fill(folder: Path) -> None:
    """Write the files of a build, without content."""
    for name in (SHARED, *MODULES):
        file = folder / f"{name.replace('.', '/')}{EXTENSION_SUFFIXES[0]}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


class TestTheBuildThatIsTaken:
    def test_is_that_of_these_sources(self, package: Path) -> None:
        parts = present(package)
        assert parts.keys() == {SHARED, *MODULES}
        assert all(file.is_file() for file in parts.values())
        assert not any(file.is_relative_to(package) for file in parts.values())

    @pytest.mark.parametrize("name", ["model.py", "agents/citizen.py"])
    def test_is_none_after_a_change_until_it_is_undone(self, package: Path, name: str) -> None:
        before = (package / name).read_text()
        (package / name).write_text(before + "# a remark\n")
        assert not present(package)
        (package / name).write_text(before)
        assert present(package)

    def test_is_none_after_a_module_is_added_renamed_or_taken_away(self, package: Path) -> None:
        (package / "more.py").write_text("")
        assert not present(package)
        (package / "more.py").unlink()
        (package / "model.py").rename(package / "models.py")
        assert not present(package)
        (package / "models.py").unlink()
        assert not present(package)

    def test_is_none_when_text_moves_from_one_module_to_the_next(self, package: Path) -> None:
        one, other = package / "one.py", package / "two.py"
        one.write_text("a = 1\nb = 2\n")
        other.write_text("")
        before = build_name(package)
        one.write_text("a = 1\n")
        other.write_text("b = 2\n")
        assert build_name(package) != before

    def test_is_none_with_another_python_or_mypy(self, package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "version", "4.0")
            assert not present(package)
        with monkeypatch.context() as patch:
            patch.setattr(importlib.metadata, "version", lambda name: "0.1")
            assert not present(package)
        assert present(package)

    @pytest.mark.parametrize("name", [SHARED, *MODULES])
    def test_is_none_if_a_file_is_missing(self, package: Path, name: str) -> None:
        folder = cache_base() / build_name(package)
        (folder / f"{name.replace('.', '/')}{EXTENSION_SUFFIXES[0]}").unlink()
        assert not present(package)

    def test_is_none_if_it_is_switched_off(self, package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(SWITCH, "0")
        assert not present(package)
        monkeypatch.setenv(SWITCH, "1")
        assert present(package)


def test_the_modules_are_those_of_the_list_and_no_others(tmp_path: Path) -> None:
    fill(tmp_path)
    finder = Prebuilt(parts_of(tmp_path))
    for name in (SHARED, *MODULES):
        spec = finder.find_spec(name)
        assert spec is not None
        assert isinstance(spec.loader, ExtensionFileLoader)
    assert finder.find_spec("sim.scenario") is None
    assert finder.find_spec("json") is None


def test_every_module_of_the_list_is_a_source() -> None:
    for name in MODULES:
        assert (PACKAGE.parent / f"{name.replace('.', '/')}.py").is_file()


def test_a_build_that_cannot_be_loaded_is_left_with_a_warning(tmp_path: Path) -> None:
    fill(tmp_path / "citizen-journeys" / build_name())
    script = "import sim.prebuilt, sim.model; print(sim.prebuilt.IS_TAKEN, sim.model.__file__.endswith('.py'))"
    done = run(["-c", script], tmp_path, {})
    assert done.stdout.split() == ["False", "True"]
    assert done.stderr.count("the compiled agents cannot be loaded, and run as they are") == 1


def test_without_a_compiler_one_message_says_so(tmp_path: Path) -> None:
    done = run(["-m", "sim.accelerate"], tmp_path, {"CC": "no-such-compiler -O2"}, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "no C compiler (no-such-compiler -O2)" in done.stderr
    assert not list(tmp_path.rglob("agents-*"))


@pytest.mark.parametrize("missing", ["mypyc", "setuptools", "librt", "librt.strings"])
def test_without_mypyc_one_message_says_so(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(accelerate, "find_spec", lambda name: None if name == missing else True)
    assert accelerate.main() == 1
    said = capsys.readouterr().err
    assert f": {missing} is needed" in said
    assert "pip install '.[dev]'" in said


@pytest.mark.slow
@pytest.mark.skipif(bool(accelerate.what_is_missing()), reason=accelerate.what_is_missing() or "nothing is missing")
def test_compiled_agents_keep_the_same_ledgers_to_the_bit(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    finished = present()
    if finished:
        # Of the very same sources: a copy saves a minute.
        shutil.copytree(prebuilt.cache_base() / build_name(), cache / "citizen-journeys" / build_name())
    said = run(["-m", "sim.accelerate"], cache, {}).stdout
    assert build_name() in said
    compiled, plain = (
        run(["-c", LEDGERS, str(tmp_path / f"place_{value}")], cache, {SWITCH: value}).stdout.splitlines()
        for value in ("1", "0")
    )
    assert compiled[0] == "True False"
    assert plain[0] == "False True"
    assert len(plain) > 20
    assert compiled[1:] == plain[1:]


def run(
    arguments: list[str], cache: Path, variables: dict[str, str], check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run this interpreter in a process of its own, with a cache for builds of its own."""
    rules = {"NUMBA_CACHE_DIR": str(numba.config.CACHE_DIR)}
    own = {name: value for name, value in os.environ.items() if name != SWITCH}
    environment = {**own, **rules, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(PACKAGE.parent), **variables}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=cache.parent, capture_output=True, text=True, check=check
    )
