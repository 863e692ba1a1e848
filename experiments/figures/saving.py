"""Writing a figure in three formats, with its provenance inside each file, the same bytes for the same data."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.text import Text

from experiments.figures import style
from experiments.figures.labels import drawable

FORMATS = ("pdf", "svg", "png")
COMPRESSION = {"compress_level": 3}
"""Of PNG files, for pillow: figures are written a third faster than with its own choice of 6, and are no larger."""


def save(figure: Figure, folder: Path, name: str, title: str, provenance: Mapping[str, str]) -> list[Path]:
    """Write a figure as PDF, SVG and PNG.

    Args:
        figure: The figure.
        folder: Where; made if it is missing.
        name: Name of the files without their ending.
        title: Title in the metadata.
        provenance: Goes into the metadata: ``Keywords`` of the PDF, ``dc:description`` of the SVG, one text chunk for
            each entry of the PNG.

    Returns:
        The paths of the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if (written := drawable(text.get_text())) != text.get_text():
            text.set_text(written)
    with style.house(), warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # of a glyph that is missing, or metadata that is not written
        for kind in FORMATS:
            path = folder / f"{name}.{kind}"
            # Moved to its place whole: a figure that is there can be read, whenever a process is killed.
            draft = folder / f".{name}.{kind}"
            how: dict[str, Any] = {"pil_kwargs": COMPRESSION} if kind == "png" else {}
            figure.savefig(draft, format=kind, metadata=_metadata(kind, title, provenance), **how)
            draft.replace(path)
            paths.append(path)
    return paths


def provenance_text(provenance: Mapping[str, str]) -> str:
    """Return provenance in one line."""
    return "; ".join(f"{key}={value}" for key, value in provenance.items())


def _metadata(kind: str, title: str, provenance: Mapping[str, str]) -> dict[str, str | None]:
    line = provenance_text(provenance)
    if kind == "pdf":
        return {"Title": title, "Keywords": line, "CreationDate": None, "ModDate": None}
    if kind == "svg":
        return {"Title": title, "Description": line, "Date": None}
    # A key of a PNG text chunk is 1 to 79 Latin characters without spaces around them.
    chunks = {key.encode("ascii", "replace").decode().strip()[:79]: value for key, value in provenance.items()}
    return {"Title": title, "Description": line, **{key: value for key, value in chunks.items() if key}}
