"""What must hold in every landscape, whatever it looks like.

Each check takes one run of a random landscape and raises :class:`BrokenError` if what it is about does not hold.
Nothing is tested here that theory does not promise. That more places, weaker barriers or more navigators leave every
citizen better off is promised for one queue under first come (:mod:`experiments.validation.queue_checks`) and for
single decisions (:func:`check_nested`), and not for a network: who is served sooner at one desk reaches the next desk
sooner and takes a place there from somebody else; who waits less does not give up and is still there to be waited for;
who tries again comes at another time. Whole runs are therefore not compared that way.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sim.api import simulate
from sim.budget import planned
from sim.coordination import Coordination
from sim.levels import Level
from sim.model import JourneyModel
from sim.outcomes.balance import ImbalanceError
from sim.outcomes.headline import HEADLINE
from sim.outcomes.result import Result
from sim.scenario import Scenario
from sim.schema.barriers import Barriers
from sim.schema.tables import DistrictRow, ProviderRow, ServiceRow, VignetteNeedRow, VignetteRow
from sim.timeline import Timeline

IN_WORDS = ["activity", "time", "resource", "service", "other", "need", "reason", "noticed", "followed"]
"""What an entry of the ledger says without numbers that depend on who else there is."""
PLENTY = 1_000_000


class BrokenError(Exception):
    """Something that must hold does not."""


@dataclass(frozen=True)
class Run:
    """One run of a landscape, and what is needed to run it again."""

    scenario: Scenario
    coordination: Coordination
    result: Result

    def again(self, scenario: Scenario | None = None, coordination: Coordination | None = None) -> Result:
        """Run the same world once more, perhaps with another place or other rules."""
        return simulate(
            scenario or self.scenario, coordination or self.coordination, self.result.seed, self.result.replicate
        )


def run_of(scenario: Scenario, coordination: Coordination, seed: int, replicate: int) -> Run:
    """Run a landscape."""
    return Run(scenario, coordination, simulate(scenario, coordination, seed, replicate))


def check_flows(run: Run) -> None:
    """Nobody is lost or counted twice; the ledger is in order of time, and so is each case."""
    try:
        run.result.check_balance()
    except ImbalanceError as error:
        raise BrokenError(str(error)) from error
    counts = run.result.counts()
    ended = counts["supported"] + counts["gave_up"] + counts["open"]
    passed = counts["handoffs_attended"] + counts["handoffs_dropped"] + counts["handoffs_under_way"]
    if counts["onsets"] != ended or counts["handoffs_made"] != passed:
        raise BrokenError(f"flows do not add up: {counts}")
    spells, handoffs = run.result.spells, run.result.handoffs
    _in_order(spells, "joined", "started", "ended")
    _in_order(handoffs, "made", "received", "accepted", "attended")
    _in_order(handoffs, "made", "dropped")
    onset = run.result.episodes["onset"].to_numpy()
    for table, column in ((spells, "joined"), (handoffs, "made")):
        if (table[column].to_numpy() < onset[table["episode"].to_numpy()]).any():
            raise BrokenError(f"{column} before the onset of the need")


def check_places(run: Run) -> None:
    """Whenever somebody is let in, there are no more people in service than places in force.

    From the table of spells and the entries on places alone; places wasted on missed appointments and taken by
    coordination come on top and are left to the check of the balance. In a pool there are never more places in force
    than funded ones.
    """
    spells, ledger = run.result.spells, run.result.ledger
    changes = ledger[ledger["activity"] == "places"]
    names = run.result.names.services
    for number, name in enumerate(names):
        own = changes[changes["service"] == name]
        served = spells[(spells["service"] == name) & spells["started"].notna()]
        starts = np.sort(served["started"].to_numpy(np.float64))
        ends = np.sort(served["ended"].fillna(math.inf).to_numpy(np.float64))
        # Who ends at the moment at which another starts has made room.
        inside = np.arange(1, len(starts) + 1) - np.searchsorted(ends, starts, "right")
        there = _most_places(own, run.result.capacity.places[number], starts)
        # Nobody stays for no time at all, unless a service time is shorter than a float can tell.
        instant = (served["ended"] == served["started"]).any()
        if (inside > there).any() and not instant:
            raise BrokenError(f"{name} served {int(inside.max())} people with {int(there.min())} places")
    _check_pools(run, changes)


def check_tables(run: Run) -> None:
    """Every table of outcomes can be made, without a warning, and shares and times are possible numbers."""
    result = run.result
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            tables = (result.ledger, result.vignettes, result.episodes, result.spells, result.handoffs, result.groups)
            headline, costs, worst = result.headline(), result.costs(), result.worst_tenth()
            services = result.services
            result.published()
        except (Warning, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise BrokenError(f"a table cannot be made: {type(error).__name__}: {error}") from error
    if any(table.columns.has_duplicates for table in tables):
        raise BrokenError("a table has two columns of one name")
    if result.episodes["cohort"].any():
        always = ("failed_per_100", "failure_per_100", "crises_per_100", "gave_up")
        unknown = [name for name in always if not math.isfinite(headline[name])]
        if unknown or not all(isinstance(value, float) for value in worst.values()):
            raise BrokenError(f"not a number in spite of a cohort: {unknown} {worst}")
    for outcome in HEADLINE:
        value = headline[outcome.name]
        if math.isinf(value) or (outcome.unit == "share" and not (math.isnan(value) or -1e-12 <= value <= 1 + 1e-12)):
            raise BrokenError(f"{outcome.name} is {value}")
    for table, columns in (
        (result.episodes, ("onset", "severity", "days", "capability")),
        (result.spells, ("joined",)),
        (result.handoffs, ("made",)),
        (result.ledger, ("time", "detail")),
        (services, ("places", "waiting")),
    ):
        for column in columns:
            if not np.isfinite(table[column].to_numpy(np.float64)).all():
                raise BrokenError(f"{column} is not a number everywhere")
    unknown = [name for name, value in costs.items() if not math.isfinite(value) and not name.startswith("per_")]
    if unknown:
        raise BrokenError(f"costs are not numbers: {unknown}")


def check_twice(run: Run) -> None:
    """The same world twice is the same to the last byte."""
    if run.again().raw != run.result.raw:
        raise BrokenError("the same run twice is not the same")


def check_newcomer(run: Run) -> None:
    """Where there is room for everybody, one more citizen changes no other's journey."""
    roomy, arm = with_room(run.scenario), _with_help_for_all(run.coordination)
    before, after = journeys(run.again(roomy, arm)), journeys(run.again(with_newcomer(roomy), arm))
    after.pop("newcomer", None)
    _same(before, after, "one more citizen")


def check_order_of_tables(run: Run) -> None:
    """The order of rows changes nobody's journey. Rows of initiatives are left alone: the later one counts."""
    names = ("districts", "providers", "services", "needs", "cooccurrence", "vignettes", "vignette_needs")
    tables = run.scenario.tables
    turned = replace(tables, **{name: getattr(tables, name)[::-1] for name in names})
    other = run.again(replace(run.scenario, tables=turned))
    _same(journeys(run.result), journeys(other), "the order of rows")


def check_provider_out_of_reach(run: Run) -> None:
    """A provider on an island where nobody lives changes no journey, though it offers everything.

    Workers do not guess here: a guess is made among all providers that one does not know, those of an island as well.
    The rule of entry does not change on a date: a front door is open for as long as it is the rule anywhere.
    """
    tables = run.scenario.tables
    lasting = tuple(row for row in tables.initiatives if row.change != "entry")
    place = replace(run.scenario, tables=replace(tables, initiatives=lasting)).changed({"journey.guess": 0.0})
    own = tuple(row for row in run.coordination.initiatives if row.change != "entry")
    arm = run.coordination.model_copy(update={"initiatives": own})
    _same(journeys(run.again(place, arm)), journeys(run.again(with_island(place), arm)), "a provider out of reach")


def check_nested(run: Run) -> None:
    """What a barrier blocks at one level it blocks at every higher one: catchments, thresholds, knowledge."""
    lower, higher = (_at_level(run, level) for level in (0.3, 0.7))
    rules = [[district.all[0] for district in model.rules] for model in (lower, higher)]
    for weak, strong in zip(lower.landscape.providers, higher.landscape.providers, strict=True):
        if not strong.covered <= weak.covered <= weak.nominal:
            raise BrokenError(f"{weak.name} covers more where geography is a stronger barrier")
        if any(weak.local.get(where, 0.0) > strong.local.get(where, 0.0) for where in strong.covered):
            raise BrokenError(f"the threshold of {weak.name} is lower where geography is a stronger barrier")
        for mine, theirs in zip(lower.landscape.providers, higher.landscape.providers, strict=True):
            known = higher.landscape.knows(theirs, strong, rules[1][0])
            if known and not lower.landscape.knows(mine, weak, rules[0][0]):
                raise BrokenError(f"{mine.name} knows {weak.name} only where learning is a stronger barrier")


CHECKS: Mapping[str, Callable[[Run], None]] = {
    "flows and order of time": check_flows,
    "places never exceeded": check_places,
    "tables of outcomes": check_tables,
    "the same twice": check_twice,
    "one more citizen": check_newcomer,
    "order of rows": check_order_of_tables,
    "provider out of reach": check_provider_out_of_reach,
    "barriers nested": check_nested,
}
"""What is checked on one run, by the name it has in reports."""


def journeys(result: Result) -> dict[str, list[tuple[object, ...]]]:
    """Return the ledger of each citizen in words."""
    ledger = result.ledger
    columns = [ledger[name].astype(object).tolist() for name in ["case", *IN_WORDS]]
    found: dict[str, list[tuple[object, ...]]] = {}
    for case, *entry in zip(*columns, strict=True):
        if case:
            found.setdefault(case, []).append(tuple(entry))
    return found


def with_room(scenario: Scenario) -> Scenario:
    """Return a place with places for everybody at all times: nobody waits for anybody.

    No contract ends: people who wait for a door to open again wait for each other, and where a contract ends every day
    vacancies pile up until no place is left.
    """
    tables = scenario.tables
    providers = tuple(row.model_copy(update={"contract_days": None}) for row in tables.providers)
    services = tuple(row.model_copy(update={"places": PLENTY}) for row in tables.services)
    initiatives = tuple(row for row in tables.initiatives if not row.service)
    return replace(scenario, tables=replace(tables, providers=providers, services=services, initiatives=initiatives))


def with_newcomer(scenario: Scenario) -> Scenario:
    """Return the place with one more citizen, who has every need and arrives on day 3."""
    tables = scenario.tables
    person = VignetteRow(
        vignette="newcomer",
        district=tables.districts[0].district,
        onset_day=3,
        capability=0.9,
        persistence=0.9,
        patience_days=100,
    )
    wants = tuple(VignetteNeedRow(vignette="newcomer", need=row.need, severity=0.7) for row in tables.needs)
    more = replace(tables, vignettes=(*tables.vignettes, person), vignette_needs=(*tables.vignette_needs, *wants))
    return replace(scenario, tables=more)


def with_island(scenario: Scenario) -> Scenario:
    """Return the place with one more district, where nobody lives, and a provider for it alone.

    The provider has no staff: under an equal budget the staff of all services pays for coordination.
    """
    tables = scenario.tables
    names = tuple(row.district for row in tables.districts)
    island = DistrictRow(district="island", citizens_per_year=0)
    hermit = ProviderRow(
        provider="hermit", sector="private", profession="health", districts=("island",), visibility=5.0
    )
    cell = ServiceRow(
        service="cell",
        provider="hermit",
        stage="support",
        needs=tuple(row.need for row in tables.needs),
        places=7,
        service_days=1,
        staff_per_place=0,
    )
    # "All" would now mean the island, too.
    providers = tuple(
        row.model_copy(update={"districts": names}) if "all" in row.districts else row for row in tables.providers
    )
    more = replace(
        tables, districts=(island, *tables.districts), providers=(hermit, *providers), services=(cell, *tables.services)
    )
    return replace(scenario, tables=more)


def _with_help_for_all(arm: Coordination) -> Coordination:
    initiatives = tuple(row for row in arm.initiatives if not row.service)
    return arm.model_copy(update={"navigators": 1000.0, "front_door_places": 1000.0, "initiatives": initiatives})


def _at_level(run: Run, level: float) -> JourneyModel:
    """Return the model before it runs, with every barrier at one level and no initiative that changes one."""
    tables = run.scenario.tables
    kept = tuple(row for row in tables.initiatives if not row.barrier)
    barriers = Barriers(**dict.fromkeys(Barriers.model_fields, level))
    scenario = replace(
        run.scenario,
        tables=replace(tables, initiatives=kept),
        parameters=run.scenario.parameters.model_copy(update={"barriers": barriers}),
    )
    own = tuple(row for row in run.coordination.initiatives if not row.barrier)
    arm = run.coordination.model_copy(update={"initiatives": own})
    model = JourneyModel(scenario, arm, run.result.seed, run.result.replicate)
    # What day 0 brings into force.
    model.calendar.run_until(1e-9)
    assert isinstance(model.rules[0].all[0].levels.learning, Level)
    return model


def _same(before: Mapping[str, object], after: Mapping[str, object], what: str) -> None:
    if before != after:
        changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        raise BrokenError(f"{what} changes the journeys of {len(changed)} citizens, such as {changed[0]}")


def _in_order(table: pd.DataFrame, *columns: str) -> None:
    latest = table[columns[0]].to_numpy(np.float64)
    for name in columns[1:]:
        times = table[name].to_numpy(np.float64)
        if (times < latest).any():
            raise BrokenError(f"{name} before {columns[0]}")
        latest = np.where(np.isnan(times), latest, times)


def _most_places(changes: pd.DataFrame, before: int, at: np.ndarray) -> np.ndarray:
    """Return the most places that a service had at some times, a moment of a change having both numbers."""
    times = np.concatenate([[-1.0], changes["time"].to_numpy(np.float64)])
    counts = np.concatenate([[float(before)], changes["detail"].to_numpy(np.float64)])
    first, last = np.searchsorted(times, at, "left") - 1, np.searchsorted(times, at, "right")
    return np.array([counts[begin:end].max() for begin, end in zip(first, last, strict=True)])


def _check_pools(run: Run, changes: pd.DataFrame) -> None:
    periods = planned(Timeline(run.scenario, run.coordination))
    pools: dict[str, list[str]] = {}
    for row in run.scenario.tables.services:
        if row.pool is not None:
            pools.setdefault(row.pool, []).append(row.service)
    for pool, members in pools.items():
        most = max(sum(period.places[name] for name in members) for period in periods)
        names = run.result.names.services
        start = {name: float(run.result.capacity.places[names.index(name)]) for name in members}
        own = changes[changes["service"].isin(members)]
        for time, moment in own.groupby("time", sort=True):
            start |= dict(zip(moment["service"].astype(str), moment["detail"], strict=True))
            if sum(start.values()) > most:
                raise BrokenError(
                    f"pool {pool} had {sum(start.values()):g} places on day {time:g}, and {most} are funded"
                )
