"""A published model run by its own package: the treatment centre of Monks and Harper.

The package ``treat-sim`` 3.0.0 (Monks, Harper and Heather; after exercise 13 of Nelson 2013, Foundations and Methods
of Stochastic Simulation) has patients come by a rate that changes from hour to hour, 12 % of them with trauma, and six
rooms: triage for all, then stabilisation and treatment of trauma, or registration, examination and, for 60 %,
treatment. It runs as it is, with its own six scenarios; a minute there is a day here.

What our tables have no words for, and how it is said:

* A rate that changes from hour to hour: those who come are given one by one, with their day (``vignettes.csv``).
* More than two stages. A provider that only assesses hands on to one that sees no record of it and assesses again:
  triage, stabilisation, treatment. Beyond that a patient has two needs and pursues one at a time: the second is taken
  up when the first is settled, after registration.
* Forty of a hundred leave after the examination: for them support is a desk with room for all that takes no time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from treat_sim.model import Scenario as Centre
from treat_sim.model import get_scenarios, single_run

from experiments.validation.compared import Compared
from experiments.validation.part import Part
from experiments.validation.peers.running import (
    PLAIN,
    Floats,
    Job,
    Measures,
    compared_with,
    generator,
    replicated,
)
from experiments.validation.places import load_place
from sim import Coordination, simulate

FAMILY = "treat-sim"
OPEN = 60.0 * 19.0
"""Minutes that the package runs by default: the day of 18 hours and one more."""
LATER = 3000.0
"""Minutes after that in which nobody comes, for full durations of what has begun."""
NO_TIME = 1e-6
ROOM_FOR_ALL = 100_000
ROOMS = ("triage", "registration", "examination", "treatment", "stabilisation", "trauma_treatment")


@dataclass(frozen=True)
class Case:
    """One of the package's scenarios, by its name, and its number among them."""

    name: str
    number: int


CASES = tuple(Case(name, number) for number, name in enumerate(get_scenarios()))
RESULTS = {
    "arrivals": "00_arrivals",
    "wait for triage, minutes": "01a_triage_wait",
    "wait for registration, minutes": "02a_registration_wait",
    "wait for examination, minutes": "03a_examination_wait",
    "wait for treatment, minutes": "04a_treatment_wait(non_trauma)",
    "time in the centre, no trauma, minutes": "05_total_time(non-trauma)",
    "wait for stabilisation, minutes": "06a_trauma_wait",
    "wait for treatment of trauma, minutes": "07a_treatment_wait(trauma)",
    "time in the centre, trauma, minutes": "08_total_time(trauma)",
    "use of the examination rooms": "03b_examination_util",
    "use of the trauma rooms": "06b_trauma_util",
    "patients finished": "09_throughput",
}
"""Our measures, and what the package calls them."""


def by_package(case: Case, seed: int, replicate: int) -> Measures:
    """Run one replicate of the package itself."""
    number = int(generator(seed, case.number, 3, replicate).integers(2**31))
    table = single_run(get_scenarios()[case.name], rc_period=OPEN, random_no_set=number)
    return {measure: float(table[column].iloc[0]) for measure, column in RESULTS.items()}


# --- the model ----------------------------------------------------------------------------------------------------


def by_model(case: Case, seed: int, replicate: int) -> Measures:
    """Run one replicate in the model."""
    centre = get_scenarios()[case.name]
    random = generator(seed, case.number, 4, replicate)
    days = arrivals(centre.arrivals["arrival_rate"].to_numpy() / 60.0, random)
    trauma = random.random(len(days)) < centre.prob_trauma
    treated = random.random(len(days)) < centre.non_trauma_treat_p
    settings = {
        **PLAIN,
        "time": {"horizon_days": OPEN + LATER, "warmup_days": 0, "followup_days": 1},
        "handoffs": {"accompanied": {"sent": 1, "days": 0, "staff_days": 0}},
    }
    settings["journey"] = {**PLAIN["journey"], "bandwidth": 1}
    scenario = load_place(
        settings,
        {**_place(centre), **_patients(days, trauma, treated)},
    )
    rules = Coordination(handoff="accompanied")
    spells = simulate(scenario, rules, seed, 100_000 * case.number + replicate).spells
    return _measures(spells, days, trauma, centre)


def arrivals(per_minute: Floats, random: np.random.Generator) -> Floats:
    """Return the minutes at which patients come, as the package has it.

    The time to the next one is exponential at the rate of the hour in which the last one came, also where it ends in
    another hour: not quite a Poisson stream of the given rates. After 18 hours the profile starts again.
    """
    found: list[float] = []
    now = 0.0
    while True:
        now += random.exponential(1.0 / per_minute[int(now // 60.0) % len(per_minute)])
        if now >= OPEN:
            return np.array(found)
        found.append(now)


def _place(centre: Centre) -> dict[str, Sequence[dict[str, Any]]]:
    """Return the rooms as desks: providers that see no records of each other."""
    first, trauma, after, minor = "triage_desk", "trauma_unit", "examination_unit", "minor"
    desks = [
        _desk("triage", first, "assessment", f"trauma;{minor}", centre.n_triage, centre.triage_mean),
        _desk("stabilisation", trauma, "assessment", "trauma", centre.n_trauma, centre.trauma_mean),
        _desk("trauma_treatment", trauma, "support", "trauma", centre.n_cubicles_2,
              centre.trauma_treat_mean, centre.trauma_treat_var),
        _desk("registration", "reception", "assessment", minor, centre.n_reg, centre.reg_mean, centre.reg_var),
        _desk("registered", "reception", "support", minor, ROOM_FOR_ALL, NO_TIME),
        _desk("examination", after, "assessment", "leaves;treated", centre.n_exam, centre.exam_mean, centre.exam_var),
        _desk("treatment", after, "support", "treated", centre.n_cubicles_1,
              centre.non_trauma_treat_mean, centre.non_trauma_treat_var),
        _desk("home", after, "support", "leaves", ROOM_FOR_ALL, NO_TIME),
    ]  # fmt: skip
    visible = {first: 1, after: 1, trauma: 0, "reception": 0}
    return {
        "districts": [{"district": "town", "citizens_per_year": 0}],
        "providers": [
            {"provider": name, "sector": "public", "profession": "health", "visibility": weight}
            for name, weight in visible.items()
        ],
        "services": desks,
        "needs": [{"need": need, "prevalence": 1} for need in ("trauma", minor, "leaves", "treated")],
    }


def _desk(
    name: str, provider: str, stage: str, needs: str, places: int, mean: float, variance: float | None = None
) -> dict[str, Any]:
    """Return a desk; without a variance its time is exponential."""
    row = {"service": name, "provider": provider, "stage": stage, "needs": needs, "places": places}
    if variance is None:
        return {**row, "service_days": mean, "service_time": "exponential", "service_cv": 1}
    return {**row, "service_days": mean, "service_time": "lognormal", "service_cv": math.sqrt(variance) / mean}


def _patients(days: Floats, trauma: np.ndarray, treated: np.ndarray) -> dict[str, Sequence[dict[str, Any]]]:
    """Return who comes, one by one, and what they need: the second need waits until the first is settled."""
    people, needs = [], []
    given = {"district": "town", "capability": 1, "persistence": 0, "patience_days": 1e9}
    for number, (day, is_trauma, is_treated) in enumerate(zip(days, trauma, treated, strict=True)):
        name = f"p{number}"
        people.append({"vignette": name, "onset_day": day, **given})
        wants = ["trauma"] if is_trauma else ["minor", "treated" if is_treated else "leaves"]
        needs += [
            {"vignette": name, "need": need, "severity": 0.5, "lag_days": turn * NO_TIME}
            for turn, need in enumerate(wants)
        ]
    return {"vignettes": people, "vignette_needs": needs}


def _measures(spells: pd.DataFrame, days: Floats, trauma: np.ndarray, centre: Centre) -> Measures:
    """Return the package's measures as it defines them: of everybody who got so far before the doors close."""
    begun = spells[spells["started"] <= OPEN]
    mean = {room: float(begun.loc[begun["service"] == room, "wait"].mean()) for room in ROOMS}
    taken = (begun["ended"] - begun["started"]).groupby(begun["service"].astype(str)).sum() / OPEN
    final = begun[begun["service"].isin(["trauma_treatment", "treatment", "home"]) & (begun["ended"] <= OPEN)]
    number = final["citizen"].astype(str).str.extract(r"(\d+)$")[0].astype(int).to_numpy()
    whole = final["ended"].to_numpy() - days[number]
    return {
        "arrivals": float(len(days)),
        "wait for triage, minutes": mean["triage"],
        "wait for registration, minutes": mean["registration"],
        "wait for examination, minutes": mean["examination"],
        "wait for treatment, minutes": mean["treatment"],
        "time in the centre, no trauma, minutes": float(whole[~trauma[number]].mean()),
        "wait for stabilisation, minutes": mean["stabilisation"],
        "wait for treatment of trauma, minutes": mean["trauma_treatment"],
        "time in the centre, trauma, minutes": float(whole[trauma[number]].mean()),
        "use of the examination rooms": float(taken["examination"]) / centre.n_exam,
        "use of the trauma rooms": float(taken["stabilisation"]) / centre.n_trauma,
        "patients finished": float(len(final)),
    }


# --- the comparison -----------------------------------------------------------------------------------------------


def comparisons(replicates: int, seed: int, workers: int, cases: tuple[Case, ...] = CASES) -> list[Compared]:
    """Compare the scenarios of the package."""
    jobs: list[Job] = [(run, case) for case in cases for run in (by_package, by_model)]
    found = replicated(jobs, seed, replicates, workers)
    return [
        one
        for case, package, model in zip(cases, found[::2], found[1::2], strict=True)
        for one in compared_with(FAMILY, case.name, package, model)
    ]


def part(replicates: int = 200, seed: int = 1, workers: int = 2) -> Part:
    """Return the part of the page."""
    return Part(
        "A published model: the treatment centre",
        "The package `treat-sim` 3.0.0 (Monks, Harper and Heather; after exercise 13 of Nelson 2013) runs as it is, "
        f"with its own six scenarios, {replicates} days of each; the same centre from our tables, a minute for a day. "
        "Patients come by a rate that changes from hour to hour, 12 % with trauma; all start with empty rooms, and "
        "everything is measured as the package does, of those who got so far before the end of the day.",
        comparisons(replicates, seed, workers),
        _REMARKS,
    )


_REMARKS = """\
What our tables have no words for is said by other means. A rate that changes with the hour: patients are given one by
one, as vignettes, and drawn for each replicate outside the model. More than two stages: the triage desk only assesses
and hands on (`accompanied`, at once and without loss) to a provider that sees no record of it and assesses again;
beyond that a patient has two needs and pursues one at a time, so that examination and treatment follow registration.
Forty of a hundred leave after the examination: a support desk with room for all that takes no time.

What cannot be said: a normal service time, so that the examination (mean 16, variance 3 minutes) is lognormal here
with the same mean and variance; and chance on the way: who has trauma and who needs treatment is drawn with those who
come, not at the room.

A finding about the peer: its stream of patients draws the time to the next one at the rate of the hour in which the
last one came. After an hour in which few come the next hour's patients come late. With a Poisson stream of the given
rates, which was our first version, examination rooms are used 2 % more, far beyond chance; the comparison follows the
package."""
