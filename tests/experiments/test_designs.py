"""Designs of sweeps: which points there are, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.designs import MOST_POINTS, Design, design_of
from sim.schema.problems import Complaints

REDIRECT, GUESS, RETRY = "journey.redirect", "journey.guess", "journey.retry_days"
BANDWIDTH, CULTURE = "journey.bandwidth", "barriers.culture"


def _content(*parts: Any, **rest: Any) -> dict[str, Any]:
    return {"title": "A title", "question": "A question?", "design": list(parts), **rest}


def _design(*parts: Any, **rest: Any) -> Design:
    complaints = Complaints()
    design = design_of(_content(*parts, **rest), "sweep x", complaints)
    complaints.raise_if_any()
    assert design is not None
    return design


def _values(*parts: Any) -> list[tuple[Any, ...]]:
    return [tuple(point.values()) for point in _design(*parts).points]


def _refused(*parts: Any, **rest: Any) -> list[str]:
    complaints = Complaints()
    assert design_of(_content(*parts, **rest), "sweep x", complaints) is None
    return [str(problem).removeprefix("sweep x: ") for problem in complaints.problems]


def test_a_grid_has_all_combinations_and_its_first_factor_varies_slowest() -> None:
    design = _design({"grid": {REDIRECT: [0.1, 0.2], RETRY: [7, 14, 21]}})
    assert design.varied == (REDIRECT, RETRY)
    assert [tuple(point) for point in design.points] == [(REDIRECT, RETRY)] * 6
    assert [tuple(point.values()) for point in design.points] == [
        (0.1, 7), (0.1, 14), (0.1, 21), (0.2, 7), (0.2, 14), (0.2, 21),
    ]  # fmt: skip


def test_a_zip_pairs_values_and_a_list_is_taken_as_it_is() -> None:
    assert _values({"zip": {REDIRECT: [0.1, 0.2], RETRY: [7, 14]}}) == [(0.1, 7), (0.2, 14)]
    listed = _design({"list": [{REDIRECT: 0.3, RETRY: 7}, {RETRY: 9, REDIRECT: 0.1}]})
    assert [list(point.items()) for point in listed.points] == [
        [(REDIRECT, 0.3), (RETRY, 7)], [(REDIRECT, 0.1), (RETRY, 9)],
    ]  # fmt: skip


def test_a_design_is_the_product_of_its_parts_and_the_first_part_varies_slowest() -> None:
    parts = (
        {"zip": {REDIRECT: [0.1, 0.2], GUESS: [0.3, 0.4]}},
        {"list": [{RETRY: 7}, {RETRY: 14}]},
        {"grid": {BANDWIDTH: [1, 2]}},
    )
    assert _values(*parts) == [
        (0.1, 0.3, 7, 1), (0.1, 0.3, 7, 2), (0.1, 0.3, 14, 1), (0.1, 0.3, 14, 2),
        (0.2, 0.4, 7, 1), (0.2, 0.4, 7, 2), (0.2, 0.4, 14, 1), (0.2, 0.4, 14, 2),
    ]  # fmt: skip
    sampled = {"sample": {"method": "halton", "points": 5, "ranges": {CULTURE: [0, 1]}}}
    assert len(_design(*parts, sampled).points) == 40


def test_steps_are_evenly_spaced_and_as_round_as_when_typed() -> None:
    assert _values({"grid": {REDIRECT: {"from": 0, "to": 1, "steps": 11}}}) == [(number / 10,) for number in range(11)]
    assert _values({"grid": {RETRY: [{"from": 21, "to": 7, "steps": 3}, 90]}}) == [(21,), (14,), (7,), (90,)]
    assert _values({"zip": {REDIRECT: {"from": 0, "to": 1, "steps": 2}, GUESS: [0.3, 0.4]}}) == [(0, 0.3), (1, 0.4)]


def test_levels_by_sector_mechanisms_places_and_null_are_values() -> None:
    level = {"all": 0.3, "health/housing": 0.9}
    part = {
        "grid": {CULTURE: [None, 0.5, level], "coordination.handoff": ["letter"], "scenario": ["talking_therapies"]}
    }
    rest = ("letter", "talking_therapies")
    assert _values(part) == [(None, *rest), (0.5, *rest), (level, *rest)]


def test_arms_and_replications_are_those_of_the_file_or_left_to_the_command() -> None:
    part = {"grid": {REDIRECT: [0.1]}}
    assert (_design(part).arms, _design(part).replications) == (None, None)
    design = _design(part, arms=["letter", "tracked"], replications=3)
    assert (design.arms, design.replications) == (("letter", "tracked"), 3)
    assert (design.title, design.question) == ("A title", "A question?")


@pytest.mark.parametrize("method", ["latin_hypercube", "sobol", "halton"])
def test_a_sample_lies_within_its_ranges_and_its_seed_draws_it_again(method: str) -> None:
    ranges = {REDIRECT: (0.2, 0.7), RETRY: (1, 100), BANDWIDTH: (1, 4), "place.demand": (0.8, 1.2)}

    def drawn(seed: int) -> list[tuple[Any, ...]]:
        return _values({"sample": {"method": method, "points": 64, "seed": seed, "ranges": ranges}})

    points = drawn(1)
    assert len(points) == 64
    for values, (low, high) in zip(zip(*points, strict=True), ranges.values(), strict=True):
        assert all(low <= value <= high for value in values)
        # Spread over the range: something in each eighth of it would be missed by an uneven one.
        assert len(set(values)) == 4 or len({int(8 * (value - low) / (high - low)) for value in values} - {8}) == 8
    assert points == drawn(1)
    assert points != drawn(2)


@pytest.mark.parametrize("points", [10, 37])
def test_each_marginal_of_a_latin_hypercube_has_one_point_in_each_stratum(points: int) -> None:
    ranges = {REDIRECT: (0.0, 1.0), RETRY: (10.0, 20.0), GUESS: (0.5, 1.0)}
    drawn = _values({"sample": {"method": "latin_hypercube", "points": points, "ranges": ranges}})
    for values, (low, high) in zip(zip(*drawn, strict=True), ranges.values(), strict=True):
        assert sorted(int(points * (value - low) / (high - low)) for value in values) == list(range(points))


def test_a_sobol_sample_of_two_factors_has_one_point_in_each_cell_of_a_grid() -> None:
    drawn = _values({"sample": {"method": "sobol", "points": 64, "ranges": {REDIRECT: [0, 1], GUESS: [0, 1]}}})
    assert len({(int(8 * one), int(8 * other)) for one, other in drawn}) == 64


def test_whole_numbers_are_drawn_equally_often_from_the_lowest_to_the_highest() -> None:
    ranges = {BANDWIDTH: [1, 4], REDIRECT: [0, 1]}
    drawn = _values({"sample": {"method": "latin_hypercube", "points": 40, "ranges": ranges}})
    assert sorted(value for value, _ in drawn) == sorted([1, 2, 3, 4] * 10)
    assert all(isinstance(value, int) for value, _ in drawn)


def test_no_two_points_of_a_sample_of_whole_numbers_are_alike() -> None:
    assert sorted(_values({"sample": {"method": "halton", "points": 50, "ranges": {BANDWIDTH: [1, 3]}}})) == [
        (1,), (2,), (3,),
    ]  # fmt: skip


def test_all_problems_of_a_file_are_said_at_once_with_their_places() -> None:
    complaints = Complaints()
    content = {
        "titel": "",
        "arms": [],
        "replications": 0,
        "design": [{"grid": {"navigation.link_worker.caseload": [0]}}],
    }
    assert design_of(content, "sweep navigator_caseload", complaints) is None
    assert sorted(map(str, complaints.problems)) == [
        "sweep navigator_caseload: arms: is empty",
        "sweep navigator_caseload: design[0].grid.navigation.link_worker.caseload: is 0; allowed: at least 1",
        "sweep navigator_caseload: question: is missing",
        "sweep navigator_caseload: replications: is 0; allowed: at least 1",
        "sweep navigator_caseload: titel: unknown name 'titel'; allowed: arms, design, question, replications, title; "
        "did you mean 'title'?",
        "sweep navigator_caseload: title: is missing",
    ]


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        (3, "design[0]: is 3; allowed: one of grid, zip, list, sample in a part"),
        (
            {"grid": {REDIRECT: [0]}, "zip": {}},
            "design[0]: has grid, zip; allowed: one of grid, zip, list, sample in a part",
        ),
        (
            {"gird": {}},
            "design[0]: unknown kind of part 'gird'; allowed: grid, list, sample, zip; did you mean 'grid'?",
        ),
        ({"grid": {}}, "design[0].grid: is empty; allowed: {FACTOR: [values], ...}"),
        ({"zip": [1]}, "design[0].zip: is [1]; allowed: {FACTOR: [values], ...}"),
        ({"grid": {REDIRECT: []}}, "design[0].grid.journey.redirect: is empty; allowed: at least one value"),
        (
            {"grid": {REDIRECT: 0.5}},
            "design[0].grid.journey.redirect: is 0.5; allowed: a list of values, or {from: 0, to: 1, steps: 5}",
        ),
        ({"grid": {REDIRECT: [0, 1.5]}}, "design[0].grid.journey.redirect: is 1.5; allowed: at most 1"),
        ({"grid": {REDIRECT: [True]}}, "design[0].grid.journey.redirect: is yes; allowed: not yes or no"),
        ({"grid": {BANDWIDTH: [1.5]}}, "design[0].grid.journey.bandwidth: is 1.5; allowed: a whole number"),
        ({"grid": {CULTURE: [{"all": 2}]}}, "design[0].grid.barriers.culture: all is 2; allowed: at most 1"),
        ({"grid": {REDIRECT: [0.5, 0.5]}}, "design[0].grid.journey.redirect: 0.5 is there 2 times; allowed: each once"),
        ({"grid": {"place.demand": [0]}}, "design[0].grid.place.demand: is 0; allowed: more than 0"),
        ({"grid": {"place.places.public": [101]}}, "design[0].grid.place.places.public: is 101; allowed: at most 100"),
        (
            {"grid": {"budget": ["equel"]}},
            "design[0].grid.budget: is 'equel'; allowed: equal, added; did you mean 'equal'?",
        ),
        (
            {"grid": {"scenario": ["three_journey"]}},
            "design[0].grid.scenario: unknown scenario 'three_journey'; allowed: talking_therapies, three_journeys; "
            "did you mean 'three_journeys'?",
        ),
        (
            {"grid": {"scenario": [3]}},
            "design[0].grid.scenario: is 3; allowed: name of a shipped scenario, or path of a folder",
        ),
        (
            {"grid": {"coordination.capacity": ["poled"]}},
            "design[0].grid.coordination.capacity: unknown mechanism 'poled'; allowed: separate_budgets, pooled; "
            "did you mean 'pooled'?",
        ),
        (
            {"grid": {"navigation.key_worker": [1]}},
            "design[0].grid.navigation.key_worker: 'navigation.key_worker' is a group of parameters; allowed: "
            "navigation.key_worker.NAME, with NAME caseload, days, min_needs, follow_up, attendance_odds",
        ),
        (
            {"grid": {REDIRECT: {"from": 0, "to": 1}}},
            "design[0].grid.journey.redirect.steps: is missing",
        ),
        (
            {"grid": {REDIRECT: [{"from": 0, "to": 1, "steps": 1}]}},
            "design[0].grid.journey.redirect.steps: is 1; allowed: at least 2",
        ),
        (
            {"zip": {REDIRECT: [0, 1], GUESS: [1]}},
            "design[0].zip: has different numbers of values: journey.redirect 2, journey.guess 1; "
            "allowed: as many for each factor",
        ),
        (
            {"zip": {REDIRECT: [0, 1, 0], GUESS: [1, 1, 1]}},
            "design[0].zip: points 0, 2 are alike (journey.redirect=0, journey.guess=1); allowed: each point once",
        ),
        ({"list": []}, "design[0].list: is empty; allowed: a list of points {FACTOR: value, ...}"),
        ({"list": {"a": 0}}, "design[0].list: is {'a': 0}; allowed: a list of points {FACTOR: value, ...}"),
        ({"list": [{REDIRECT: 0}, 3]}, "design[0].list[1]: is 3; allowed: {FACTOR: value, ...}"),
        ({"list": [{REDIRECT: 0}, {REDIRECT: 2}]}, "design[0].list[1].journey.redirect: is 2; allowed: at most 1"),
        (
            {"list": [{REDIRECT: 0}, {REDIRECT: 1, GUESS: 1}]},
            "design[0].list[1]: varies journey.redirect, journey.guess; allowed: journey.redirect, as the first",
        ),
        (
            {"list": [{CULTURE: {"all": 1}}, {CULTURE: {"all": 1}}]},
            "design[0].list: points 0, 1 are alike (barriers.culture={all:1}); allowed: each point once",
        ),
    ],
)  # fmt: skip
def test_a_part_that_is_wrong_is_refused_in_one_message(part: Any, problem: str) -> None:
    assert _refused(part) == [problem]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"method": "sobel"},
            ".method: is 'sobel'; allowed: latin_hypercube, sobol, halton; did you mean 'sobol'?",
        ),
        ({"method": "sobol", "points": 100}, ".points: is 100; allowed: a power of 2 for sobol: 64, 128, ..."),
        ({"points": 0}, ".points: is 0; allowed: at least 1"),
        ({"seed": -1}, ".seed: is -1; allowed: at least 0"),
        ({"ranges": {}}, ".ranges: is empty; allowed: at least one factor"),
        ({"ranges": {REDIRECT: [0, 2]}}, ".ranges.journey.redirect: is 2; allowed: at most 1"),
        ({"ranges": {GUESS: [1, 0]}}, ".ranges.journey.guess: is [1, 0]; allowed: [low, high] with low below high"),
        ({"ranges": {REDIRECT: [0, "x"]}}, ".ranges.journey.redirect: has the end 'x'; allowed: a number"),
        ({"ranges": {REDIRECT: 1}}, ".ranges.journey.redirect: is 1; allowed: [low, high]"),
        (
            {"ranges": {"coordination.handoff": [0, 1]}},
            ".ranges.coordination.handoff: is a word, which cannot be drawn from a range; "
            "allowed: a factor that is a number",
        ),
        (
            {"ranges": {"scenario": [0, 1]}},
            ".ranges.scenario: is a word, which cannot be drawn from a range; allowed: a factor that is a number",
        ),
        ({"range": {}}, ".range: unknown name 'range'; allowed: method, points, ranges, seed; did you mean 'ranges'?"),
    ],
)  # fmt: skip
def test_a_sample_that_is_wrong_is_refused_in_one_message(change: dict[str, Any], problem: str) -> None:
    right = {"method": "halton", "points": 8, "ranges": {REDIRECT: [0, 1]}}
    assert _refused({"sample": {**right, **change}}) == [f"design[0].sample{problem}"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("journey.redirekt", "journey.redirect"),
        ("caseload", "navigation.link_worker.caseload"),
        ("scenari", "scenario"),
        ("place.places.publik", "place.places.public"),
        ("coordination.hand_off", "coordination.handoff"),
        ("coordination.title", ""),
        ("coordination.initiatives", ""),
        ("arms.letter.navigator", "arms.letter.navigators"),
        ("arms.handoff", ""),
    ],
)
def test_a_factor_that_there_is_not_is_refused_with_the_one_that_was_perhaps_meant(name: str, meant: str) -> None:
    for part in ({"grid": {name: [1]}}, {"list": [{name: 1}, {name: 2}]}):
        (problem,) = _refused(part)
        assert f".{name}: unknown factor {name!r}; allowed: " in problem
        assert problem.partition("; did you mean ")[2] == (f"{meant!r}?" if meant else "")


def test_a_factor_in_two_parts_and_an_arm_that_is_not_there_are_refused() -> None:
    part = {"grid": {REDIRECT: [0, 1]}}
    assert _refused(part, {"list": [{REDIRECT: 0}]}) == [
        "design[1].list.journey.redirect: is in design[0].grid as well; allowed: each factor in one part"
    ]
    arms = {"grid": {"arms.leter.handoff": ["tracked"]}}
    assert _refused(arms, arms=["fragmented", "letter"]) == [
        "arms.leter.handoff: unknown arm 'leter'; allowed: fragmented, letter; did you mean 'letter'?"
    ]
    assert _refused({"grid": {"coordination.handoff": ["tracked"]}}, arms=["fragmented"]) == [
        "coordination.handoff: changes every arm but the first, and there is one arm; allowed: another arm"
    ]


def test_a_design_of_too_many_points_is_refused_before_it_is_spelt_out() -> None:
    steps = {"from": 0, "to": 1, "steps": 1000}
    assert _refused({"grid": {REDIRECT: steps, GUESS: steps}}) == [
        f"design[0].grid: has 1,000,000 points; allowed: at most {MOST_POINTS:,}"
    ]
    assert _refused({"grid": {REDIRECT: steps}}, {"grid": {GUESS: steps}}) == [
        f"design: has 1,000,000 points; allowed: at most {MOST_POINTS:,}"
    ]
    assert _refused() == ["design: is empty"]
