"""A checked job: everything that is needed to run it, and nothing that still could be wrong."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from experiments.executor import ADDRESS, SERIAL, Executor
from experiments.settings import CompareSettings, ReplicatedSettings, RunSettings, Settings
from sim import coordination as coordinations
from sim.budget import checked_periods
from sim.coordination import Coordination
from sim.scenario import Scenario
from sim.scenario_checks import check_levels
from sim.schema.levels import level_text
from sim.schema.parameters import Parameters
from sim.schema.problems import BadInputError, Complaints
from sim.schema.validation import paths, validate
from sim.timeline import Timeline

SOURCE = "configuration"
SettingsT = TypeVar("SettingsT", bound=Settings)


@dataclass(frozen=True)
class StoppingRule:
    """When there are random worlds enough.

    Attributes:
        outcome: Name of the headline outcome whose differences have to be known.
        precision: Half-width of the 95 % interval of each difference, as a share of the difference.
        half_width: The same in the outcome's unit as it is shown (days, percentage points); None: not asked for.
            Either is enough.
        most: Worlds after which it stops anyway.
    """

    outcome: str
    precision: float
    half_width: float | None
    most: int


@dataclass(frozen=True)
class Plan:
    """What one job will do.

    Attributes:
        scenario: The place, with the parameters that were asked for.
        arms: Coordinations by the arm's name; the first is the baseline.
        seed: Root seed.
        replicates: The random worlds; with a stopping rule, as many as there may be.
        executor: By whom runs are run.
        changes: Parameters that differ from the scenario's own, by dotted path: its value and the one used.
        rule: When there are random worlds enough; None: there are as many as ``replicates`` says.
        store: Where results of runs are kept; None: in the output folder.
        retry_failed: Whether runs that failed before are tried again.
        asks: What it is called and the question that it answers; "" if nobody said.
    """

    scenario: Scenario
    arms: Mapping[str, Coordination]
    seed: int
    replicates: range
    executor: Executor = SERIAL
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    rule: StoppingRule | None = None
    store: Path | None = None
    retry_failed: bool = False
    asks: str = ""

    @property
    def baseline(self) -> str:
        """The arm that the others are compared with."""
        return next(iter(self.arms))

    @property
    def notes(self) -> list[str]:
        """What of the arms has nothing to work on in this place."""
        tables = self.scenario.tables
        hubs = Counter(row.hub for row in tables.providers if row.hub is not None)
        pools = Counter(row.pool for row in tables.services if row.pool is not None)
        notes = []
        for name, arm in self.arms.items():
            ever = Timeline(self.scenario, arm).ever
            if ever["delivery"] != {"separate_sites"} and max(hubs.values(), default=0) < 2:
                notes.append(
                    f"{name}: no two providers share a hub (column of providers.csv), so delivery changes nothing"
                )
            if ever["capacity"] != {"separate_budgets"} and max(pools.values(), default=0) < 2:
                notes.append(
                    f"{name}: no two services share a pool (column of services.csv), so capacity changes nothing"
                )
        return notes

    @property
    def particulars(self) -> dict[str, Any]:
        """What a manifest says of this kind of work alone, as plain data."""
        return {}

    @property
    def titles(self) -> dict[str, str]:
        """A title for each arm, unique among them."""
        return unique_titles({name: arm.title for name, arm in self.arms.items()})


def unique_titles(titles: Mapping[str, str]) -> dict[str, str]:
    """Return titles by name of the arm; of those that are alike each has the name behind it."""
    counts = Counter(titles.values())
    return {name: title if counts[title] == 1 else f"{title} ({name})" for name, title in titles.items()}


def plan_run(config: Mapping[str, Any], name: str, folders: Sequence[Path], complaints: Complaints) -> Plan | None:
    """Check the configuration of ``journeys run``.

    Args:
        config: The composed configuration as plain data.
        name: Name of the coordination that was chosen.
        folders: Where to look for coordinations before the shipped ones.
        complaints: Receives every problem.

    Returns:
        The plan, or None if there were problems.
    """
    settings, scenario, changes = settings_and_place(RunSettings, config, complaints)
    if settings is None or scenario is None:
        return None
    coordination = settings.coordination
    arm = coordination.model_copy(update={"title": title_of(coordination, name, folders)})
    if not fit(scenario, {name: arm}, complaints):
        return None
    replicates = range(settings.replicate, settings.replicate + 1)
    return Plan(scenario, {name: arm}, settings.seed, replicates, changes=changes)


def plan_compare(config: Mapping[str, Any], folders: Sequence[Path], complaints: Complaints) -> Plan | None:
    """Check the configuration of ``journeys compare``.

    Args:
        config: The composed configuration as plain data.
        folders: Where to look for coordinations before the shipped ones.
        complaints: Receives every problem.

    Returns:
        The plan, or None if there were problems.
    """
    settings, scenario, changes = settings_and_place(CompareSettings, config, complaints)
    # The arms are looked up even if other settings are wrong, so that all problems are reported at once.
    arms = load_arms(config.get("arms"), folders, complaints)
    if settings is None or scenario is None or arms is None or not fit(scenario, arms, complaints):
        return None
    count, rule = settings.replications, None
    if isinstance(count, str):
        if len(arms) < 2:
            what = f"is {count}, and there is one arm"
            complaints.add(f"{SOURCE}: replications", what, "a number, or another arm to compare with")
            return None
        count = settings.most_replications
        rule = StoppingRule(settings.precision_of, settings.precision, settings.half_width, count)
    executor = executor_of(settings, complaints)
    store = store_of(settings)
    if executor is None:
        return None
    return Plan(
        scenario,
        arms,
        settings.seed,
        range(count),
        executor,
        changes,
        rule,
        store,
        settings.retry_failed,
        ". ".join(words for words in (settings.title, settings.question) if words),
    )


def executor_of(settings: ReplicatedSettings, complaints: Complaints) -> Executor | None:
    """Return by whom runs are run; None, with a complaint, if what that needs is not installed or makes no sense."""
    kind, address = settings.executor.kind, settings.executor.address
    if kind != "dask" and address is not None:
        complaints.add(f"{SOURCE}: executor.address", f"is {address!r}, and executor is {kind}", "with executor=dask")
        return None
    if address is not None and not ADDRESS.fullmatch(address):
        complaints.add(f"{SOURCE}: executor.address", f"is {address!r}", "HOST:PORT of the scheduler of a Dask cluster")
        return None
    if kind == "dask" and importlib.util.find_spec("distributed") is None:
        complaints.add(f"{SOURCE}: executor", "is dask, which is not installed", "after pip install '.[cluster]'")
        return None
    return Executor(kind, settings.workers, address or "")


def store_of(settings: ReplicatedSettings) -> Path | None:
    """Return the folder of results, None for that in the output folder."""
    return None if settings.store is None else Path(settings.store)


def changes_of(own: Scenario, used: Scenario) -> dict[str, tuple[Any, Any]]:
    """Return the parameters that differ between a scenario and what is made of it: both values by dotted path."""
    before, after = (flat(scenario.parameters.model_dump(mode="json")) for scenario in (own, used))
    return {path: (before[path], value) for path, value in after.items() if value != before[path]}


def flat(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters in plain data by dotted path; a level for several sectors or professions is one value."""
    result = {}
    for path in paths(Parameters):
        value: Any = parameters
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        result[path] = value
    return result


def parameter_text(value: Any) -> str:
    """Return the value of a parameter as a person would type it."""
    return level_text(value) if isinstance(value, float | dict) else str(value)


def load_arms(
    names: Any, folders: Sequence[Path], complaints: Complaints, where: str = "arms"
) -> dict[str, Coordination] | None:
    """Load coordinations by name; None, with complaints about the setting ``where``, if one of them cannot be."""
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        complaints.add(where, f"is {names!r}", "a list of names such as [fragmented,integrated]")
        return None
    before = len(complaints.problems)
    if not names:
        complaints.add(where, "is empty", "at least one name")
    known = coordinations.names(folders)
    arms = {}
    for name, count in Counter(names).items():
        if count > 1:
            complaints.add(where, f"{name!r} is there {count} times", "each once")
        if name.partition("+")[0] not in known:
            complaints.unknown(where, "coordination", name.partition("+")[0], known)
            continue
        try:
            arms[name] = Coordination.load(name, folders)
        except BadInputError as error:
            complaints.problems.extend(error.problems)
    return arms if len(complaints.problems) == before else None


def fit(scenario: Scenario, arms: Mapping[str, Coordination], complaints: Complaints) -> bool:
    """Note every arm that does not fit the place or cannot be paid for, and return whether there is none."""
    fits = True
    for name, arm in arms.items():
        try:
            checked_periods(Timeline(scenario, arm), name)
        except BadInputError as error:
            complaints.problems.extend(error.problems)
            fits = False
    return fits


def settings_and_place(
    kind: type[SettingsT], config: Mapping[str, Any], complaints: Complaints
) -> tuple[SettingsT | None, Scenario | None, dict[str, tuple[Any, Any]]]:
    """Return a command's settings, its place with the parameters asked for, and which of them differ from its own.

    Args:
        kind: The command's settings.
        config: The composed configuration as plain data.
        complaints: Receives every problem.

    Returns:
        None for what has problems.
    """
    scenario = _place(config, complaints)
    said = {(problem.where.rpartition(": ")[2], problem.what) for problem in complaints.problems}
    own = Complaints()
    settings = validate(kind, config, SOURCE, own)
    # What is wrong in scenario.yaml comes back in the composed configuration; it is said once, with its file.
    for problem in own.problems:
        if (problem.where.rpartition(": ")[2], problem.what) not in said:
            complaints.problems.append(problem)
    if settings is None and scenario is not None:
        check_levels(config.get("barriers"), scenario.tables, f"{SOURCE}: barriers.", complaints)
    if settings is None or scenario is None:
        return settings, None, {}
    parameters = Parameters.model_validate(settings.model_dump(include={*Parameters.model_fields}))
    try:
        used = scenario.with_parameters(parameters, SOURCE)
    except BadInputError as error:
        complaints.problems.extend(error.problems)
        return settings, None, {}
    return settings, used, changes_of(scenario, used)


def title_of(chosen: Coordination, name: str, folders: Sequence[Path]) -> str:
    """Return a coordination's title, with what was changed of the named one, as an arm's name would have it."""
    title = chosen.title or name
    try:
        named = Coordination.load(name.partition("+")[0], folders)
    except BadInputError:
        return title
    if title != named.title:
        return title
    return coordinations.title_with(title, chosen, [key for key, value in chosen if value != getattr(named, key)])


def _place(config: Mapping[str, Any], complaints: Complaints) -> Scenario | None:
    place = config.get("scenario")
    folder = place.get("folder") if isinstance(place, Mapping) else None
    if not isinstance(folder, str):
        return None
    try:
        return Scenario.load(folder)
    except BadInputError as error:
        complaints.problems.extend(error.problems)
        return None
