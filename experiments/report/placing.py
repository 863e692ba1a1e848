"""Which figure stands in which section of a report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from html import unescape
from pathlib import Path

import pandas as pd

from experiments.files import SINGLE
from experiments.report.alternatives import SEEN
from experiments.report.document import Picture, Section
from experiments.report.stored import Stored
from experiments.typical import file_of, files_of, map_text

PLACES: Mapping[str, tuple[str, ...]] = {
    "outcomes": ("cumulative_incidence", "difference_over_time", "forest", "spread_between_runs"),
    "whom": ("equity",),
    "drops": ("handoff_funnel", "drops_by_reason", "drops_by_sector", "flows"),
    "quality": ("warm_up",),
}
"""Figures that stand at the end of a section, by its name."""
OF_SERVICES = ("services", "over_time")


def with_figures(stored: Stored, sections: Iterable[Section]) -> list[Section]:
    """Return sections with the stored figures that belong to them."""
    files = _files(stored)
    return [
        replace(section, blocks=(*section.blocks, *_pictures(stored, files, PLACES.get(section.name, ()))))
        for section in sections
    ]


def services(stored: Stored) -> Section | None:
    """Return the figures of services and of the days of the run."""
    shown = _pictures(stored, _files(stored), OF_SERVICES)
    return Section("services", "How full services are, and how long people wait", shown) if shown else None


def journeys(stored: Stored) -> Section | None:
    """Return the journey maps."""
    shown = _pictures(stored, _files(stored), files_of(_maps(stored)))
    return Section("journeys", "Journeys of given people", shown) if shown else None


def others(stored: Stored, sections: Iterable[Section]) -> Section | None:
    """Return the stored figures that none of some sections has."""
    placed = {block.name for section in sections for block in section.blocks if isinstance(block, Picture)}
    files = _files(stored)
    shown = _pictures(stored, files, [name for name in files if name not in placed])
    return Section("figures", "More figures", shown) if shown else None


def _files(stored: Stored) -> dict[str, Path]:
    """Return the stored figures by name; of maps those of all arms where there are such."""
    files = {file.stem: file for file in sorted((stored.folder / "figures").glob("*.svg"))}
    for part in _parts(_maps(stored), list(files)):
        files.pop(part, None)
    return files


def _pictures(stored: Stored, files: Mapping[str, Path], names: Iterable[str]) -> tuple[Picture, ...]:
    """Return those of some figures that are stored."""
    return tuple(_picture(stored, name, files[name]) for name in names if name in files)


def _picture(stored: Stored, name: str, file: Path) -> Picture:
    title = _title(file) or name.replace("_", " ")
    seen = SEEN[name](stored) if name in SEEN else map_text(_maps(stored), name, stored.titles)
    seen = seen or f"Figure: {title}."
    narrow = file.parent / SINGLE / file.name
    return Picture(name, title, seen, file, narrow if narrow.is_file() else None)


def _maps(stored: Stored) -> pd.DataFrame:
    """Return how worlds differ around the maps of vignettes; empty where there are none."""
    return stored.tables.get("journey_maps", pd.DataFrame(columns=["vignette", "arm"]))


def _parts(maps: pd.DataFrame, files: Sequence[str]) -> set[str]:
    """Return the names of maps of one arm, for vignettes that have a map of all arms among some files."""
    whole = {name for vignette in maps["vignette"].unique() if (name := file_of(vignette)) in files}
    arms = maps[["vignette", "arm"]].drop_duplicates().itertuples(index=False)
    return {file_of(vignette, arm) for vignette, arm in arms if file_of(vignette) in whole} - whole


def _title(file: Path) -> str:
    with file.open(encoding="utf-8") as stream:
        found = re.search(r"<title>(.*?)</title>", stream.read(4000), re.DOTALL)
    return " ".join(unescape(found[1]).split()) if found else ""
