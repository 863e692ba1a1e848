"""Small places for tests: a valid scenario folder of which any table or setting can be replaced."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.validation.places import Table, write_tables
from sim.schema.validation import merged

TABLES: dict[str, list[dict[str, Any]]] = {
    "districts": [{"district": "town", "citizens_per_year": 200}],
    "providers": [{"provider": "clinic", "sector": "public", "profession": "health"}],
    "services": [
        {
            "service": "care",
            "provider": "clinic",
            "stage": "support",
            "needs": "illness",
            "places": 5,
            "service_days": 5,
        }
    ],
    "needs": [{"need": "illness", "prevalence": 1}],
}
"""One district, one provider with one support service that anybody can walk into, one need."""

SETTINGS: dict[str, Any] = {
    "title": "Small place",
    "time": {"horizon_days": 100, "warmup_days": 20, "followup_days": 30},
    "population": {"needs_mean": 0},
}
"""Its ``scenario.yaml``: a short run, one need for each citizen."""

TWO_PROVIDERS: dict[str, list[dict[str, Any]]] = {
    "providers": [
        {"provider": "clinic", "sector": "public", "profession": "health"},
        {"provider": "charity", "sector": "voluntary", "profession": "advice", "visibility": 0},
    ],
    "services": [
        {
            "service": "intake",
            "provider": "clinic",
            "stage": "assessment",
            "needs": "all",
            "places": 2,
            "service_days": 1,
        },
        {
            "service": "help",
            "provider": "charity",
            "stage": "support",
            "needs": "all",
            "places": 5,
            "service_days": 5,
            "assessed_first": "yes",
        },
    ],
}
"""Tables with which every journey needs a handoff: ``write_place(folder, **TWO_PROVIDERS)``."""


def write_place(folder: Path, settings: Mapping[str, Any] | None = None, **tables: Table) -> Path:
    """Write a small scenario folder.

    Args:
        folder: Where; created with its parents.
        settings: Nested values put over :data:`SETTINGS` in ``scenario.yaml``.
        tables: Tables by name, in place of those of :data:`TABLES` or in addition to them: rows, the text of the
            file, or None for no file at all.

    Returns:
        The folder.
    """
    return write_tables(folder, merged(SETTINGS, settings or {}), {**TABLES, **tables})


def changed(table: str, number: int = 0, **cells: Any) -> list[dict[str, Any]]:
    """Return a table of :data:`TABLES` with some cells of one row replaced; a cell of None is left out."""
    rows = [dict(row) for row in TABLES[table]]
    rows[number] = {name: value for name, value in {**rows[number], **cells}.items() if value is not None}
    return rows
