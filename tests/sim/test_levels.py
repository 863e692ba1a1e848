"""Levels of barriers for all, a sector, a profession or a pair: felt where they are set, and nowhere else.

No error rates: in the places below a level of 1 blocks whatever it is set for and a level of 0 blocks nothing, so that
what is blocked shows for whom the level was set.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sim import Coordination, Result, Scenario, simulate
from sim.levels import Level
from sim.model import JourneyModel
from tests.places import write_place

OWN = ("funding", "geography")
BETWEEN = ("culture", "data_sharing", "learning")


@dataclass
class Party:
    """Whoever a barrier acts on."""

    sector: str
    profession: str


# --- which level counts -----------------------------------------------------------------------------------------------

SENDER, RECEIVER = Party("public", "health"), Party("voluntary", "advice")
PAIRS = ("health/advice", "health/voluntary", "public/advice", "public/voluntary")


def assert_first_said_counts(order: tuple[str, ...], looked_up: Callable[[Level], float]) -> None:
    """Assert that of what is said the earliest in an order counts, and 0 if nothing is said."""
    said = {key: (place + 1) / (len(order) + 1) for place, key in enumerate(order)}
    for some in range(len(order) + 1):
        for keys in itertools.combinations(order, some):
            # Written from the last to the first, so that the order of the file does not give the answer.
            level = Level({key: said[key] for key in reversed(keys)})
            assert looked_up(level) == (said[keys[0]] if keys else 0.0), keys


def test_of_one_party_the_profession_counts_before_the_sector_before_all() -> None:
    assert_first_said_counts(("advice", "voluntary", "all"), lambda level: level.of(RECEIVER))


@pytest.mark.parametrize(("whose", "own"), [(SENDER, ("health", "public")), (RECEIVER, ("advice", "voluntary"))])
def test_between_two_a_pair_counts_before_a_profession_before_a_sector_before_all(
    whose: Party, own: tuple[str, str]
) -> None:
    """Of pairs, the sender's profession before its sector, and for each the receiver's profession before its sector."""
    assert_first_said_counts((*PAIRS, *own, "all"), lambda level: level.between(SENDER, RECEIVER, whose))


@pytest.mark.parametrize(
    "key", ["advice/health", "voluntary/public", "health/health", "health/public", "housing", "private"]
)
def test_levels_of_others_and_of_the_way_back_do_not_count(key: str) -> None:
    level = Level({"all": 0.25, key: 0.75})
    assert level.between(SENDER, RECEIVER, RECEIVER) == level.between(SENDER, RECEIVER, SENDER) == 0.25


def test_a_number_is_the_level_of_all() -> None:
    assert Level(0.4) == Level({"all": 0.4}) != Level({"all": 0.4, "health": 0.4})
    assert [Level(0.4).of(party) for party in (SENDER, RECEIVER)] == [0.4, 0.4]


def test_a_level_is_nowhere_only_if_every_number_is_0() -> None:
    assert Level(0.0).is_nowhere() and Level({"all": 0.0, "health/advice": 0.0}).is_nowhere()
    assert not Level({"all": 0.0, "health": 0.1}).is_nowhere() and not Level(0.1).is_nowhere()


def test_an_initiative_moves_every_number_of_a_level_by_the_same_share_of_the_way() -> None:
    moved = Level({"all": 0.0, "health": 0.4, "health/advice": 1.0}).moved(0.8, 0.25).as_mapping()
    assert moved == pytest.approx({"all": 0.2, "health": 0.5, "health/advice": 0.95})


# --- a place with a sender and a receiver of each sector and profession ---------------------------------------------

PARTIES = {
    "ph": Party("public", "health"),
    "pa": Party("public", "advice"),
    "vh": Party("voluntary", "health"),
    "va": Party("voluntary", "advice"),
}
"""Short names: public or voluntary, health or advice."""


def place(folder: Path, barrier: str, level: Any, **settings: Any) -> Scenario:
    """Return a place with four providers that assess and hand on, and four that support.

    Nothing goes wrong here but what the barrier does at its level, and at a level of 1 that happens always.

    Args:
        folder: Where to write it.
        barrier: The only barrier.
        level: Its level.
        settings: Further ones.
    """
    providers, services = [], []
    for stage in ("assessment", "support"):
        for name, party in PARTIES.items():
            provider = f"{stage}_{name}"
            providers.append({"provider": provider, **vars(party), "visibility": float(stage == "assessment")})
            services.append(
                {
                    "service": provider,
                    "provider": provider,
                    "stage": stage,
                    "needs": "illness",
                    "places": 999,
                    "service_days": 0.1,
                    "assessed_first": "yes" if stage == "support" else "no",
                }
            )
    always = ("funding_lapse_public", "funding_lapse_voluntary", "geography_lost", "culture_declined", "data_lost")
    said = {
        "time": {"horizon_days": 200},
        "budget": "added",
        "population": {"persistence_median": 0, "patience_days": 1e9},
        "journey": {"attendance": 1, "wrong_door": 0, "guess": 0},
        "handoffs": {"letter": {"sent": 1, "days": 0.1}},
        "crises": {"hazard": 0},
        "barriers": {barrier: level},
        "barrier_effects": {
            **dict.fromkeys((*always, "learning_unknown", "data_unseen"), 1.0),
            **dict.fromkeys(("geography_threshold", "culture_threshold", "learning_wrong_door"), 0.0),
        },
    }
    districts = [{"district": "town", "citizens_per_year": 1500}]
    providers = [{**row, "contract_days": 50} for row in providers]
    write_place(folder, {**said, **settings}, districts=districts, providers=providers, services=services)
    return Scenario.load(folder)


def parties_blocked(barrier: str, scenario: Scenario) -> set[str]:
    """Return which providers that support a barrier of one provider acts on."""
    if barrier == "geography":
        providers = JourneyModel(scenario, Coordination()).landscape.open_to_handoffs
        found = {provider.name for provider in providers if provider.covered != provider.nominal}
    else:
        ledger = simulate(scenario, seed=2).ledger
        found = set(ledger.loc[ledger["activity"] == "service_closed", "resource"].astype(str))
    return {name.removeprefix("support_") for name in found if name.startswith("support_")}


def pairs_blocked(barrier: str, scenario: Scenario) -> set[tuple[str, str]]:
    """Return between which senders and receivers a barrier acts."""
    if barrier == "learning":
        model = JourneyModel(scenario, Coordination())
        providers, rules = model.landscape.open_to_handoffs, model.rules[0].all[0]
        senders, receivers = providers[:4], providers[4:]
        blocked = {(one, two) for one in senders for two in receivers if not model.landscape.knows(one, two, rules)}
        return {(one.name[-2:], two.name[-2:]) for one, two in blocked}
    handoffs = simulate(scenario, Coordination(handoff="letter"), seed=2).handoffs
    handoffs = handoffs[handoffs["state"] != "under_way"]
    outcomes: dict[tuple[str, str], set[str]] = {}
    for sender, receiver, reason in zip(handoffs["sender"], handoffs["receiver"], handoffs["reason"], strict=True):
        outcomes.setdefault((sender[-2:], receiver[-2:]), set()).add(reason)
    word = {"culture": "declined", "data_sharing": "not_transmitted"}[barrier]
    assert len(outcomes) == 16
    assert all(reasons in ({word}, {""}) for reasons in outcomes.values())
    return {pair for pair, reasons in outcomes.items() if reasons == {word}}


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (0, set()),
        (1, {"ph", "pa", "vh", "va"}),
        ({"all": 1}, {"ph", "pa", "vh", "va"}),
        ({"voluntary": 1}, {"vh", "va"}),
        ({"advice": 1}, {"pa", "va"}),
        ({"voluntary": 1, "public": 0, "all": 0}, {"vh", "va"}),
        ({"all": 1, "voluntary": 0}, {"ph", "pa"}),
        ({"all": 1, "advice": 0}, {"ph", "vh"}),
        ({"voluntary": 1, "advice": 0}, {"vh"}),
        ({"voluntary": 0, "advice": 1}, {"pa", "va"}),
    ],
)
@pytest.mark.parametrize("barrier", OWN)
def test_a_barrier_of_one_provider_acts_where_it_is_set(
    tmp_path: Path, barrier: str, level: float | Mapping[str, float], expected: set[str]
) -> None:
    assert parties_blocked(barrier, place(tmp_path, barrier, level)) == expected


CASES: dict[str, tuple[float | dict[str, float], Callable[[str, str, str], bool]]] = {
    "nowhere": (0, lambda sender, receiver, whose: False),
    "everywhere": (1, lambda sender, receiver, whose: True),
    "a sector": ({"voluntary": 1}, lambda sender, receiver, whose: whose[0] == "v"),
    "a profession": ({"advice": 1}, lambda sender, receiver, whose: whose[1] == "a"),
    "all but a sector": ({"all": 1, "public": 0}, lambda sender, receiver, whose: whose[0] == "v"),
    "a sector but a profession": ({"voluntary": 1, "health": 0}, lambda sender, receiver, whose: whose == "va"),
    "a pair of professions": ({"health/advice": 1}, lambda sender, receiver, whose: sender[1] + receiver[1] == "ha"),
    "the pair turned": ({"advice/health": 1}, lambda sender, receiver, whose: sender[1] + receiver[1] == "ah"),
    "a pair of sectors": ({"public/voluntary": 1}, lambda sender, receiver, whose: sender[0] + receiver[0] == "pv"),
    "a profession to a sector": ({"health/public": 1}, lambda s, r, whose: s[1] + r[0] == "hp"),
    "a sector to a profession": ({"public/health": 1}, lambda s, r, whose: s[0] + r[1] == "ph"),
    "all but a pair": ({"all": 1, "health/advice": 0}, lambda s, r, whose: s[1] + r[1] != "ha"),
    "a profession but a pair": (
        {"advice": 1, "health/advice": 0},
        lambda s, r, whose: whose[1] == "a" and s + r != s[0] + "h" + r[0] + "a",
    ),
    "a pair of sectors but one of professions": (
        {"public/voluntary": 1, "health/advice": 0},
        lambda s, r, whose: s[0] + r[0] == "pv" and s[1] + r[1] != "ha",
    ),
    "a profession to a sector before the other way round": (
        {"health/voluntary": 1, "public/advice": 0},
        lambda s, r, whose: s[1] + r[0] == "hv",
    ),
}
"""What is set, and whether it acts from a sender to a receiver of whom one counts where no pair is set."""


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("barrier", BETWEEN)
def test_a_barrier_between_two_acts_where_it_is_set(tmp_path: Path, barrier: str, case: str) -> None:
    """Culture and data sharing are of the receiver where no pair is set, learning is of who knows; no culture at home.

    Home is the own profession, whatever the sector.
    """
    level, acts = CASES[case]
    expected = {
        (sender, receiver)
        for sender, receiver in itertools.product(PARTIES, PARTIES)
        if acts(sender, receiver, sender if barrier == "learning" else receiver)
        and not (barrier == "culture" and sender[1] == receiver[1])
    }
    assert pairs_blocked(barrier, place(tmp_path, barrier, level)) == expected


def test_a_level_for_a_profession_to_itself_is_no_culture(tmp_path: Path) -> None:
    assert pairs_blocked("culture", place(tmp_path, "culture", {"health/health": 1, "advice/advice": 1})) == set()


# --- records: from the holder to the reader, and from the receiver back to the sender -------------------------------

READERS: list[dict[str, Any]] = [
    {"provider": "clinic", "sector": "public", "profession": "health"},
    {"provider": "charity", "sector": "voluntary", "profession": "advice", "visibility": 0},
]


def with_two_assessments(folder: Path, level: Any) -> Result:
    """Return a run in which the clinic assesses, and the charity assesses again whom it sees no record of."""
    desk = {"needs": "illness", "places": 999, "service_days": 1}
    services = [
        {**desk, "service": "intake", "provider": "clinic", "stage": "assessment", "assessed_first": "no"},
        {**desk, "service": "again", "provider": "charity", "stage": "assessment", "assessed_first": "no"},
        {**desk, "service": "help", "provider": "charity", "stage": "support", "assessed_first": "yes"},
    ]
    settings = {
        "journey": {"attendance": 1, "wrong_door": 0},
        "handoffs": {"accompanied": {"sent": 1, "recorded": 1, "days": 0.1}},
        "records": {"shared_recorded": 1},
        "crises": {"hazard": 0},
        "barriers": {"data_sharing": level},
        "barrier_effects": {"data_unseen": 1},
    }
    write_place(folder, settings, providers=READERS, services=services)
    return simulate(Scenario.load(folder), Coordination(handoff="accompanied", records="shared"), seed=2)


@pytest.mark.parametrize(
    ("level", "unseen", "undocumented"),
    [
        (0, False, False),
        (1, True, True),
        ({"health/advice": 1}, True, False),
        ({"advice/health": 1}, False, True),
        ({"advice": 1}, True, False),
        ({"health": 1}, False, True),
        ({"public/voluntary": 1}, True, False),
        ({"voluntary/public": 1}, False, True),
    ],
)
def test_records_are_hidden_from_the_holder_to_the_reader(
    tmp_path: Path, level: Any, unseen: bool, undocumented: bool
) -> None:
    """The clinic's record is read at the charity; the charity's word that the citizen came is read at the clinic."""
    result = with_two_assessments(tmp_path, level)
    supported = result.episodes.query("state == 'supported'")
    assert len(supported) > 20 and set(supported["stories"]) == {2 if unseen else 1}
    attended = result.handoffs.query("state == 'attended'")
    assert set(attended["sender_record"]) == {"open" if undocumented else "completed"}


# --- the front door and navigators can be named -----------------------------------------------------------------------


def test_the_front_door_has_the_profession_access(tmp_path: Path) -> None:
    scenario = place(tmp_path, "culture", {"access/advice": 1}, handoffs={"tracked": {"sent": 1, "days": 0.1}})
    arm = Coordination(entry="single_front_door", front_door_places=999.0)
    handoffs = simulate(scenario, arm, seed=2).handoffs.query("state != 'under_way' and reason != 'not_carried'")
    first = handoffs[handoffs["sender"] == "front_door"]
    by_reason = {str(reason): set(rows["receiver"]) for reason, rows in first.groupby("reason", observed=True)}
    assert by_reason == {"declined": {"support_pa", "support_va"}, "": {"support_ph", "support_vh"}}


@pytest.mark.parametrize(
    ("level", "unknown"),
    [
        ({"navigation": 1}, {"ph", "pa", "vh", "va"}),
        ({"navigation/advice": 1}, {"pa", "va"}),
        ({"advice": 1}, set()),
        ({"advice/navigation": 1}, set()),
        ({"all": 1, "navigation": 0}, set()),
    ],
)
def test_navigators_have_the_profession_navigation(tmp_path: Path, level: Any, unknown: set[str]) -> None:
    """What navigators do not know is theirs: what others know of the same providers plays no part."""
    arm = Coordination(navigation="key_worker", navigators=9.0)
    model = JourneyModel(place(tmp_path, "learning", level), arm)
    navigator, rules = model.navigators.people[0], model.rules[0].all[0]
    receivers = model.landscape.open_to_handoffs[4:]
    found = {one.name[-2:] for one in receivers if not model.landscape.knows(navigator, one, rules)}
    assert found == unknown
