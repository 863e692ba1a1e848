"""The whole chain of a handoff, with retries: the model against a program in SimPy written from its description.

The peer is :mod:`experiments.validation.peers.chain_town`; the numbers of both are in
:mod:`experiments.validation.peers.chain_numbers`.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import Any

import pandas as pd

from experiments.validation.compared import Compared
from experiments.validation.part import Part
from experiments.validation.peers import chain_numbers as numbers
from experiments.validation.peers.chain_numbers import SETTINGS, Setting
from experiments.validation.peers.chain_town import Town
from experiments.validation.peers.running import (
    PLAIN,
    Job,
    Measures,
    compared_with,
    generator,
    replicated,
)
from experiments.validation.places import load_place
from sim import Coordination, Scenario, simulate

FAMILY = "Chain in SimPy"
REASONS = ("not_carried", "not_transmitted", "wrong_door", "below_threshold", "declined", "list_full",
           "abandoned_wait", "did_not_attend")  # fmt: skip


# --- the model ----------------------------------------------------------------------------------------------------


@lru_cache
def _scenario(setting: Setting) -> Scenario:
    modes: dict[str, Any] = {}
    for name, mode in numbers.MODES.items():
        modes[name] = {
            "sent": mode.sent,
            "days": mode.days,
            "attendance_odds": mode.attendance_odds,
            "staff_days": mode.staff_days,
            **({"chases": mode.chases} if mode.told else {}),
        }
    settings = {
        "budget": "equal" if setting.equal_budget else "added",
        "time": {
            "horizon_days": numbers.HORIZON,
            "warmup_days": numbers.WARMUP,
            "followup_days": numbers.FOLLOWUP,
        },
        "population": {
            "needs_mean": numbers.NEEDS_MEAN,
            "needs_size": numbers.NEEDS_SIZE,
            "onset_lag_days": numbers.LAG_DAYS,
            "capability_median": numbers.CAPABILITY_MEDIAN,
            "capability_sigma": numbers.CAPABILITY_SIGMA,
            "persistence_median": numbers.PERSISTENCE_MEDIAN,
            "persistence_sigma": numbers.PERSISTENCE_SIGMA,
            "patience_days": numbers.PATIENCE_DAYS,
            "patience_sigma": numbers.PATIENCE_SIGMA,
        },
        "journey": {"bandwidth": numbers.BANDWIDTH, **numbers.JOURNEY},
        "handoffs": {
            **modes,
            "chase_days": numbers.CHASE_DAYS,
            "carried_odds_capability": numbers.CARRIED_ODDS_CAPABILITY,
        },
        "crises": PLAIN["crises"],
        "barriers": {
            "culture": setting.culture,
            "data_sharing": setting.data_sharing,
            "learning": setting.learning,
        },
        "barrier_effects": numbers.EFFECTS,
    }
    return load_place(settings, _tables())


def _tables() -> dict[str, list[dict[str, Any]]]:
    services = []
    for desk in numbers.DESKS:
        row = {"service": desk.name, "needs": ";".join(desk.kinds), "service_days": desk.days, "service_cv": desk.cv}
        row["service_time"] = "exponential" if desk.cv == 1.0 else "lognormal"
        row["staff_per_place"] = desk.staff
        row["assessed_first"] = "yes" if desk.assessed_first else "no"
        same = ("provider", "stage", "places", "threshold", "list_limit")
        services.append({**row, **{name: value for name, value in asdict(desk).items() if name in same}})
    return {
        "districts": [{"district": "town", "citizens_per_year": numbers.CITIZENS_PER_YEAR}],
        "providers": [
            {"provider": name, "sector": "public", "profession": profession, "visibility": numbers.VISIBILITY[name]}
            for name, profession in numbers.PROFESSIONS.items()
        ],
        "services": services,
        "needs": [
            {
                "need": name,
                "prevalence": kind.weight,
                "severity_median": kind.median,
                "severity_sigma": kind.sigma,
                "return_probability": kind.returns,
                "return_days": kind.return_days,
            }
            for name, kind in numbers.KINDS.items()
        ],
    }


def by_model(setting: Setting, seed: int, replicate: int) -> Measures:
    """Run one replicate in the model."""
    rules = Coordination(
        handoff=setting.mode,
        entry="any_door" if setting.any_door else "self_directed",
        discipline="urgency" if setting.urgency else "first_come",
    )
    result = simulate(_scenario(setting), rules, seed, 100_000 * setting.number + replicate)
    episodes, spells, handoffs = result.episodes, result.spells, result.handoffs
    ledger = result.ledger
    counts = {
        name: ledger.loc[ledger["activity"] == name, "episode"]
        .value_counts()
        .reindex(range(len(episodes)), fill_value=0)
        for name in ("turned_away", "found")
    }
    needs = pd.DataFrame(
        {
            "onset": episodes["onset"],
            "supported": (episodes["onset"] + episodes["days"]).where(episodes["state"] == "supported"),
            "gave_up": (episodes["onset"] + episodes["days"]).where(episodes["state"] == "gave_up"),
            "tries": episodes["tries"],
            "setbacks": episodes["setbacks"],
            **counts,
        }
    )
    stays = spells[["episode", "joined", "started", "missed"]].assign(
        desk=spells["service"].astype(str), left=spells["ended"].where(spells["started"].isna())
    )
    end = handoffs["reason"].astype(str).where(handoffs["state"] != "attended", "attended")
    made = handoffs[["episode", "made"]].assign(end=end)
    return measures_of(needs, stays, made)


# --- the peer -----------------------------------------------------------------------------------------------------


def by_simpy(setting: Setting, seed: int, replicate: int) -> Measures:
    """Run one replicate in SimPy."""
    town = Town(setting, generator(seed, setting.number, 5, replicate))
    town.run()
    row = {id(need): number for number, need in enumerate(town.needs)}
    columns = ("onset", "supported", "gave_up", "tries", "setbacks", "turned_away", "found")
    needs = pd.DataFrame([[getattr(need, name) for name in columns] for need in town.needs], columns=columns)
    stays = pd.DataFrame(
        [(row[id(s.need)], s.joined, s.started, s.missed, s.desk, s.left) for s in town.stays],
        columns=["episode", "joined", "started", "missed", "desk", "left"],
    )
    made = pd.DataFrame([(row[id(h.need)], h.made, h.end) for h in town.handoffs], columns=["episode", "made", "end"])
    return measures_of(needs, stays, made)


# --- the comparison -----------------------------------------------------------------------------------------------


def measures_of(needs: pd.DataFrame, stays: pd.DataFrame, handoffs: pd.DataFrame) -> Measures:
    """Return what is compared: of needs that arise in the time that is counted."""
    counted = (needs["onset"] >= numbers.WARMUP) & (needs["onset"] < numbers.HORIZON - numbers.FOLLOWUP)
    cohort = needs[counted]
    count = len(cohort)
    days = cohort["supported"] - cohort["onset"]
    found: Measures = {
        "needs that arise": float(count),
        "supported, %": 100.0 * float(cohort["supported"].notna().mean()),
        "given up, %": 100.0 * float(cohort["gave_up"].notna().mean()),
        "days to support, at most 200 counted": float(
            days.fillna(numbers.FOLLOWUP).clip(upper=numbers.FOLLOWUP).mean()
        ),
        "days to support, of those supported within 200": float(days[days <= numbers.FOLLOWUP].mean()),
    }
    for name in ("tries", "setbacks", "turned_away", "found"):
        found[f"{name.replace('_', ' ')} per 100 needs"] = 100.0 * float(cohort[name].mean())
    of_cohort = counted.to_numpy()
    late = handoffs["made"] - needs["onset"].to_numpy()[handoffs["episode"]]
    mine = handoffs[of_cohort[handoffs["episode"]] & (late <= numbers.FOLLOWUP)]
    found["handoffs per 100 needs"] = 100.0 * len(mine) / count
    for end in ("attended", *REASONS):
        found[f"handoffs {end.replace('_', ' ')} per 100 needs"] = 100.0 * float((mine["end"] == end).sum()) / count
    here = stays[of_cohort[stays["episode"]]]
    wait = here["started"].fillna(here["left"]) - here["joined"]
    for desk in numbers.DESKS:
        found[f"mean wait at {desk.name.replace('_', ' ')}, days"] = float(wait[here["desk"] == desk.name].mean())
    found["appointments missed per 100 stays"] = 100.0 * float(here["missed"][wait.notna()].mean())
    return found


def comparisons(replicates: int, seed: int, workers: int, settings: tuple[Setting, ...] = SETTINGS) -> list[Compared]:
    """Compare every setting; what can happen in neither is left out."""
    jobs: list[Job] = [(run, setting) for setting in settings for run in (by_simpy, by_model)]
    found = replicated(jobs, seed, replicates, workers)
    compared = []
    for setting, peer, model in zip(settings, found[::2], found[1::2], strict=True):
        compared += compared_with(FAMILY, setting.name, peer, model)
    return [one for one in compared if one.expected != 0.0 or one.simulated != 0.0]


def part(replicates: int = 100, seed: int = 1, workers: int = 2) -> Part:
    """Return the part of the page."""
    return Part(
        "The whole chain of a handoff in SimPy",
        "One town with five providers and two kinds of need in which every step can fail, in the model and in a "
        "program in SimPy that was written from the description of the model (`docs/model.md`) and shares nothing "
        "with it but a file of numbers. First doors and wrong doors, turning away and redirecting, patience, missed "
        "appointments and rebooking, assessment and finding other needs, handoffs with all their ways to be dropped, "
        "chases, retries and giving up, severity that grows, full waiting lists, needs that return; in four settings: "
        "letters without barriers; signposting where trust, data sharing and knowledge of others are poor; tracked "
        "handoffs that are chased and take the time of staff; accompanied handoffs, every door handing on and the "
        f"most severe first. {replicates} replicates of each. Measures are of the needs that arise in 300 days after a "
        "warm-up of 200, handoffs within 200 days of onset.",
        comparisons(replicates, seed, workers),
        "Not in this peer: several districts and geography, contracts and closures, navigators, shared records, hubs, "
        "teams and pools, crises, dated initiatives.",
    )
