"""How far the work is: a bar on a terminal, plain lines elsewhere; on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

ItemT = TypeVar("ItemT")
LINES = 10


def shown(items: Iterable[ItemT], total: int, done: int = 0, what: str = "runs") -> Iterator[ItemT]:
    """Pass items on and show how many have come.

    Args:
        items: What is waited for.
        total: How many there will be, those done before included.
        done: How many were done before.
        what: Their name.
    """
    if sys.stderr.isatty():
        from tqdm import tqdm

        # Of a terminal that does not say how high it is, tqdm would think that there is no room for a bar.
        yield from tqdm(items, total=total, initial=done, unit=f" {what}", file=sys.stderr, nrows=LINES)
    else:
        yield from _with_lines(items, total, done, what)


def _with_lines(items: Iterable[ItemT], total: int, done: int, what: str) -> Iterator[ItemT]:
    start = time.monotonic()
    step = max(1, total // LINES)
    for number, item in enumerate(items, done + 1):
        yield item
        if number % step == 0 or number == total:
            print(f"{number} of {total} {what}, {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
