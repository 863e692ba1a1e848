"""A published model: capacity of an acute stroke unit and a rehabilitation ward.

Monks T, Worthington D, Allen M, Pitt M, Stein K, James MA 2016, "A modelling tool for capacity planning in acute and
community stroke services", BMC Health Serv Res 16:530, doi 10.1186/s12913-016-1789-4. Times between admissions are of
its figure 2, as the authors' group transcribed them for its reproduction (Heather 2025, doi 10.5281/zenodo.15574906);
lengths of stay and transfers are of its Additional file 1; chances of delay of its table of current admissions
against 5 % more, of its table of pooled beds, and of Additional file 1.

The published model has beds without limit: what patients need, not what they get. From how often n beds are taken
follows the chance of delay with n beds, P(N = n) / P(N <= n), which is Erlang's loss formula, whatever the law of the
length of stay. With many places our tables say the same thing: each kind of patient and way out is a kind of need,
the acute unit assesses who goes on to rehabilitation and supports who does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from experiments.validation.compared import Compared, with_theory
from experiments.validation.part import Part
from experiments.validation.peers.running import PLAIN, Floats, Job, Measures, replicated
from experiments.validation.places import load_place
from sim import Scenario, simulate
from sim.schema.parameters import DAYS_PER_YEAR

FAMILY = "Stroke wards"
ACUTE, REHABILITATION, BOTH = "acute", "rehabilitation", "both wards pooled"

DAYS_BETWEEN = {
    ACUTE: {"stroke": 1.2, "tia": 9.3, "neurological": 3.6, "other": 3.2},
    REHABILITATION: {"stroke": 21.8, "neurological": 31.7, "other": 28.6},
}
"""Mean days between admissions from outside (figure 2)."""
TO_REHABILITATION = {"stroke": 0.24, "tia": 0.01, "neurological": 0.11, "other": 0.05}
"""Share of acute patients who are transferred to the rehabilitation ward (table S3)."""
EARLY_DISCHARGE = {ACUTE: 0.13, REHABILITATION: 0.40}
"""Share of stroke patients of a ward who leave it to early supported discharge (tables S3 and S4)."""
ACUTE_STAY = {"stroke": (7.4, 8.6), "stroke_early": (4.6, 4.8), "tia": (1.8, 2.3), "neurological": (4.0, 5.0),
              "other": (3.8, 5.2)}  # fmt: skip
"""Mean and standard deviation of days in the acute unit, lognormal (table S2). The row for strokes that end in death
(mean 7.0) is left out: how many do is not published."""
REHABILITATION_STAY = {"stroke": (28.4, 27.2), "stroke_early": (30.3, 23.1), "tia": (18.7, 23.5),
                       "neurological": (27.6, 28.4), "other": (16.1, 14.1)}  # fmt: skip
"""The same in the rehabilitation ward."""
MANY = 100_000


@dataclass(frozen=True)
class Setting:
    """One of the published scenarios.

    Attributes:
        name: What it is.
        number: Keeps its worlds apart from those of the others.
        admissions: Factor on all rates of admission.
        without: Kind of patient who is left out.
        published: "1 in every n patients delayed": n by ward and beds.
        warmup_days: Before the count begins.
        counted_days: Length of the count.
    """

    name: str
    number: int
    admissions: float
    without: str
    published: dict[str, dict[int, int]]
    warmup_days: float = 3.0 * DAYS_PER_YEAR
    counted_days: float = 5.0 * DAYS_PER_YEAR

    def __hash__(self) -> int:
        return hash((self.number, self.counted_days))


SETTINGS = (
    Setting(
        "current admissions", 0, 1.0, "",
        {ACUTE: {9: 5, 10: 7, 11: 11, 12: 16, 13: 28, 14: 50},
         REHABILITATION: {10: 5, 12: 9, 13: 13, 14: 20, 15: 35, 16: 57},
         BOTH: {22: 18, 26: 64}},
    ),
    Setting(
        "5 % more admissions", 1, 1.05, "",
        {ACUTE: {10: 6, 11: 9, 12: 13, 13: 21, 14: 34}, REHABILITATION: {12: 8, 13: 11, 14: 15, 15: 25, 16: 42}},
    ),
    Setting(
        "no complex neurological patients", 2, 1.0, "neurological",
        {ACUTE: {10: 11, 11: 18, 12: 32, 13: 55, 14: 100}, REHABILITATION: {12: 17, 13: 30, 14: 56, 15: 110, 16: 214}},
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Stream:
    """Patients of one kind who take one way: admissions a day, and (mean, deviation) of days in each ward."""

    name: str
    per_day: float
    stays: dict[str, tuple[float, float]]


def streams(setting: Setting) -> Iterator[Stream]:
    """Yield the kinds of patients of a scenario, each with one way through the wards."""
    for ward, between in DAYS_BETWEEN.items():
        for kind, days in between.items():
            if kind != setting.without:
                yield from _ways(ward, kind, setting.admissions / days)


def _ways(ward: str, kind: str, rate: float) -> Iterator[Stream]:
    early = EARLY_DISCHARGE[REHABILITATION] if kind == "stroke" else 0.0
    onward = [(f"{kind}_early", early), (kind, 1.0 - early)] if early else [(kind, 1.0)]
    if ward == REHABILITATION:
        for stay, share in onward:
            yield Stream(f"direct_{stay}", rate * share, {REHABILITATION: REHABILITATION_STAY[stay]})
        return
    moved = TO_REHABILITATION[kind]
    for stay, share in onward:
        both = {ACUTE: ACUTE_STAY[kind], REHABILITATION: REHABILITATION_STAY[stay]}
        yield Stream(f"moved_{stay}", rate * moved * share, both)
    if kind == "stroke":
        soon = EARLY_DISCHARGE[ACUTE]
        yield Stream("left_stroke_early", rate * soon, {ACUTE: ACUTE_STAY["stroke_early"]})
        yield Stream("left_stroke", rate * (1.0 - moved - soon), {ACUTE: ACUTE_STAY["stroke"]})
    else:
        yield Stream(f"left_{kind}", rate * (1.0 - moved), {ACUTE: ACUTE_STAY[kind]})


def offered(setting: Setting, ward: str) -> float:
    """Return the mean number of beds taken."""
    if ward == BOTH:
        return offered(setting, ACUTE) + offered(setting, REHABILITATION)
    return sum(stream.per_day * stream.stays[ward][0] for stream in streams(setting) if ward in stream.stays)


def erlang_b(beds: int, load: float) -> float:
    """Return the chance of delay by Erlang's loss formula."""
    logs = [count * math.log(load) - math.lgamma(count + 1) for count in range(beds + 1)]
    return 1.0 / sum(math.exp(log - logs[-1]) for log in logs)


# --- the model ----------------------------------------------------------------------------------------------------


@lru_cache
def _scenario(setting: Setting) -> Scenario:
    found = list(streams(setting))
    total = sum(stream.per_day for stream in found)
    services: list[dict[str, Any]] = []
    for stream in found:
        for ward, (mean, deviation) in stream.stays.items():
            goes_on = ward == ACUTE and REHABILITATION in stream.stays
            services.append(
                {
                    "service": f"{ward}_{stream.name}",
                    "provider": "hospital",
                    "stage": "assessment" if goes_on else "support",
                    "needs": stream.name,
                    "places": MANY,
                    "service_days": mean,
                    "service_time": "lognormal",
                    "service_cv": deviation / mean,
                }
            )
    horizon = setting.warmup_days + setting.counted_days
    settings = {
        **PLAIN,
        "time": {"horizon_days": horizon, "warmup_days": setting.warmup_days, "followup_days": 1},
        "population": {"needs_mean": 0},
    }
    return load_place(
        settings,
        {
            "districts": [{"district": "county", "citizens_per_year": total * DAYS_PER_YEAR}],
            "providers": [{"provider": "hospital", "sector": "public", "profession": "health"}],
            "services": services,
            "needs": [{"need": stream.name, "prevalence": stream.per_day} for stream in found],
        },
    )


def by_model(setting: Setting, seed: int, replicate: int) -> Measures:
    """Run one replicate in the model and return how the beds were taken."""
    spells = simulate(_scenario(setting), "fragmented", seed, 100_000 * setting.number + replicate).spells
    end = setting.warmup_days + setting.counted_days
    begins, ends = spells["started"].to_numpy(), spells["ended"].fillna(end).to_numpy()
    is_acute = spells["service"].astype(str).str.startswith(ACUTE).to_numpy()
    of = {ACUTE: is_acute, REHABILITATION: ~is_acute, BOTH: np.ones(len(spells), bool)}
    found: Measures = {}
    for ward, published in setting.published.items():
        law = occupancy(begins[of[ward]], ends[of[ward]], setting.warmup_days, end)
        found[f"{ward}: mean beds taken"] = float(law @ np.arange(len(law)))
        for beds in published:
            found[_delay(ward, beds)] = float(law[beds] / law[: beds + 1].sum())
    return found


def _delay(ward: str, beds: int) -> str:
    return f"{ward}: chance of delay with {beds} beds"


def occupancy(begins: Floats, ends: Floats, since: float, until: float) -> Floats:
    """Return the share of the time from ``since`` to ``until`` with 0, 1, 2, ... stays under way (100 at least)."""
    begins, ends = np.clip(begins, since, until), np.clip(ends, since, until)
    times = np.concatenate([begins, ends])
    steps = np.concatenate([np.ones(len(begins), int), -np.ones(len(ends), int)])
    order = np.argsort(times, kind="stable")
    level = np.cumsum(steps[order])[:-1]
    return np.bincount(level, np.diff(times[order]), minlength=100) / (until - since)


# --- beds that run out ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FullWard:
    """The acute unit with so many beds and no waiting list: who finds none free is turned away."""

    number: int
    beds: int
    counted_days: float = 5.0 * DAYS_PER_YEAR

    @property
    def admissions(self) -> float:
        """Acute admissions a day."""
        return sum(1.0 / days for days in DAYS_BETWEEN[ACUTE].values())


FULL_WARDS = (FullWard(3, 10), FullWard(4, 14))


@lru_cache
def _full_scenario(ward: FullWard) -> Scenario:
    load, warmup = offered(SETTINGS[0], ACUTE), 100.0
    settings = {
        **PLAIN,
        "time": {"horizon_days": warmup + ward.counted_days + 1, "warmup_days": warmup, "followup_days": 1},
        "population": {"needs_mean": 0, "persistence_median": 0},
    }
    settings["journey"] = {**PLAIN["journey"], "redirect": 0}
    unit = {"service": "unit", "provider": "hospital", "stage": "support", "needs": "all", "places": ward.beds}
    stay = {"service_days": load / ward.admissions, "service_time": "lognormal", "service_cv": 1.2, "list_limit": 0}
    return load_place(
        settings,
        {
            "districts": [{"district": "county", "citizens_per_year": ward.admissions * DAYS_PER_YEAR}],
            "providers": [{"provider": "hospital", "sector": "public", "profession": "health"}],
            "services": [{**unit, **stay}],
            "needs": [{"need": "admission", "prevalence": 1}],
        },
    )


def by_full_ward(ward: FullWard, seed: int, replicate: int) -> Measures:
    """Run one replicate of the ward without a waiting list."""
    result = simulate(_full_scenario(ward), "fragmented", seed, 100_000 * ward.number + replicate)
    cohort = result.episodes[result.episodes["cohort"]]
    return {f"acute, {ward.beds} beds: share turned away": float((cohort["state"] != "supported").mean())}


# --- the comparison -----------------------------------------------------------------------------------------------


def comparisons(
    replicates: int,
    seed: int,
    workers: int,
    settings: tuple[Setting, ...] = SETTINGS,
    wards: tuple[FullWard, ...] = FULL_WARDS,
) -> list[Compared]:
    """Compare beds taken and chances of delay with the exact values for the published parameters."""
    jobs: list[Job] = [(by_model, setting) for setting in settings]
    jobs += [(by_full_ward, ward) for ward in wards]
    found = replicated(jobs, seed, replicates, workers)
    compared = []
    for setting, values in zip(settings, found[: len(settings)], strict=True):
        for measure, expected in _expected(setting).items():
            compared.append(with_theory(FAMILY, setting.name, measure, expected, values[measure]))
    for ward, values in zip(wards, found[len(settings) :], strict=True):
        expected = erlang_b(ward.beds, offered(SETTINGS[0], ACUTE))
        compared += [with_theory(FAMILY, "no waiting list", name, expected, value) for name, value in values.items()]
    return compared


def _expected(setting: Setting) -> Measures:
    found: Measures = {}
    for ward, published in setting.published.items():
        load = offered(setting, ward)
        found[f"{ward}: mean beds taken"] = load
        found.update({_delay(ward, beds): erlang_b(beds, load) for beds in published})
    return found


def part(replicates: int = 150, seed: int = 1, workers: int = 2) -> Part:
    """Return the part of the page."""
    compared = comparisons(replicates, seed, workers)
    return Part(
        "A published model: capacity of stroke wards",
        "Monks, Worthington, Allen, Pitt, Stein and James (2016), BMC Health Serv Res 16:530, doi "
        "10.1186/s12913-016-1789-4: stroke, TIA, complex neurological and other patients in an acute unit and a "
        "rehabilitation ward with beds without limit; the chance of delay with n beds is P(N = n) / P(N <= n). The "
        "same patients from our tables, three years of warm-up and five years counted as in the paper, "
        f"{replicates} replicates (150 in the paper). Expected values are Erlang's for the published parameters. The "
        "last two rows are of beds that do run out: the acute unit as one desk without a waiting list (`list_limit` "
        "0), who finds no bed is turned away.",
        compared,
        published_table(compared) + "\n\n" + _REMARKS,
    )


_REMARKS = """\
The parameters are published rounded, so that the published chances follow from them only within a range: all times
between admissions, stays and shares off by half a unit of their last digit, all in one direction. Where the paper
contradicts itself, the column "1 in n" is taken: without complex neurological patients it gives 0.03 for 12
rehabilitation beds beside 1 in 17, which is 0.06, and likewise up to 16 beds; for 15 acute beds it gives 1 in 95
beside 1 in 90 with all patients, and that row is left out. For 10 acute beds its text gives 0.19 beside one in seven;
its table has 0.14.

Not in the comparison: partly pooled beds, which the paper computes from the same occupancies by a formula of its own;
ring-fenced stroke beds, because the published chances (1 in 12 with 10 beds) do not follow from stroke patients alone
(1 in 25), and who else shares these beds is not said; the row of stays that end in death, because its share is not
published; early supported discharge, for which the paper has no stays."""


def published_table(compared: list[Compared]) -> str:
    """Return the published chances of delay beside the exact and the simulated ones, as a table in Markdown."""
    simulated = {(one.case, one.measure): one.simulated for one in compared}
    lines = [
        "| case | ward | beds | published: 1 in | exact: 1 in | simulated: 1 in | range of rounding |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for setting in SETTINGS:
        for ward, published in setting.published.items():
            for beds, number in published.items():
                low, high = of_rounding(setting, ward, beds)
                exact = 1.0 / erlang_b(beds, offered(setting, ward))
                found = 1.0 / simulated[setting.name, _delay(ward, beds)]
                cells = (f"{beds}", f"{number}", f"{exact:.1f}", f"{found:.1f}", f"{low:.0f} to {high:.0f}")
                lines.append(f"| {setting.name} | {ward} | {' | '.join(cells)} |")
    return "\n".join(lines)


def of_rounding(setting: Setting, ward: str, beds: int) -> tuple[int, int]:
    """Return the least and the most n of "1 in n" that the rounded parameters allow.

    Times between admissions and stays are rounded to 0.1 days, shares to 0.01; n itself is a whole number.
    """
    load = offered(setting, ward)
    apart = _most_apart(setting, ward)
    return (
        math.floor(1.0 / erlang_b(beds, load + apart)),
        math.ceil(1.0 / erlang_b(beds, load - apart)),
    )


def _most_apart(setting: Setting, ward: str) -> float:
    """Return how far the load may be off, to first order: the sum over parameters of slope times half a unit."""
    if ward == BOTH:
        return _most_apart(setting, ACUTE) + _most_apart(setting, REHABILITATION)
    kinds = {at: [kind for kind in DAYS_BETWEEN[at] if kind != setting.without] for at in DAYS_BETWEEN}
    moved = {kind: TO_REHABILITATION[kind] for kind in kinds[ACUTE]}
    early = EARLY_DISCHARGE[ward]
    stays = ACUTE_STAY if ward == ACUTE else REHABILITATION_STAY
    total = 0.0
    for at in DAYS_BETWEEN if ward == REHABILITATION else (ACUTE,):
        for kind in kinds[at]:
            between, (mean, _) = DAYS_BETWEEN[at][kind], stays[kind]
            share = moved[kind] if (at, ward) == (ACUTE, REHABILITATION) else 1.0
            if kind == "stroke":
                mean = (1.0 - early) * mean + early * stays["stroke_early"][0]
                total += 0.005 * share / between * abs(stays["stroke_early"][0] - stays["stroke"][0])
            total += share / between * (mean * 0.05 / between + 0.05)
            total += 0.005 / between * mean if share < 1.0 else 0.0
    return total * setting.admissions
