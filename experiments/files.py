"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

SINGLE = "single_column"
"""The folder, beside the figures as wide as a page, with the same ones as wide as one of its two columns."""


def write_text(file: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        # mkstemp makes files that only their owner can read.
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_json(file: Path, data: Any) -> None:
    """Write plain data as JSON, whole or not at all; numbers that are not finite become null."""
    write_text(file, json_text(data))


def json_text(data: Any) -> str:
    """Return plain data as JSON; numbers that are not finite become null."""
    return json.dumps(_finite(data), indent=2, ensure_ascii=False) + "\n"


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _finite(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    if isinstance(data, float) and not (abs(data) < float("inf")):
        return None
    return data
