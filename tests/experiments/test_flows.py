"""The map of flows counts each handoff once, and what is drawn is as wide as the numbers say, in the same places."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon

from experiments.figures import flows as drawing
from experiments.figures import style
from experiments.figures.flows import draw_flows, scale_of
from experiments.figures.flows_data import Flows, flows_data, sectors_of, seen
from experiments.figures.flows_map import LARGEST, map_of
from experiments.figures.labels import Labels, labels_of
from experiments.figures.spread import runs_of_arms
from sim import Scenario, simulate
from sim.schema.parameters import Time
from tests.experiments.drawn import assert_readable, texts_of

TIME = Time(horizon_days=400.0, warmup_days=0.0, followup_days=180.0)
ARMS = {"fragmented": "Fragmented", "integrated": "Integrated"}
ONE = {"fragmented": "Fragmented"}
FIVE = ARMS | {
    "letter": "Referral letters",
    "key_worker": "Key workers",
    "a": "An arm that somebody gave a very long title indeed, longer than two lines of a panel are",
}
LABELS = Labels(providers={"doctor": "Family doctors", "charity": "Advice charity"})
SECTORS = {"doctor": "public", "repairs": "private", "charity": "voluntary", "office": "public"}
TOWN = Scenario.load("three_journeys")
WIDTHS = (style.SINGLE_COLUMN, style.DOUBLE_COLUMN)

Handoff = tuple[str, str, str, str]


def episodes_of(doors: dict[str, list[str]], sectors: dict[str, str] = SECTORS) -> pd.DataFrame:
    """Return episodes of the cohort from the first doors in each arm."""
    rows = [(arm, 0, door, sectors.get(door, "")) for arm, its in doors.items() for door in its]
    return pd.DataFrame(rows, columns=["arm", "replicate", "first_door", "first_door_sector"]).assign(cohort=True)


def handoffs_of(rows: list[Handoff], sectors: dict[str, str] = SECTORS) -> pd.DataFrame:
    """Return handoffs of the cohort from arm, sender, receiver and state."""
    table = pd.DataFrame(rows, columns=["arm", "sender", "receiver", "state"]).assign(replicate=0, cohort=True)
    for end in ("sender", "receiver"):
        table[f"{end}_sector"] = table[end].map(sectors).astype(str)
    return table


def runs_with(arms: dict[str, str], replicates: int = 1) -> pd.DataFrame:
    return pd.DataFrame([(arm, number) for arm in arms for number in range(replicates)], columns=["arm", "replicate"])


def figure_of(flows: Flows, arms: dict[str, str], width: float = style.DOUBLE_COLUMN, replicates: int = 1) -> Figure:
    runs = runs_of_arms(runs_with(arms, replicates), arms)
    figure = draw_flows(flows, runs, arms, TIME, "A town; seed 1.", width)
    assert_readable(figure)
    assert_inside(figure)
    return figure


def assert_inside(figure: Figure) -> None:
    """Check that nothing that is drawn reaches beyond its panel, and so beyond the page."""
    for axes in figure.axes:
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        for patch in axes.patches:
            if isinstance(patch, Polygon | Circle):
                shape = patch.get_path().transformed(patch.get_patch_transform()).get_extents()
                assert left - 0.01 <= shape.x0 <= shape.x1 <= right + 0.01
                assert top - 0.01 <= shape.y0 <= shape.y1 <= bottom + 0.01


@lru_cache
def town(*arms: str) -> Flows:
    """Return flows between the providers of the shipped town, a few ways much used and many little."""
    random = np.random.default_rng(1)
    sectors = sectors_of(TOWN)
    names = list(sectors)
    rows: list[Handoff] = []
    for arm in arms:
        ends = np.minimum(random.exponential(6.0, (900, 2)).astype(int), len(names) - 1)
        states = random.choice(["attended", "dropped", "under_way"], len(ends))
        pairs = zip(ends.tolist(), states.tolist(), strict=True)
        rows += [(arm, names[one], names[other], state) for (one, other), state in pairs if one != other]
    doors = {arm: random.choice(names[:-2], 500).tolist() for arm in arms}
    titles = {arm: FIVE[arm] for arm in arms}
    return flows_data(episodes_of(doors, sectors), handoffs_of(rows, sectors), titles, labels_of(TOWN), sectors)


def area_of(figure: Figure, name: str) -> np.ndarray:
    """Return the corners of a part of an arrow."""
    (found,) = (patch for axes in figure.axes for patch in axes.patches if patch.get_gid() == name)
    assert isinstance(found, Polygon)
    return np.asarray(found.get_xy())[:-1]  # the last is the first again


def starting_width(corners: np.ndarray) -> float:
    """Return how wide a part of an arrow is where it begins, in mm."""
    return float(np.hypot(*(corners[0] - corners[-1])))


def circles(figure: Figure, arm: str) -> dict[str, tuple[float, float, float]]:
    """Return left, top and radius of the providers of an arm in its panel, in mm."""
    found = [patch for axes in figure.axes for patch in axes.patches if isinstance(patch, Circle)]
    named = {str(patch.get_gid()): patch for patch in found if str(patch.get_gid()).endswith(f"-{arm}")}
    return {name: (*patch.center, patch.radius) for name, patch in named.items()}


SMALL_DOORS = {"fragmented": ["doctor", "doctor", "charity", ""], "integrated": ["doctor", "office"]}
SMALL_HANDOFFS: list[Handoff] = [
    ("fragmented", "doctor", "charity", "attended"),
    ("fragmented", "doctor", "charity", "dropped"),
    ("fragmented", "doctor", "charity", "dropped"),
    ("fragmented", "charity", "doctor", "under_way"),
    ("integrated", "doctor", "charity", "attended"),
]


def small() -> Flows:
    return flows_data(episodes_of(SMALL_DOORS), handoffs_of(SMALL_HANDOFFS), ARMS, LABELS, SECTORS)


def test_first_doors_are_counted_per_100_needs() -> None:
    flows = small()
    nodes = flows.nodes.set_index(["arm", "provider"])
    assert flows.needs == {"fragmented": 4, "integrated": 2}
    assert nodes["first"].to_dict() == {
        ("fragmented", "doctor"): 50.0,
        ("fragmented", "office"): 0.0,
        ("fragmented", "repairs"): 0.0,
        ("fragmented", "charity"): 25.0,
        ("integrated", "doctor"): 50.0,
        ("integrated", "office"): 50.0,
        ("integrated", "repairs"): 0.0,
        ("integrated", "charity"): 0.0,
    }
    own = flows.nodes[flows.nodes["arm"] == "fragmented"]
    assert own["label"].tolist() == ["Family doctors", "Office", "Repairs", "Advice charity"]
    assert own["sector"].tolist() == ["public", "public", "private", "voluntary"]


def test_handoffs_are_counted_per_100_needs_by_how_they_ended() -> None:
    columns = ["arm", "sender", "receiver", "handoffs", "made", "attended", "dropped", "under_way"]
    assert small().edges[columns].to_numpy().tolist() == [
        ["fragmented", "doctor", "charity", 3, 75.0, 25.0, 50.0, 0.0],
        ["fragmented", "charity", "doctor", 1, 25.0, 0.0, 0.0, 25.0],
        ["integrated", "doctor", "charity", 1, 50.0, 50.0, 0.0, 0.0],
    ]


def test_only_the_cohort_and_the_arms_asked_for_are_counted() -> None:
    episodes, handoffs = episodes_of(SMALL_DOORS), handoffs_of(SMALL_HANDOFFS)
    early = flows_data(
        pd.concat([episodes, episodes.assign(cohort=False)]),
        pd.concat([handoffs, handoffs.assign(cohort=False)]),
        ONE, LABELS, SECTORS,
    )  # fmt: skip
    assert early.needs == {"fragmented": 4}
    assert early.edges["handoffs"].tolist() == [3, 1]
    assert set(early.nodes["arm"]) == {"fragmented"}


def test_providers_that_no_table_lists_are_shown_when_they_are_met() -> None:
    sectors = SECTORS | {"front_door": "public"}
    doors = {"fragmented": ["doctor"], "integrated": ["front_door"]}
    handoffs = handoffs_of([("integrated", "front_door", "charity", "attended")], sectors)
    flows = flows_data(episodes_of(doors, sectors), handoffs, ARMS, LABELS, SECTORS)
    own = flows.nodes[flows.nodes["arm"] == "integrated"]
    assert own["provider"].tolist() == ["doctor", "office", "front_door", "repairs", "charity"]
    assert own["first"].tolist() == [0.0, 0.0, 100.0, 0.0, 0.0]


def test_what_flows_in_a_run_adds_up() -> None:
    short = {"time": {"horizon_days": 228.0, "warmup_days": 40.0, "followup_days": 60.0}}
    scenario = Scenario.load("three_journeys", short)
    result = simulate(scenario, coordination="integrated")
    episodes, handoffs = (table.assign(arm="integrated", replicate=0) for table in (result.episodes, result.handoffs))
    flows = flows_data(episodes, handoffs, {"integrated": "Integrated"}, labels_of(scenario), sectors_of(scenario))
    own = handoffs[handoffs["cohort"]]
    needs = int(episodes["cohort"].sum())
    edges = flows.edges
    assert flows.needs == {"integrated": needs}
    assert edges["handoffs"].sum() == len(own) > 0
    parts = edges[["attended", "dropped", "under_way"]].sum(axis=1)
    assert edges["made"].to_numpy() == pytest.approx(parts.to_numpy())
    for state in ("attended", "dropped", "under_way"):
        assert edges[state].sum() * needs / 100 == pytest.approx((own["state"] == state).sum())
    came = (episodes.loc[episodes["cohort"], "first_door"].astype(str) != "").sum()
    assert flows.nodes["first"].sum() * needs / 100 == pytest.approx(came)
    assert set(sectors_of(scenario)) <= set(flows.nodes["provider"])


def test_arrows_are_as_wide_as_the_numbers_say() -> None:
    flows = small()
    figure = figure_of(flows, ARMS)
    scale = scale_of(flows)
    attended = area_of(figure, "attended-doctor-charity-fragmented")
    dropped = area_of(figure, "dropped-doctor-charity-fragmented")
    other = area_of(figure, "attended-doctor-charity-integrated")
    assert starting_width(attended) == pytest.approx(25 * scale.width)
    assert starting_width(dropped) == pytest.approx(50 * scale.width)
    assert starting_width(other) == pytest.approx(50 * scale.width)
    assert 75 * scale.width == pytest.approx(drawing.WIDEST)
    names = {patch.get_gid() for axes in figure.axes for patch in axes.patches}
    assert "attended-charity-doctor-fragmented" not in names
    assert "under-way-charity-doctor-fragmented" in names


def test_who_is_dropped_does_not_come_as_far_as_who_arrives() -> None:
    figure = figure_of(small(), ARMS)
    receiver = circles(figure, "fragmented")["node-charity-fragmented"]
    gap = {
        part: np.hypot(*(area_of(figure, f"{part}-doctor-charity-fragmented") - receiver[:2]).T).min()
        for part in ("attended", "dropped")
    }
    assert gap["attended"] < receiver[2] + 2.0
    assert gap["dropped"] > gap["attended"] + 5.0


def test_areas_of_providers_are_in_proportion_to_who_comes_first() -> None:
    found = circles(figure_of(small(), ARMS), "fragmented")
    assert found["node-doctor-fragmented"][2] == pytest.approx(LARGEST)
    assert found["node-charity-fragmented"][2] ** 2 == pytest.approx(LARGEST**2 / 2)
    assert found["node-repairs-fragmented"][2] == pytest.approx(drawing.SMALLEST)


def test_a_provider_stands_at_the_same_place_in_every_panel() -> None:
    figure = figure_of(town(*ARMS), ARMS)
    one, other = (
        {name.removesuffix(f"-{arm}"): place[:2] for name, place in circles(figure, arm).items()} for arm in ARMS
    )
    assert len(one) == 30
    assert one == other
    assert len({axes.get_xlim() for axes in figure.axes[:2]}) == 1
    assert len({axes.get_ylim() for axes in figure.axes[:2]}) == 1
    for axes in figure.axes:  # a mm across is a mm down
        box = axes.get_window_extent()
        across, down = (abs(high - low) for low, high in (axes.get_xlim(), axes.get_ylim()))
        assert box.width / across == pytest.approx(box.height / down)


@pytest.mark.parametrize(
    ("arms", "width"),
    [(ONE, style.DOUBLE_COLUMN), (ARMS, style.DOUBLE_COLUMN), (ARMS, style.SINGLE_COLUMN), (FIVE, style.DOUBLE_COLUMN)],
    ids=["one", "two beside each other", "two below each other", "five"],
)
def test_any_number_of_arms_is_readable(arms: dict[str, str], width: float) -> None:
    figure = figure_of(town(*arms), arms, width, replicates=3)
    said = {text.replace("\n", " ") for text in texts_of(figure)}
    assert set(arms.values()) <= said
    assert any(text.endswith("A town; seed 1.") for text in said)
    expected = style.DOUBLE_COLUMN if width == style.DOUBLE_COLUMN and len(arms) > 1 else style.SINGLE_COLUMN
    assert figure.get_figwidth() * 25.4 == pytest.approx(expected)


def test_sectors_stand_together_and_no_name_is_on_another() -> None:
    nodes = town(*ONE).nodes
    where = map_of(nodes, 87.5)
    sector = nodes.set_index("provider")["sector"]
    for inward in (1, -1):
        side = sorted((place.y, name) for name, place in where.places.items() if place.inward == inward)
        runs = [sector[name] for _, name in side]
        changes = sum(one != other for one, other in pairwise(runs))
        assert changes == len(set(runs)) - 1
        for (above, name), (below, other) in pairwise(side):
            lines = (len(where.places[name].lines) + len(where.places[other].lines)) / 2
            assert below - above >= max(lines * style.LINE_HEIGHT, 2 * LARGEST)


def test_little_used_ways_are_thin_and_the_panel_says_how_many_there_are() -> None:
    flows = town(*ARMS)
    scale = scale_of(flows)
    edges = flows.edges[flows.edges["arm"] == "fragmented"]
    arrows = edges[edges["made"] >= scale.least]
    assert 0 < len(arrows) <= drawing.MOST_WAYS < len(edges)
    figure = figure_of(flows, ARMS)
    made, attended = edges["made"].sum(), edges["attended"].sum()
    said = {text.replace("\n", " ") for text in texts_of(figure)}
    assert (
        f"{made:.1f} sent on per 100 needs, {attended:.1f} arrive ({100 * attended / made:.0f} %); arrows show "
        f"{len(arrows)} of {len(edges)} ways with {arrows['made'].sum():.1f} of the {made:.1f}."
    ) in said
    assert any(f"Arrows: at least {scale.least:g} sent per 100 needs" in text for text in said)
    (thin,) = (lines for axes in figure.axes for lines in axes.collections if lines.get_gid() == "thin-fragmented")
    assert isinstance(thin, LineCollection)
    assert len(thin.get_segments()) == edges["made"].between(scale.least / 10, scale.least, inclusive="left").sum()


def test_the_most_used_way_has_its_numbers() -> None:
    assert "25.0 of 75.0" in texts_of(figure_of(small(), ARMS))


def test_many_ways_used_alike_are_all_arrows() -> None:
    names = [f"p{number}" for number in range(8)]
    sectors = dict.fromkeys(names, "public")
    rows = [("fragmented", one, other, "attended") for one in names for other in names if one != other]
    flows = flows_data(episodes_of({"fragmented": names}, sectors), handoffs_of(rows, sectors), ONE, LABELS, sectors)
    figure = figure_of(flows, ONE)
    arrows = [patch for axes in figure.axes for patch in axes.patches if str(patch.get_gid()).startswith("attended-p")]
    assert len(arrows) == 56


def test_an_arm_in_which_nobody_is_sent_on_stands_beside_others() -> None:
    handoffs = handoffs_of([row for row in SMALL_HANDOFFS if row[0] == "fragmented"])
    flows = flows_data(episodes_of(SMALL_DOORS), handoffs, ARMS, LABELS, SECTORS)
    assert "Nobody is sent on." in texts_of(figure_of(flows, ARMS))
    assert "Integrated: nobody is sent on." in seen(flows.edges, ARMS)


@pytest.mark.parametrize("width", WIDTHS)
def test_without_handoffs_that_is_said(width: float) -> None:
    flows = flows_data(episodes_of({}), handoffs_of([]), ARMS, LABELS)
    assert flows.needs == {"fragmented": 0, "integrated": 0}
    assert flows.nodes.empty and flows.edges.empty
    said = texts_of(figure_of(flows, ARMS, width))
    assert any(text.startswith("No handoffs") for text in said)


def test_handoffs_of_needs_that_nobody_brought_to_a_door_first_are_drawn() -> None:
    flows = flows_data(episodes_of({"fragmented": [""]}), handoffs_of(SMALL_HANDOFFS), ONE, LABELS, SECTORS)
    said = texts_of(figure_of(flows, ONE))
    assert "no need was brought to a first door" in said
    assert not any("are brought here first" in text for text in said)


def test_arms_that_are_not_shown_are_named() -> None:
    figure = draw_flows(small(), {arm: [0] for arm in ARMS}, ARMS, TIME, left_out=["Letters", "Key workers"])
    assert any("Not shown: Letters, Key workers" in text for text in texts_of(figure))


def test_a_door_of_another_arm_is_not_on_the_map() -> None:
    """A single front door is met in the arm that has one, and stands in no map of other arms."""
    doors = {"fragmented": ["doctors"], "integrated": ["front_door"]}
    flows = flows_data(episodes_of(doors), handoffs_of(SMALL_HANDOFFS), ARMS, LABELS, SECTORS)
    assert "front_door" in set(flows.nodes["provider"])
    kept = flows.of(["fragmented"])
    assert "front_door" not in set(kept.nodes["provider"]) and set(SECTORS) <= set(kept.nodes["provider"])


def test_the_words_for_those_who_cannot_see_it_have_the_numbers() -> None:
    assert seen(small().edges, ARMS) == (
        "A map of the providers, with arrows for handoffs from one to another. Fragmented: 100.0 handoffs are made per "
        "100 needs; of 100 handoffs 25 are attended. Most used ways, per 100 needs: Family doctors to Advice charity "
        "75.0, of which 25.0 are attended; Advice charity to Family doctors 25.0, of which 0.0 are attended. "
        "Integrated: 50.0 handoffs are made per 100 needs; of 100 handoffs 100 are attended. Most used ways, per 100 "
        "needs: Family doctors to Advice charity 50.0, of which 50.0 are attended."
    )
