"""A scenario: a place as a folder of CSV tables and a ``scenario.yaml``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from sim import shipped
from sim.scenario_checks import check_initiatives, check_levels, check_references
from sim.schema.fields import Status, parameter
from sim.schema.initiatives import InitiativeRow
from sim.schema.parameters import DAYS_PER_YEAR, Parameters
from sim.schema.problems import BadInputError, Complaints
from sim.schema.reading import check_file_names, is_folder, read_table, read_yaml
from sim.schema.tables import (
    CooccurrenceRow,
    DistrictRow,
    NeedRow,
    ProviderRow,
    PublishedRow,
    ServiceRow,
    VignetteNeedRow,
    VignetteRow,
)
from sim.schema.validation import merged, validate

MOST_CITIZENS = 5_000_000
"""More citizens than this in one run are taken for a slip of the keyboard."""


class ScenarioFile(Parameters):
    """What a ``scenario.yaml`` may say: a title, a description and any of the parameters."""

    title: str = parameter(
        "", "Name for tables and figures; the folder's name if empty.", unit="text", status=Status.SETTING
    )
    description: str = parameter("", "What the place is.", unit="text", status=Status.SETTING)


@dataclass(frozen=True)
class Tables:
    """The rows of a scenario's tables."""

    districts: tuple[DistrictRow, ...]
    providers: tuple[ProviderRow, ...]
    services: tuple[ServiceRow, ...]
    needs: tuple[NeedRow, ...]
    cooccurrence: tuple[CooccurrenceRow, ...] = ()
    vignettes: tuple[VignetteRow, ...] = ()
    vignette_needs: tuple[VignetteNeedRow, ...] = ()
    published: tuple[PublishedRow, ...] = ()
    initiatives: tuple[InitiativeRow, ...] = ()

    @cached_property
    def citizens_per_year(self) -> float:
        """Citizens expected in a year, over all districts."""
        return sum(row.citizens_per_year for row in self.districts)


@dataclass(frozen=True)
class Scenario:
    """A place, its people and its parameters; checked, read-only."""

    name: str
    title: str
    description: str
    tables: Tables
    parameters: Parameters

    @classmethod
    def load(cls, place: str | Path, settings: Mapping[str, Any] | None = None) -> Self:
        """Load and check a scenario.

        Args:
            place: The name of a shipped scenario, or the path of a folder.
            settings: Nested parameters put over those of ``scenario.yaml``.

        Raises:
            BadInputError: With every problem found in all files of the folder.
        """
        folder = find_folder(place)
        complaints = Complaints()
        said_here = merged(read_settings(folder, complaints), settings or {})
        # Over the defaults, so that one number of a group can be set alone.
        data = merged(Parameters().model_dump(), said_here)
        said = validate(ScenarioFile, data, f"{folder.name}/scenario.yaml", complaints)
        before = len(complaints.problems)
        tables = Tables(
            districts=read_table(folder, "districts", DistrictRow, complaints),
            providers=read_table(folder, "providers", ProviderRow, complaints),
            services=read_table(folder, "services", ServiceRow, complaints),
            needs=read_table(folder, "needs", NeedRow, complaints),
            cooccurrence=read_table(folder, "cooccurrence", CooccurrenceRow, complaints, required=False),
            vignettes=read_table(folder, "vignettes", VignetteRow, complaints, required=False),
            vignette_needs=read_table(folder, "vignette_needs", VignetteNeedRow, complaints, required=False),
            published=read_table(folder, "published", PublishedRow, complaints, required=False),
            initiatives=read_table(folder, "initiatives", InitiativeRow, complaints, required=False),
        )
        if len(complaints.problems) == before:
            # A row that could not be read would be reported again as a name that does not exist.
            check_references(tables, folder.name, complaints)
            check_initiatives(tables.initiatives, tables, f"{folder.name}/initiatives.csv", complaints)
            check_levels(data.get("barriers"), tables, f"{folder.name}/scenario.yaml: barriers.", complaints)
        check_file_names(folder, [table.name for table in fields(Tables)], complaints)
        complaints.raise_if_any()
        assert said is not None
        parameters = Parameters.model_validate(said.model_dump(exclude={"title", "description"}))
        check_size(tables, parameters, complaints)
        complaints.raise_if_any()
        return cls(folder.name, said.title or folder.name, said.description, tables, parameters)

    def changed(self, settings: Mapping[str, Any]) -> Self:
        """Return this scenario with other parameters.

        Args:
            settings: Values by dotted path (``{"barriers.data_sharing": 0.8}``) or nested.

        Raises:
            BadInputError: With every problem.
        """
        data = self.parameters.model_dump()
        for path, value in settings.items():
            for name in reversed(path.split(".")):
                value = {name: value}
            data = merged(data, value)
        complaints = Complaints()
        parameters = validate(Parameters, data, "settings", complaints)
        if parameters is None:
            check_levels(data.get("barriers"), self.tables, "settings: barriers.", complaints)
            raise BadInputError(complaints.problems)
        return self.with_parameters(parameters)

    def with_parameters(self, parameters: Parameters, source: str = "settings") -> Self:
        """Return this scenario with these parameters, all of them.

        Args:
            parameters: The parameters.
            source: What to call them in messages.

        Raises:
            BadInputError: They do not fit the place.
        """
        complaints = Complaints()
        check_size(self.tables, parameters, complaints)
        check_levels(parameters.barriers.model_dump(), self.tables, f"{source}: barriers.", complaints)
        complaints.raise_if_any()
        return replace(self, parameters=parameters)

    def content(self) -> dict[str, Any]:
        """Return all that a result depends on, as plain data."""
        tables = {
            name: [row.model_dump(mode="json") for row in rows]
            for name, rows in vars(self.tables).items()
            if isinstance(rows, tuple)
        }
        return {"tables": tables, "parameters": self.parameters.model_dump(mode="json")}

    def digest(self) -> str:
        """Return a short name for the content: equal content, equal digest."""
        return digest_of(self.content())


def digest_of(content: Any) -> str:
    """Return 32 hexadecimal digits that name plain data."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def shipped_names() -> list[str]:
    """Return the names of the shipped scenarios."""
    return sorted(file.parent.name for file in shipped.folder("scenarios").glob("*/scenario.yaml"))


def find_folder(place: str | Path) -> Path:
    """Return the folder of a scenario, by name or path.

    Raises:
        BadInputError: There is no such scenario or folder.
    """
    complaints = Complaints()
    if isinstance(place, str) and place in shipped_names():
        return shipped.folder("scenarios") / place
    if is_folder(place):
        return Path(place).expanduser().resolve()
    if isinstance(place, Path) or "/" in place or "\\" in place:
        complaints.add("scenario", f"there is no folder {str(place)!r}")
    else:
        complaints.unknown("scenario", "scenario", place, shipped_names())
    raise BadInputError(complaints.problems)


def read_settings(folder: Path, complaints: Complaints) -> dict[str, Any]:
    """Read ``scenario.yaml`` as plain data; problems go to ``complaints``."""
    return read_yaml(folder / "scenario.yaml", f"{folder.name}/scenario.yaml", complaints)


def check_size(tables: Tables, parameters: Parameters, complaints: Complaints) -> None:
    """Note a place with more citizens than can be run."""
    expected = tables.citizens_per_year * parameters.time.horizon_days / DAYS_PER_YEAR
    if expected > MOST_CITIZENS:
        complaints.add(
            "districts.csv and time.horizon_days",
            f"would draw about {expected:,.0f} citizens",
            f"at most {MOST_CITIZENS:,} in a run",
        )
