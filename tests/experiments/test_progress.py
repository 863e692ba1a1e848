"""How far the work is: with the time that is left on a terminal, in a few lines elsewhere."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios
import time

import pytest

from experiments.progress import shown


@pytest.mark.parametrize("rows", [0, 40])
def test_a_bar_with_the_time_that_is_left(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on a terminal that does not say how high it is."""
    outside, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 120, 0, 0))
    with os.fdopen(inside, "w") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        for _ in shown(range(3), 8, 5):
            # Longer than the least time between two looks of a bar.
            time.sleep(0.11)
        said = os.read(outside, 10_000).decode()
    os.close(outside)
    # A busy machine may leave out a look at the bar.
    assert re.search(r"[678]/8 \[00:0\d<00:0\d, ", said) and "runs/s]" in said


def test_lines_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(shown(range(15), 20, 5)) == list(range(15))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 8 and lines[-1].startswith("20 of 20 runs, ")
