"""Compile the rules with numba, in a cache that can never be stale.

numba's file cache does not notice an edited rule in another module, so the folder of the cache is named by a
hash of the source of every rule: an edit anywhere means a new folder.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import numba

from sim.prebuilt import cache_base

P = ParamSpec("P")
R = TypeVar("R")

_HERE = Path(__file__).resolve().parent


def _sources() -> list[Path]:
    # The codes are constants of compiled code.
    return [_HERE / "codes.py", _HERE / "compiled.py", _HERE / "draws.py", *sorted((_HERE / "rules").glob("*.py"))]


def source_digest() -> str:
    """Return a name for the source of all rules and the compiler's version."""
    digest = hashlib.blake2b(numba.__version__.encode(), digest_size=8)
    for file in _sources():
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _cache_folder() -> Path:
    folder = cache_base() / f"rules-{source_digest()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        return Path(tempfile.mkdtemp(prefix="citizen-journeys-"))
    return folder


if "NUMBA_CACHE_DIR" not in os.environ:
    numba.config.CACHE_DIR = str(_cache_folder())  # type: ignore[attr-defined]


def compiled(signature: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile a function of numbers and arrays for one signature, without changing what it returns.

    Args:
        signature: numba's notation, such as ``f8(f8,f8)``. Addresses are ``u8`` throughout: mixing signed and
            unsigned integers goes wrong silently.
    """
    return numba.njit(signature, cache=True, fastmath=False)
