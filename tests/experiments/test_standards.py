"""Reporting standards beside a report: whole, computed from what is stored, and true of the program."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from itertools import permutations, product
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from experiments.compare import compare
from experiments.plan import Plan, StoppingRule
from experiments.precision import Verdict, verdict_facts
from experiments.report import write_report
from experiments.report.basis import values_of
from experiments.report.document import Document, Items, Table
from experiments.report.markdown import markdown_of
from experiments.report.standards import standards_of
from experiments.report.standards_entries import QUALITY, STRESS, Entry, section_of
from experiments.report.stored import stored
from sim import Coordination, Scenario, simulate
from sim.agents.citizen import Citizen
from sim.agents.navigator import Navigator
from sim.agents.provider import Provider
from sim.draws import GOLDEN, mix
from sim.events import Calendar, Phase
from sim.schema.tables import DistrictRow, ProviderRow, ServiceRow
from tests.places import TWO_PROVIDERS, write_place

ROOT = Path(__file__).parents[2]
ARMS = ("fragmented", "letter", "fragmented+records:shared")
NUMBERS = [
    *("1.1", "1.2", "1.3"),
    *("2.1", "2.2", "2.3", "2.4", "2.5.1", "2.5.2", "2.5.3", "2.5.4"),
    *("3.1", "3.2", "3.3", "3.4"),
    *("4.1", "4.2", "4.3"),
    *("5.1", "5.2", "5.3", "5.4"),
    "6.1",
]
"""Items of STRESS-ABS."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a stored comparison of three arms in three worlds, without its figures."""
    folder = tmp_path_factory.mktemp("made")
    scenario = Scenario.load(write_place(folder / "place", **TWO_PROVIDERS))
    used = scenario.changed({"budget": "added", "journey.guess": 0.25})
    arms = {arm: Coordination.load(arm) for arm in ARMS}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("experiments.figures.compare_figures", lambda *_, **__: [])
        compare(Plan(used, arms, 1, range(3), changes={"journey.guess": (0.5, 0.25)}), folder / "out")
    return folder / "out"


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "out")


def texts(folder: Path) -> dict[str, str]:
    """Return the files as they would be written, without the marks of Markdown."""
    return {name: re.sub(r"\\(.)", r"\1", markdown_of(one)) for name, one in standards_of(stored(folder)).items()}


def change(folder: Path, **values: Any) -> None:
    """Change what the manifest of a stored comparison says."""
    file = folder / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), **values}), encoding="utf-8")


def item(text: str, number: str) -> str:
    """Return what is said of an item."""
    return next(line for line in text.splitlines() if line.startswith(f"- **{number} ") and "For a person" not in line)


# --- whole --------------------------------------------------------------------------------------------------------


def states(document: Document) -> dict[str, str]:
    table = next(document.tables)
    return {row[0].split()[0]: row[1] for row in table.rows}


def test_every_item_of_the_checklist_is_there_and_nothing_else(made: Path) -> None:
    assert list(states(standards_of(stored(made))[STRESS])) == NUMBERS


def test_the_log_has_all_its_parts_and_ends_with_people(made: Path) -> None:
    document = standards_of(stored(made))[QUALITY]
    titles = [section.title for section in document.sections]
    assert titles == [
        "State",
        "1 Scope",
        "2 Specification",
        "3 Data and assumptions",
        "4 Verification",
        "5 Validation",
        "6 Uncertainty",
        "7 Sign-off, by people",
    ]


@pytest.mark.parametrize("name", [STRESS, QUALITY])
def test_the_state_of_each_item_is_what_is_said_of_it(made: Path, name: str) -> None:
    document = standards_of(stored(made))[name]
    heads: list[str] = []
    for section in document.sections:
        if section.name != "state":
            heads += [head for block in section.blocks if isinstance(block, Items) for head, _ in block.items]
    for number, state in states(document).items():
        own = [head for head in heads if head.startswith(f"{number} ")]
        for_person = any("For a person" in head for head in own)
        assert state == ("filled" if not for_person else "in part" if len(own) == 2 else "for a person"), number
    counts = pd.Series(states(document)).value_counts()
    caption = next(document.tables).caption
    assert re.findall(r"\d+", caption) == [
        str(number) for number in (len(states(document)), *(counts.get(s, 0) for s in ("filled", "in part")))
    ] + [str(counts.get("for a person", 0))]


def test_what_only_a_person_can_say_is_left_to_one(made: Path) -> None:
    log = states(standards_of(stored(made))[QUALITY])
    assert {number for number, state in log.items() if state == "for a person"} == {"1.3", "1.4", "5.2", "5.3", "6.4"}
    signatures = list(standards_of(stored(made))[QUALITY].tables)[-1]
    assert signatures.name == "signatures" and all(row[2:] == ("", "", "") for row in signatures.rows)
    assert all(row[0] and row[1] for row in signatures.rows)


def test_an_item_of_which_nothing_is_known_says_so_in_its_first_words() -> None:
    section = section_of("a", "A", [Entry("1", "Roles", person="who.", places=(("docs/model.md", "1.1"),))])
    assert section.blocks == (Items((("1 Roles. For a person:", "who. See docs/model.md, 1.1."),)),)


def test_every_section_that_is_named_is_in_the_documentation(made: Path) -> None:
    pages = {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("model.md", "evidence.md")}
    numbers = set(re.findall(r"^#+ ([\d.]+) ", pages["model.md"], re.MULTILINE))
    headings = set(re.findall(r"^#+ (.*)$", pages["evidence.md"], re.MULTILINE))
    named = 0
    for text in texts(made).values():
        for page, places in re.findall(
            r"docs/(model|evidence)\.md, ((?:[\d.]*\d|“[^”]*”)(?:, (?:[\d.]*\d|“[^”]*”))*)", text
        ):
            for place in re.findall(r"“([^”]*)”|([\d.]*\d)", places):
                named += 1
                assert place[0] in headings if page == "evidence" else place[1] in numbers, place
    assert named > 40


def test_they_are_written_beside_the_report_and_named_at_its_end(folder: Path) -> None:
    write_report(folder)
    for name, document in standards_of(stored(folder)).items():
        assert (folder / name).read_text(encoding="utf-8") == markdown_of(document)
        page = (folder / "report.html").read_text(encoding="utf-8")
        assert name in page[page.index('<section id="again"') :]
        assert f"`{name}`" in (ROOT / "README.md").read_text(encoding="utf-8")


# --- computed -----------------------------------------------------------------------------------------------------


def test_they_are_the_same_wherever_the_folder_lies(made: Path, folder: Path) -> None:
    assert texts(made) == texts(folder)
    assert str(made) not in "".join(texts(made).values())


def test_no_table_is_named_twice_and_no_value_is_missing(made: Path) -> None:
    for document in standards_of(stored(made)).values():
        names = [table.name for table in document.tables]
        assert len(names) == len(set(names))
        assert not re.search(r"\bnan\b|\bNone\b|\{|\}", markdown_of(document))


def test_what_was_compared_and_changed_is_said(made: Path) -> None:
    checklist, log = texts(made).values()
    titles = list(stored(made).titles.values())
    for text in (checklist, log):
        assert f"{titles[1]}, {titles[2]} against {titles[0]} (the baseline)" in text
        assert "journey.guess 0.25 instead of 0.5" in text
        assert "Budget: added" in text
        assert f"{titles[1]}: handoff letter instead of signposting" in text
        assert f"{titles[2]}: records shared instead of separate" in text
        assert "From day 0 to day 100" in text and "from day 20 to day 70" in text
        assert "Random worlds: 3, fewer than the 5" in text
    assert "Root seed 1, replicates 0 to 2" in checklist
    assert "'arms=[fragmented,letter,fragmented+records:shared]' seed=1 replications=3" in checklist


def test_numbers_are_those_that_are_stored(made: Path) -> None:
    one = stored(made)
    checklist, log = texts(made).values()
    means = one.runs.groupby("arm", observed=True)["onsets"].mean()
    for arm, title in one.titles.items():
        assert f"{title} {means[arm]:,.0f}" in item(checklist, "2.5.4")
    values = values_of(one.manifest)
    assert f"Of {len(values)} parameters" in item(checklist, "3.3")
    assert f"{sum(value.status == 'assumed' for value in values)} assumed" in item(checklist, "3.3")
    for value in values:
        assert (f"{value.entry.path} = " in item(checklist, "3.1")) == (
            value.status in ("published", "quoted", "derived")
        ), value.entry.path
    headline = pd.read_csv(made / "tables" / "headline.csv")
    for arm in ARMS[1:]:
        own = headline[headline["arm"] == arm].dropna(subset=["low"])
        apart = ((own["low"] > 0) | (own["high"] < 0)).sum()
        assert f"{one.titles[arm]} {apart} of {len(own)}" in item(log, "6.1")


def test_changed_files_and_few_runs_are_owned_up_to(folder: Path) -> None:
    change(folder, source={"commit": "abc", "dirty": True}, status="failed")
    for text in texts(folder).values():
        assert "commit abc. Files had changes that were not committed" in text
        assert "The comparison is failed" in text or "the comparison is failed" in text
    change(folder, source=None, finished=None)
    checklist = texts(folder)[STRESS]
    assert "not from a checkout" in item(checklist, "5.1") and "an end that was not noted" in item(checklist, "5.4")


@pytest.mark.parametrize(("met", "words"), [(True, "which was met"), (False, "which was not met")])
def test_a_stopping_rule_is_said(folder: Path, met: bool, words: str) -> None:
    rule = StoppingRule("restricted_mean_days", 0.05, None, 500)
    verdict = Verdict(20, 20, met, False, {"letter": 1.0}, {"letter": 25.0})
    change(folder, precision=verdict_facts(verdict, rule))
    assert f"“Restricted mean time to support”, {words}" in item(texts(folder)[STRESS], "4.3")


def test_figures_to_compare_with_are_counted_where_there_are_some(folder: Path) -> None:
    assert "were not held against data" in item(texts(folder)[QUALITY], "5.1")
    rows = [("fragmented", "Seen", 2020), ("letter", "Seen", 2020), ("fragmented", "Seen", 2021)]
    table = pd.DataFrame(rows, columns=["arm", "label", "year"]).assign(published=0.5, modelled=0.25, source="C1")
    table.to_csv(folder / "tables" / "published.csv", index=False)
    log = texts(folder)[QUALITY]
    assert "(below): 2." in item(log, "5.1") and "| Seen | 2020 | 50.0 | 25.0 |" in log


def test_the_place_is_described_where_its_tables_are(folder: Path) -> None:
    assert "are its own and not part of the project" in texts(folder)[STRESS]
    scenario = {"name": "three_journeys", "title": "Three journeys", "shipped": True, "digest": "d"}
    change(folder, scenario=scenario)
    assert "scenarios/three_journeys/README.md" in item(texts(folder)[STRESS], "3.1")
    assert (ROOT / "scenarios" / "three_journeys" / "README.md").is_file()


def test_one_arm_alone_is_compared_with_nothing(folder: Path) -> None:
    for name in ("headline", "warm_up"):
        table = pd.read_csv(folder / "tables" / f"{name}.csv")
        table[table["arm"] == "fragmented"].to_csv(folder / "tables" / f"{name}.csv", index=False)
    checklist, log = texts(folder).values()
    for text in (checklist, log):
        assert "Fragmented alone, without another" in text and "There is one arm" in text
        assert "paired" not in text and "leaves out 0" not in text


# --- true of the program ------------------------------------------------------------------------------------------


def test_what_is_said_of_every_run_stands_in_the_documentation_in_the_same_words(made: Path) -> None:
    page = " ".join((ROOT / "docs" / "model.md").read_text(encoding="utf-8").replace("*", "").split())
    for sentence in (
        "It compares; it does not forecast a place.",
        "gets people to support sooner and drops fewer of them between organisations, for whom, and why",
        "A citizen enters when the first need arises and leaves when every need that has arisen is supported or given",
        "Citizens compete for places and for navigators. Providers interact by handoffs, by meetings, and by places",
        "There is no direct interaction between citizens.",
        "At day 0 every service is empty and every door is open.",
        "Every random number is a function of its address (root seed, replicate, citizen, need, decision, occasion)",
        "in the order of the ODD+D protocol",
        "Space is a set of districts without distances",
    ):
        assert sentence in page, sentence


def test_citizens_providers_and_navigators_are_agents() -> None:
    assert all(issubclass(kind, mesa.Agent) for kind in (Citizen, Provider, Navigator))


def test_events_happen_by_time_then_phase_then_key(made: Path) -> None:
    said = ", ".join(phase.name.lower() for phase in sorted(Phase))
    assert f"by time, then by phase ({said}), then by key" in texts(made)[STRESS]
    events = list(product((0.5, 1.0), (Phase.CHANGE, Phase.LEAVE), (1, 2)))
    for order in list(permutations(events))[:: 8 * 7 * 6]:
        done: list[Any] = []
        calendar = Calendar()
        for event in order:
            calendar.schedule(*event, done.append, event)
        calendar.run_until(2.0)
        assert done == events


def test_addresses_are_mixed_by_splitmix64() -> None:
    """The published generator, started at 0, first gives this number."""
    assert int(mix(GOLDEN)) == 0xE220A8397B1DCDAF


def test_districts_have_no_distances() -> None:
    names = {name for row in (DistrictRow, ProviderRow, ServiceRow) for name in row.model_fields}
    assert not any(word in name for name in names for word in ("distance", "latitude", "longitude", "minutes", "km"))


def test_the_same_world_is_the_same_people_in_every_arm(made: Path) -> None:
    episodes = pd.read_parquet(made / "episodes.parquet")
    first = episodes[(episodes["recurrence"] == 0) & (episodes["origin"] == "")]
    columns = ["replicate", "citizen", "need", "onset", "severity", "capability"]
    people = [
        first.loc[first["arm"] == arm, columns].sort_values(columns).astype({"citizen": str, "need": str}).to_numpy()
        for arm in ARMS
    ]
    assert len(people[0]) > 50
    assert all(np.array_equal(people[0], other) for other in people[1:])


def test_services_are_empty_at_day_0(tmp_path: Path) -> None:
    ledger = simulate(Scenario.load(write_place(tmp_path)), coordination="fragmented", seed=1, replicate=0).ledger
    first = ledger.sort_values("time", kind="stable").iloc[0]
    assert first["activity"] == "onset" and first["time"] > 0


def test_intervals_are_t_intervals_of_paired_differences_and_hold_together_by_bonferroni(made: Path) -> None:
    one = stored(made)
    assert "95 % t intervals of the paired differences (tables/headline.csv: low, high)" in texts(made)[STRESS]
    assert "hold for all 2 differences of an outcome together (Bonferroni)" in texts(made)[STRESS]
    worlds = one.runs.pivot(index="replicate", columns="arm", values="restricted_mean_days")
    gaps = (worlds["letter"] - worlds["fragmented"]).to_numpy()
    rows = one.tables["headline"]
    row = rows[(rows["arm"] == "letter") & (rows["outcome"] == "restricted_mean_days")].iloc[0]
    error = np.std(gaps, ddof=1) / np.sqrt(len(gaps))
    for name, level in (("high", 0.95), ("all_high", 0.975)):
        assert row[name] == pytest.approx(np.mean(gaps) + t.ppf(0.5 + level / 2, len(gaps) - 1) * error, rel=1e-9)


def test_the_licence_is_the_one_that_is_said(made: Path) -> None:
    assert "MIT licence" in item(texts(made)[STRESS], "6.1")
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert (ROOT / "CITATION.cff").is_file()


def test_every_mechanism_that_an_arm_uses_is_in_the_log(made: Path) -> None:
    tables: Mapping[str, Table] = {table.name: table for table in standards_of(stored(made))[QUALITY].tables}
    assert {"letter", "shared", "first_come"} <= {row[0] for row in tables["mechanisms"].rows}
    assert {"statuses", "changed", "mechanisms", "precision", "signatures"} < set(tables)
