"""The examples in the help of the commands are right: they compose, and nothing is wrong with them."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from experiments import check, cli
from experiments import checking as checks
from experiments.composing import config_folder
from experiments.launching import read, request_of
from sim import shipped

COMMANDS = ("run", "compare", "attribute", "sweep", "sensitivity", "check")
START = re.compile(rf"journeys ({'|'.join(COMMANDS)})( |$)")


def examples() -> list[str]:
    """Return every example of every help, without what is said of it."""
    texts = [cli.HELP, check.HELP, *(file.read_text("utf-8") for file in sorted(config_folder().glob("*.yaml")))]
    lines = [line.strip() for text in texts for line in text.splitlines()]
    found = [re.split(r" {2,}", line)[0] for line in lines if START.match(line)]
    return list(dict.fromkeys(found))


def test_there_are_examples_of_every_command() -> None:
    assert {line.split()[1] for line in examples()} == set(COMMANDS)
    assert len(examples()) > 15


@pytest.mark.parametrize("example", examples())
def test_an_example_is_right(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the place, the folder and the arm that the examples take for a user's own."""
    (tmp_path / "my_town").symlink_to(shipped.folder("scenarios") / "three_journeys")
    (tmp_path / "my_config" / "coordination").mkdir(parents=True)
    (tmp_path / "my_config" / "coordination" / "my_arm.yaml").write_text("title: Mine\n")
    for group, shipped_name in (("sweep", "load"), ("sensitivity", "assumptions")):
        (tmp_path / "my_config" / group).mkdir()
        shutil.copy(config_folder() / group / f"{shipped_name}.yaml", tmp_path / "my_config" / group / "mine.yaml")
    monkeypatch.chdir(tmp_path)
    command, *arguments = shlex.split(example)[1:]
    flags, _, complaints = read(command, arguments)
    plans = checks.check(request_of(command, flags), complaints)
    assert [str(problem) for problem in complaints.problems] == []
    assert plans
