"""Random small landscapes: every table, every mechanism and every barrier in some of them, few people in each.

What is drawn is a scenario folder and the content of a coordination file, so that a landscape comes in by the same
door as anybody's own. Who draws is given: a seeded generator, or one of a library that tries hard to find the odd case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from experiments.validation.places import write_tables
from sim.coordination import MECHANISMS, Coordination
from sim.mechanisms import registry
from sim.scenario import Scenario
from sim.schema.barriers import Barriers
from sim.schema.initiatives import DATED
from sim.schema.problems import BadInputError, Complaints
from sim.schema.validation import validate

Row = dict[str, Any]
SECTORS = ("public", "private", "voluntary")
PROFESSIONS = ("health", "social_care", "housing", "advice", "justice")
PAIRED = ("culture", "data_sharing", "learning")
"""Barriers that may have levels for pairs."""
MOST_CITIZENS = 120
"""About how many citizens a landscape has at most."""


@dataclass(frozen=True)
class Landscape:
    """A random landscape, as files say it.

    Attributes:
        tables: Rows of each table by its name.
        settings: Content of ``scenario.yaml``.
        coordination: Content of a file of ``conf/coordination``.
        seed: Root seed of its run.
        replicate: Number of its world.
    """

    tables: Mapping[str, Sequence[Row]]
    settings: Mapping[str, Any]
    coordination: Mapping[str, Any]
    seed: int
    replicate: int

    def load(self, folder: Path) -> tuple[Scenario, Coordination]:
        """Write the landscape to a folder and load it as anybody would.

        Raises:
            BadInputError: The files are refused: what was drawn is not valid.
        """
        write_tables(folder, self.settings, self.tables)
        complaints = Complaints()
        coordination = validate(Coordination, dict(self.coordination), "coordination", complaints)
        if coordination is None:
            raise BadInputError(complaints.problems)
        return Scenario.load(folder), coordination


def random_landscape(luck: Random) -> Landscape:
    """Draw a landscape.

    Args:
        luck: Who draws.
    """
    horizon = luck.randint(30, 250)
    districts = _districts(luck, horizon)
    needs = _needs(luck)
    where, what = [row["district"] for row in districts], [row["need"] for row in needs]
    providers = _providers(luck, where, len(what))
    services = _services(luck, providers, what)
    vignettes, vignette_needs = _vignettes(luck, where, what, horizon)
    initiatives = _initiatives(luck, where, [row["service"] for row in services], horizon)
    tables = {
        "districts": districts,
        "providers": providers,
        "services": services,
        "needs": needs,
        "cooccurrence": _cooccurrence(luck, what),
        "vignettes": vignettes,
        "vignette_needs": vignette_needs,
        "initiatives": initiatives,
    }
    coordination = _coordination(luck) | {
        "initiatives": _initiatives(luck, where, [row["service"] for row in services], horizon)
    }
    settings = _settings(luck, horizon)
    return Landscape(tables, settings, coordination, luck.randint(0, 2**64 - 1), luck.randint(0, 2**32 - 1))


def _number(luck: Random, low: float, high: float) -> float:
    return round(luck.uniform(low, high), 3)


def _sometimes(luck: Random, chance: float) -> bool:
    return luck.random() < chance


def _districts(luck: Random, horizon: int) -> list[Row]:
    count = luck.randint(1, 3)
    most = int(MOST_CITIZENS * 365 / horizon / count)
    return [
        {
            "district": f"d{number}",
            "citizens_per_year": luck.choice([0, luck.randint(1, most), luck.randint(1, most)]),
            "capability_odds": _number(luck, 0.3, 3.0),
        }
        for number in range(count)
    ]


def _needs(luck: Random) -> list[Row]:
    rows = [
        {
            "need": f"n{number}",
            "prevalence": luck.choice([0, 1, _number(luck, 0.1, 5.0)]),
            "severity_median": luck.choice([0, 1, _number(luck, 0.05, 0.95), _number(luck, 0.05, 0.95)]),
            "severity_sigma": luck.choice([0, 0.8, 2]),
            "return_probability": luck.choice([0, 0, _number(luck, 0.0, 0.9)]),
            "return_days": luck.choice([1, 20, 90]),
        }
        for number in range(luck.randint(1, 4))
    ]
    rows[0]["prevalence"] = 1
    return rows


def _providers(luck: Random, districts: Sequence[str], needs: int) -> list[Row]:
    """Return first a provider for each need that covers every district and that people see, then others."""
    rows = []
    for number in range(needs + luck.randint(0, 4)):
        is_anchor = number < needs
        row: Row = {
            "provider": f"p{number}",
            "sector": luck.choice(SECTORS),
            # Levels of barriers name this one, so it has to be there.
            "profession": "health" if number == 0 else luck.choice(PROFESSIONS),
            "districts": "all" if is_anchor else ";".join(luck.sample(districts, luck.randint(1, len(districts)))),
            "visibility": luck.choice([0.1, 1, 3] if is_anchor else [0, 0.1, 1, 3]),
        }
        if _sometimes(luck, 0.5):
            row["record_system"] = luck.choice(["r0", "r1"])
        if _sometimes(luck, 0.5):
            row["contract_days"] = luck.choice([1, 7, 30, 90])
        if _sometimes(luck, 0.6):
            row["hub"] = luck.choice(["h0", "h1"])
        rows.append(row)
    return rows


def _services(luck: Random, providers: Sequence[Row], needs: Sequence[str]) -> list[Row]:
    """Return support, perhaps behind an assessment, for each anchor's need, and desks of others at random.

    A provider has one desk at most for each stage and need, which the model asks for.
    """
    rows = []
    for number, provider in enumerate(providers):
        name = provider["provider"]
        own = [needs[number]] if number < len(needs) else []
        others = [need for need in needs if need not in own and _sometimes(luck, 0.3)]
        assessed_first = _sometimes(luck, 0.6)
        supported = own + others
        if supported:
            rows.append(_service(luck, name, "support", supported, assessed_first and _sometimes(luck, 0.9)))
        if (own and assessed_first) or _sometimes(luck, 0.3):
            assessed = own + [need for need in needs if need not in own and _sometimes(luck, 0.4)]
            if assessed:
                rows.append(_service(luck, name, "assessment", assessed, False))
        if _sometimes(luck, 0.25):
            rows.append(_service(luck, name, "crisis", luck.choice([["all"], [luck.choice(needs)]]), False))
    return rows


def _service(luck: Random, provider: str, stage: str, needs: Sequence[str], assessed_first: bool) -> Row:
    longest = 40.0 if stage == "support" else 3.0
    row: Row = {
        "service": f"{provider}_{stage}",
        "provider": provider,
        "stage": stage,
        "needs": ";".join(needs),
        "places": luck.choice([0, 1, 2, 3, 5, 12]),
        "service_days": luck.choice([_number(luck, 0.05, longest), _number(luck, 0.05, longest), 1]),
        "service_time": luck.choice(["exponential", "lognormal", "fixed"]),
        "service_cv": luck.choice([0, 0.6, 2]),
        "threshold": 0 if stage == "crisis" else luck.choice([0, 0, _number(luck, 0.0, 1.0)]),
        "assessed_first": "yes" if assessed_first else "no",
    }
    if stage != "crisis" and _sometimes(luck, 0.6):
        # One stage and one staff_per_place in a pool.
        row["pool"] = f"{stage}_{luck.choice('ab')}"
    elif _sometimes(luck, 0.3):
        row["staff_per_place"] = luck.choice([0, 0.1, 2])
    if stage != "crisis" and _sometimes(luck, 0.25):
        row["list_limit"] = luck.choice([0, 1, 4])
    return row


def _cooccurrence(luck: Random, needs: Sequence[str]) -> list[Row]:
    pairs = [(one, other) for number, one in enumerate(needs) for other in needs[:number]]
    return [
        {"need": one, "other": other, "lift": luck.choice([0, 0.5, 4])} for one, other in pairs if _sometimes(luck, 0.4)
    ]


def _vignettes(
    luck: Random, districts: Sequence[str], needs: Sequence[str], horizon: int
) -> tuple[list[Row], list[Row]]:
    people: list[Row] = [
        {
            "vignette": f"v{number}",
            "district": luck.choice(districts),
            "onset_day": luck.choice([0, 10, luck.randint(0, horizon + 20)]),
            "capability": luck.choice([0, 1, _number(luck, 0, 1)]),
            "persistence": luck.choice([0, 1, _number(luck, 0, 1)]),
            "patience_days": luck.choice([0.5, 20, 1000]),
        }
        for number in range(luck.choice([0, 0, 1, 3]))
    ]
    wanted: list[Row] = [
        {
            "vignette": person["vignette"],
            "need": need,
            "severity": luck.choice([0, 1, _number(luck, 0, 1)]),
            "lag_days": luck.choice([0, 0, 15]),
        }
        for person in people
        for need in luck.sample(needs, luck.randint(1, len(needs)))
    ]
    return people, wanted


def _initiatives(luck: Random, districts: Sequence[str], services: Sequence[str], horizon: int) -> list[Row]:
    return [
        _initiative(luck, number, districts, services, horizon) for number in range(luck.choice([0, 0, 0, 1, 2, 4]))
    ]


def _initiative(luck: Random, number: int, districts: Sequence[str], services: Sequence[str], horizon: int) -> Row:
    what = luck.choice(["mechanism", "mechanism", "barrier", "places"])
    row: Row = {"initiative": f"i{number}", "from_day": luck.randint(0, horizon)}
    if what == "mechanism":
        row["change"] = luck.choice(DATED)
        row["value"] = luck.choice(registry.names(row["change"]))
    elif what == "barrier":
        row["change"] = f"barriers.{luck.choice(list(Barriers.model_fields))}"
        row["value"] = str(luck.choice([0, 1, _number(luck, 0, 1)]))
    else:
        row["change"] = f"places.{luck.choice(services)}"
        row["value"] = str(luck.choice([0, 1, 4, 20]))
    if _sometimes(luck, 0.4):
        row["to_day"] = row["from_day"] + luck.randint(1, 60)
    if what != "places" and _sometimes(luck, 0.5):
        row["districts"] = ";".join(luck.sample(districts, luck.randint(1, len(districts))))
        row["spread_days"] = luck.choice([0, 5, 30])
    row["ramp_days"] = luck.choice([0, 0, 10, 60])
    return row


def _settings(luck: Random, horizon: int) -> dict[str, Any]:
    warmup = luck.randint(0, horizon // 3)
    return {
        "budget": luck.choice(["equal", "added"]),
        "time": {"horizon_days": horizon, "warmup_days": warmup, "followup_days": luck.randint(1, horizon // 3)},
        "population": {
            "needs_mean": luck.choice([0, 1, 2.7, 10]),
            "onset_lag_days": luck.choice([0, 10, 60]),
            "patience_days": luck.choice([2, 30, 150]),
            "patience_sigma": luck.choice([0, 0.5, 2]),
            "persistence_median": luck.choice([0, 0.7, 1]),
            "capability_median": luck.choice([0, 0.5, 1]),
        },
        "journey": {
            "bandwidth": luck.randint(1, 3),
            "wrong_door": luck.choice([0, 0.4, 1]),
            "redirect": luck.choice([0, 0.4, 1]),
            "guess": luck.choice([0, 0.5, 1]),
            "finding": luck.choice([0, 0.3, 1]),
            "attendance": luck.choice([0.5, 0.927, 1]),
            "rebook": luck.choice([0, 0.7, 1]),
            "retry_days": luck.choice([1, 7, 21]),
            "missed_slot_days": luck.choice([0, 0.5, 3]),
        },
        "handoffs": {"letter": {"sent": luck.choice([0, 0.5, 1])}, "chase_days": luck.choice([0.5, 7])},
        "navigation": {
            kind: {
                "min_needs": luck.choice([1, 2]),
                "days": luck.choice([1, 20, 200]),
                "caseload": luck.choice([1, 5]),
                "follow_up": luck.choice([0, 0.5, 1]),
            }
            for kind in ("link_worker", "key_worker")
        },
        "delivery": {"team": {"meeting_every_days": luck.choice([1, 7]), "meeting_staff_days": luck.choice([0, 0.3])}},
        "pooling": {"move_days": luck.choice([0, 0, 2, 20]), "keep": luck.choice([0, 0.5, 1])},
        "crises": {
            "hazard": luck.choice([0, 0.001, 0.05]),
            "restart": luck.choice([0, 0.5, 1]),
            "raises": luck.choice([0, 0, 3]),
        },
        "barriers": {name: _level(luck, name in PAIRED) for name in Barriers.model_fields},
        "barrier_effects": {
            "funding_gap_days": luck.choice([0, 5, 90]),
            "funding_list_lost": luck.choice([0, 0.5, 1]),
            "funding_lapse_voluntary": luck.choice([0.6, 1]),
        },
    }


def _level(luck: Random, with_pairs: bool) -> float | dict[str, float]:
    """Return the level of a barrier: a number, or numbers by sector, by profession and, where they count, by pair."""
    if _sometimes(luck, 0.6):
        return luck.choice([0.0, 1.0, _number(luck, 0, 1)])
    levels = {"all": _number(luck, 0, 1)}
    for _ in range(luck.randint(0, 2)):
        levels[luck.choice([*SECTORS, "health", "access", "navigation"])] = luck.choice([0.0, 1.0, _number(luck, 0, 1)])
    if with_pairs and _sometimes(luck, 0.6):
        sides = [*SECTORS, "health", "navigation"]
        levels[f"{luck.choice(sides)}/{luck.choice(sides)}"] = _number(luck, 0, 1)
    return levels


def _coordination(luck: Random) -> dict[str, Any]:
    drawn: dict[str, Any] = {name: luck.choice(registry.names(name)) for name in MECHANISMS}
    return drawn | {
        "title": "drawn",
        "front_door_places": luck.choice([0, 1.5, 20]),
        "front_door_days": luck.choice([0.1, 1]),
        "navigators": luck.choice([0, 2, 30]),
    }
