"""docs/extending.md works as it is written: its files are put into a copy of the checkout, its commands run there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "extending.md"
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "outputs", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info")


class Block(NamedTuple):
    """A block of the page: for a file, to be run (``sh``), or what is printed (``text``)."""

    file: str
    language: str
    content: str


def blocks() -> list[Block]:
    """Return the blocks in order."""
    found = re.findall(
        r"(?:^`([^`\n]+)`:\n\n)?^```(\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return [Block(*block) for block in found]


def run(script: str, folder: Path) -> str:
    """Run commands in a folder as the shell does, with this interpreter, and return what they print."""
    python = shlex.quote(sys.executable)
    script = re.sub(r"^journeys ", f"{python} -m experiments ", script, flags=re.MULTILINE)
    script = re.sub(r"^python ", f"{python} ", script, flags=re.MULTILINE)
    # The rules are compiled once, for all commands: numba's files belong to the folder of the source.
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder.parent / "cache"), "PYTHONPATH": str(folder)}
    done = subprocess.run(
        ["sh", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_the_page_can_be_followed_step_by_step(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT, checkout, ignore=LEFT_OUT)
    printed = ""
    for block in blocks():
        if block.file:
            (checkout / block.file).write_text(block.content, encoding="utf-8")
        elif block.language == "sh":
            printed = run(block.content, checkout)
        else:
            assert block.language == "text", f"a block that goes nowhere:\n{block.content}"
            for line in block.content.splitlines():
                assert line in printed, f"not printed: {line}\n{printed}"
    changed = (checkout / "docs" / "parameters.md").read_text(encoding="utf-8")
    assert "| entry | `advertised_door` | Everybody goes first" in changed


def test_the_page_has_all_three_kinds_of_blocks() -> None:
    """Blocks that were written differently would be passed over in silence."""
    found = blocks()
    assert PAGE.read_text(encoding="utf-8").count("```") == 2 * len(found)
    assert {block.file.rpartition(".")[2] for block in found if block.file} == {"py", "yaml", "csv"}
    assert sum(block.language == "sh" for block in found) >= 6
    assert sum(block.language == "text" for block in found) >= 6


def test_every_link_and_file_that_the_page_names_is_there() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", page):
        assert (PAGE.parent / link).exists(), link
    for file in re.findall(r"`((?:sim|tests)/[\w/]+\.py)`", re.sub(r"^`[^`\n]+`:$", "", page, flags=re.MULTILINE)):
        assert (ROOT / file).exists(), file
