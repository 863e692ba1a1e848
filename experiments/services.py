"""How full each service was and how long people waited for it, over all runs of each arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from experiments.spread import spread

KEYS = ["arm", "provider", "sector", "service", "stage"]
FULL = 0.95
"""Share of its place-days in use from which a service is called full in a run."""
USES = ("busy", "missed", "coordination")
"""What takes places, in the order in which it is drawn."""
_COLUMNS = [
    *KEYS, "label", "runs", "places", "used", "used_low", "used_high", *USES, "full", "joined", "days", "days_low",
    "days_high", "left_per_100", "waiting",
]  # fmt: skip


def services_over_runs(
    services: pd.DataFrame, arms: Sequence[str], labels: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return the use and the queue of each service in each arm.

    Args:
        services: :func:`sim.outcomes.services.services_table` of every run, with ``arm`` and ``replicate``.
        arms: Names, in order.
        labels: Words for people for providers, by name; their names if missing.

    Returns:
        A row for each service of each arm, in the order of the first run: ``label`` of its provider; ``runs`` in which
        the service was there; ``places``, mean over runs; ``used``: share of the place-days of all runs that were
        taken, with ``used_low`` and ``used_high``, the spread between runs (5th and 95th percentile), and what of it
        was ``busy``, ``missed`` and ``coordination``; ``full``: share of the runs in which at least :data:`FULL` of
        them were taken, which the mean over runs cannot tell; ``joined``: entries to the queue on the days counted,
        mean over runs (a person may join several queues, and one again); ``days`` in it within the follow-up, mean of
        all entries of all runs, with spread; ``left_per_100``: how many of 100 entries ended unserved in that time;
        ``waiting``: entries that wait at once, mean over runs and days. Missing: NaN.
    """
    words = dict.fromkeys(KEYS, str)
    rows = [
        {**dict(zip(KEYS, map(str, key), strict=True)), **_of_service(own)}
        for key, own in services.astype(words).groupby(KEYS, sort=False)
    ]
    table = pd.DataFrame(rows, columns=_COLUMNS)
    table["label"] = [(labels or {}).get(name, name) for name in table["provider"]]
    order = table["arm"].map({arm: number for number, arm in enumerate(arms)})
    return table.assign(order=order).sort_values("order", kind="stable").drop(columns="order").reset_index(drop=True)


def _of_service(own: pd.DataFrame) -> dict[str, float]:
    """Return the numbers of one service in one arm, from a row a run."""
    places, joined = own["places"].to_numpy(float), own["joined"].to_numpy(float)
    taken = own[list(USES)].to_numpy(float)
    days, has_joined = own["days"].to_numpy(float), joined > 0
    has_places = places > 0
    shares = dict(zip(USES, _weighted(taken[has_places], places[has_places]), strict=True))
    used_low, used_high = _ends(taken[has_places].sum(axis=1))
    days_low, days_high = _ends(days[has_joined])
    return {
        "runs": len(own),
        "places": float(np.mean(places)),
        "used": sum(shares.values()),
        "used_low": used_low,
        "used_high": used_high,
        **shares,
        "full": float(np.mean(taken[has_places].sum(axis=1) >= FULL)) if has_places.any() else np.nan,
        "joined": float(np.mean(joined)),
        "days": float(_weighted(days[has_joined, None], joined[has_joined])[0]),
        "days_low": days_low,
        "days_high": days_high,
        "left_per_100": 100.0 * float(own["left"].sum()) / float(joined.sum()) if joined.sum() else np.nan,
        "waiting": float(np.mean(own["waiting"])),
    }


def _weighted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean of each column; NaN where there are no rows."""
    return np.average(values, axis=0, weights=weights) if len(values) else np.full(values.shape[1], np.nan)


def _ends(values: np.ndarray) -> tuple[float, float]:
    low, high = spread(values.reshape(-1, 1))
    return float(low[0]), float(high[0])
