"""How many people each provider meets first, and how many it sends where: as tables, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from experiments.figures import style
from experiments.figures.labels import Labels
from experiments.figures.tables import cohort_of, rows_of
from sim.scenario import Scenario

MOST_SAID = 3
"""Of the largest ways of an arm that are said in words."""
STATES = ("attended", "dropped", "under_way")
"""Of handoffs; each is in one of them."""


@dataclass(frozen=True)
class Flows:
    """Who is met first, and who is sent where.

    Attributes:
        nodes: A row for each provider in each arm, sectors together and in the order of the scenario: columns ``arm``,
            ``provider``, ``label``, ``sector``, ``first``: needs of the cohort that came there first, per 100 needs of
            the cohort, and ``is_given``: whether the scenario has it.
        edges: A row for each pair of providers in each arm with a handoff of the cohort, the most used first: columns
            ``arm``, ``sender``, ``receiver`` and their labels, ``handoffs`` (how many were made), and per 100 needs of
            the cohort ``made``, which is ``attended`` plus ``dropped`` plus ``under_way`` (when the run ends).
        needs: Needs of the cohort by arm, all replicates together.
    """

    nodes: pd.DataFrame
    edges: pd.DataFrame
    needs: Mapping[str, int]

    def of(self, arms: Iterable[str]) -> Flows:
        """Return those of some arms; who is met in none of them, and is not of the scenario, is not there."""
        kept = list(arms)
        nodes, edges = (table[table["arm"].isin(kept)].reset_index(drop=True) for table in (self.nodes, self.edges))
        met = {*edges["sender"], *edges["receiver"], *nodes.loc[nodes["first"] > 0, "provider"]}
        nodes = nodes[nodes["is_given"] | nodes["provider"].isin(met)].reset_index(drop=True)
        return Flows(nodes, edges, {arm: self.needs[arm] for arm in kept})


def sectors_of(scenario: Scenario) -> dict[str, str]:
    """Return the sector of each provider of a scenario, in its order."""
    return {row.provider: str(row.sector) for row in scenario.tables.providers}


def flows_data(
    episodes: pd.DataFrame,
    handoffs: pd.DataFrame,
    arms: Mapping[str, str],
    labels: Labels,
    sectors: Mapping[str, str] | None = None,
) -> Flows:
    """Return the providers and what flows between them, all replicates of an arm together.

    Args:
        episodes: A row an episode; only those of the cohort count.
        handoffs: A row a handoff, likewise.
        arms: Titles by name of the arm.
        labels: What providers are called.
        sectors: Sector by provider, as of :func:`sectors_of`: these are there even if nobody comes to them. Others
            that are met, such as a single front door, come after them.
    """
    columns = ["sender", "receiver", "sender_sector", "receiver_sector", "state"]
    own = cohort_of(episodes, ["arm", "first_door", "first_door_sector"])
    made = cohort_of(handoffs, ["arm", *columns])
    own, made = (table[table["arm"].isin(list(arms))] for table in (own, made))
    counts = own["arm"].value_counts()
    needs = {arm: int(counts.get(arm, 0)) for arm in arms}
    given = dict(sectors or {})
    known = _with_met(dict(given), own, made)
    nodes = _nodes(own, known, labels, needs)
    return Flows(nodes.assign(is_given=nodes["provider"].isin(given)), _edges(made, needs, labels), needs)


def seen(edges: pd.DataFrame, arms: Mapping[str, str]) -> str:
    """Return in a paragraph what the figure shows, for people who cannot see it.

    Args:
        edges: Of :class:`Flows`.
        arms: Titles by name of the arm.
    """
    said = []
    for arm, title in arms.items():
        own = edges[edges["arm"] == arm]
        made, attended = own["made"].sum(), own["attended"].sum()
        if not made:
            said.append(f"{title}: nobody is sent on.")
            continue
        ways = "; ".join(
            f"{row.sender_label} to {row.receiver_label} {row.made:.1f}, of which {row.attended:.1f} are attended"
            for row in rows_of(own.head(MOST_SAID))
        )
        said.append(
            f"{title}: {made:.1f} handoffs are made per 100 needs; of 100 handoffs {100.0 * attended / made:.0f} "
            f"are attended. Most used ways, per 100 needs: {ways}."
        )
    return "A map of the providers, with arrows for handoffs from one to another. " + " ".join(said)


def _with_met(sectors: dict[str, str], episodes: pd.DataFrame, handoffs: pd.DataFrame) -> dict[str, str]:
    """Return sectors with those of the providers that were met and are not in them."""
    columns = [
        (episodes, "first_door", "first_door_sector"),
        (handoffs, "sender", "sender_sector"),
        (handoffs, "receiver", "receiver_sector"),
    ]
    for table, provider, sector in columns:
        pairs = table[[provider, sector]].drop_duplicates().astype(str).sort_values(provider)
        for name, its in pairs.itertuples(index=False):
            if name:  # who never came to a door has none
                sectors.setdefault(name, its)
    return sectors


def _nodes(
    episodes: pd.DataFrame, sectors: Mapping[str, str], labels: Labels, needs: Mapping[str, int]
) -> pd.DataFrame:
    order = style.sectors_in_order(sectors.values())
    providers = sorted(sectors, key=lambda name: order.index(sectors[name]) if sectors[name] else len(order))
    came = episodes.groupby(["arm", "first_door"], observed=True).size()
    rows = [
        {
            "arm": arm,
            "provider": name,
            "label": labels.provider(name),
            "sector": sectors[name],
            "first": 100.0 * int(came.get((arm, name), 0)) / max(count, 1),
        }
        for arm, count in needs.items()
        for name in providers
    ]
    return pd.DataFrame(rows, columns=["arm", "provider", "label", "sector", "first"])


def _edges(handoffs: pd.DataFrame, needs: Mapping[str, int], labels: Labels) -> pd.DataFrame:
    keys = ["arm", "sender", "receiver"]
    # Categories are grouped many times faster than words; most pairs of them never occur.
    counts = handoffs.groupby([*keys, "state"], observed=True).size().unstack("state", fill_value=0)
    table = counts.reindex(columns=list(STATES), fill_value=0).reset_index()
    table = table.astype(dict.fromkeys(keys, str)).rename_axis(columns=None)
    table["handoffs"] = table[list(STATES)].sum(axis=1)
    per_100 = 100.0 / table["arm"].map(needs).astype(float).clip(lower=1.0)
    for state in STATES:
        table[state] = table[state] * per_100
    table["made"] = table["handoffs"] * per_100
    position = {arm: number for number, arm in enumerate(needs)}
    table["order"] = table["arm"].map(position)
    table = table.sort_values(["order", "handoffs", "sender", "receiver"], ascending=[True, False, True, True])
    ends = {f"{end}_label": [labels.provider(name) for name in table[end]] for end in ("sender", "receiver")}
    return table.assign(**ends)[[*keys, *ends, "handoffs", "made", *STATES]].reset_index(drop=True)
