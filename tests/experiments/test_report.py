"""The report of a stored comparison: whole, computed from its files alone, and readable for everybody."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.compare import compare
from experiments.plan import Plan
from experiments.report import write_report
from experiments.report.basis import RESTS, values_of
from experiments.report.checks import command_of
from experiments.report.command import command
from experiments.report.contents import document_of
from experiments.report.document import Document, Items, Picture, Table
from experiments.report.stored import stored
from sim import Coordination, Scenario
from sim.schema.parameters import Parameters
from sim.schema.problems import BadInputError
from tests.places import TWO_PROVIDERS, write_place

VOID = {"meta", "link", "br"}
FOREIGN = re.compile(r"https?:|//|@import|url\((?!#|data:)|<script|<img|\bsrc=", re.IGNORECASE)


def compared(folder: Path, arms: tuple[str, ...], replications: int) -> Path:
    scenario = Scenario.load(write_place(folder / "place", **TWO_PROVIDERS))
    used = scenario.changed({"budget": "added", "barriers.culture": 0.25, "journey.guess": 0.25})
    changes = {"barriers.culture": (0.0, 0.25), "journey.guess": (0.5, 0.25)}
    coordinations = {arm: Coordination.load(arm) for arm in arms}
    compare(Plan(used, coordinations, 1, range(replications), changes=changes), folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compared(tmp_path_factory.mktemp("made"), ("fragmented", "letter", "fragmented+handoff:tracked"), 3)


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "out")


@pytest.fixture(scope="module")
def document(made: Path) -> Document:
    return document_of(stored(made))


@pytest.fixture(scope="module")
def page(made: Path) -> str:
    write_report(made)
    return (made / "report.html").read_text(encoding="utf-8")


class Reader(HTMLParser):
    """Notes what an assistive technology would: elements in order, their attributes, what is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), tuple(self.open)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.texts.append((self.open[-1], data.strip()))

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes, _ in self.found if name == tag]


@pytest.fixture(scope="module")
def reader(page: str) -> Reader:
    return Reader(page)


# --- the page -----------------------------------------------------------------------------------------------------


def test_every_element_is_closed_where_it_should_be(reader: Reader) -> None:
    assert not reader.open


def test_nothing_comes_from_elsewhere(page: str) -> None:
    assert not FOREIGN.findall(page)
    assert FOREIGN.search('<a href="https://x.org">') and FOREIGN.search("url(a.png)")


def test_headings_go_down_in_order(reader: Reader) -> None:
    levels = [int(tag[1]) for tag, _, _ in reader.found if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    titles = [text for tag, text in reader.texts if tag == "h2"]
    assert titles[:2] == ["The answer", "All outcomes"]
    assert {
        "How full services are, and how long people wait",
        "Who gains and who loses",
        "What it costs",
        "What drops, and why",
    } < set(titles)
    assert {"Assumptions, and what rests on them", "Quality checks", "How to do it again"} < set(titles)


def test_every_name_in_the_page_is_unique_and_every_link_inside_leads_somewhere(page: str, reader: Reader) -> None:
    names = Counter(attributes["id"] for _, attributes, _ in reader.found if "id" in attributes)
    assert max(names.values()) == 1
    used = set(re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', page))
    assert {name for pair in used for name in pair if name} <= set(names)
    labels = [attributes.get("aria-labelledby") for _, attributes, _ in reader.found]
    assert {name for label in labels if label for name in label.split()} <= set(names)


def test_the_language_the_width_and_the_way_to_the_answer_are_given(reader: Reader) -> None:
    assert reader.attributes("html")[0]["lang"] == "en"
    assert any(one.get("name") == "viewport" for one in reader.attributes("meta"))
    first = reader.attributes("a")[0]
    assert first["class"] == "skip" and first["href"] == "#answer"


def test_every_figure_has_a_title_and_says_what_is_seen(reader: Reader, document: Document) -> None:
    pictures = [block for section in document.sections for block in section.blocks if isinstance(block, Picture)]
    assert [picture.name for picture in pictures] == [
        *("cumulative_incidence", "difference_over_time", "forest", "spread_between_runs"),
        "equity",
        *("handoff_funnel", "drops_by_reason", "drops_by_sector", "flows"),
        *("services", "over_time"),
        "warm_up",
    ]
    roots = reader.attributes("svg")
    # Each is there twice, once for narrow screens.
    assert all(picture.narrow is not None for picture in pictures)
    assert len(roots) == 2 * len(pictures) and all(root["role"] == "img" for root in roots)
    said = [text for tag, text in reader.texts if tag == "desc"]
    for picture in pictures:
        assert re.search(r"\d", picture.alternative) and picture.alternative in said


def test_tables_have_captions_and_headers(reader: Reader, document: Document) -> None:
    tables = list(document.tables)
    assert len(reader.attributes("table")) == len(reader.attributes("caption")) == len(tables)
    scopes = Counter(one["scope"] for one in reader.attributes("th"))
    assert scopes["col"] == sum(len(table.head) for table in tables)
    assert scopes["row"] == sum(len(table.rows) for table in tables)
    for table in tables:
        assert all(len(row) == len(table.head) for row in table.rows), table.name


def test_what_may_be_too_wide_scrolls_in_a_box_that_the_keyboard_reaches(reader: Reader) -> None:
    boxes = [one for one in reader.attributes("div") if str(one.get("class")).startswith("box")]
    assert all(one["tabindex"] == "0" and one["role"] == "region" for one in boxes)
    narrow = [one for one in reader.attributes("div") if one.get("class") == "narrow"]
    assert len(boxes) + len(narrow) == len(reader.attributes("table")) + len(reader.attributes("svg"))
    for tag, _, around in reader.found:
        assert tag not in ("table", "svg") or "div" in around


def test_words_of_a_place_cannot_become_part_of_the_page(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["scenario"]["title"] = "<b>Town & |Co_"
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    write_report(folder)
    assert "&lt;b&gt;Town &amp; |Co_" in (folder / "report.html").read_text(encoding="utf-8")
    assert "<b>" not in (folder / "report.html").read_text(encoding="utf-8")
    assert r"\<b\>Town & \|Co\_" in (folder / "report.md").read_text(encoding="utf-8")


# --- what it says -------------------------------------------------------------------------------------------------


def table_of(document: Document, name: str) -> Table:
    return next(table for table in document.tables if table.name == name)


def test_the_same_content_is_in_both_files(made: Path, page: str, document: Document) -> None:
    text = (made / "report.md").read_text(encoding="utf-8")
    for section in document.sections:
        assert f"## {section.title}" in text
        for block in section.blocks:
            if isinstance(block, Table):
                assert f"**{block.caption}**" in text
            if isinstance(block, Picture):
                assert f"](<figures/{block.name}.svg>)" in text and (made / "figures" / f"{block.name}.svg").is_file()


def test_writing_it_again_changes_nothing_and_simulates_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["report.html", "report.md", "tables/latex/headline.tex"]
    write_report(folder)
    before = [(folder / name).read_bytes() for name in names]
    shutil.rmtree(folder / "store")
    monkeypatch.setattr("sim.simulate", None)
    assert write_report(folder) == [folder / "report.html", folder / "report.md"]
    assert [(folder / name).read_bytes() for name in names] == before


def test_numbers_are_those_of_the_stored_tables(made: Path, document: Document) -> None:
    headline = pd.read_csv(made / "tables" / "headline.csv")
    row = headline[(headline["arm"] == "letter") & (headline["outcome"] == "restricted_mean_days")].iloc[0]
    shown = {cells[0]: cells for cells in table_of(document, "headline").rows}["Restricted mean time to support"]
    assert shown[2] == f"{row['mean']:.1f} days"
    ends = [f"{row[name]:+.1f}".replace("-", "−") for name in ("difference", "all_low", "all_high")]
    assert shown[4] == f"{ends[0]} days ({ends[1]} to {ends[2]})"


def test_every_run_is_checked_for_balance_again(folder: Path, document: Document) -> None:
    def said(document: Document) -> str:
        return " ".join(
            text
            for section in document.sections
            if section.name == "quality"
            for block in section.blocks
            if isinstance(block, Items)
            for _, text in block.items
        )

    assert "in 9 of 9 runs the needs that arose" in said(document)
    runs = pd.read_parquet(folder / "runs.parquet")
    runs.loc[0, "onsets"] += 1
    runs.to_parquet(folder / "runs.parquet", index=False)
    assert "in 8 of 9 runs the needs that arose" in said(document_of(stored(folder)))


def test_what_was_changed_is_said_with_both_values(document: Document) -> None:
    rows = {row[0]: row[-2:] for row in table_of(document, "changed").rows}
    assert rows == {"barriers.culture": ("0", "0.25"), "journey.guess": ("0.5", "0.25")}


def test_every_parameter_has_a_status_and_every_group_says_what_rests_on_it(made: Path, document: Document) -> None:
    manifest = stored(made).manifest
    statuses = {value.entry.path: value.status for value in values_of(manifest)}
    assert statuses["journey.guess"] == "changed here"
    assert statuses["population.needs_mean"] == "set by the place"
    assert statuses["barriers.culture"] == statuses["time.horizon_days"] == "setting"
    assert statuses["journey.retry_days"] == "assumed"
    assert set(RESTS) == set(Parameters.model_fields)
    total = table_of(document, "statuses").rows[-1]
    assert sum(int(cell) for cell in total[2:] if cell != "–") == len(statuses)


def test_mechanisms_are_given_with_their_arms_and_evidence(document: Document) -> None:
    rows = {row[0]: row for row in table_of(document, "mechanisms").rows}
    assert "letter" in rows and "tracked" in rows and "assumed" in rows["tracked"][-1]
    assert rows["first_come"][2].count(",") >= 2


def manifest_of(**changes: Any) -> dict[str, Any]:
    scenario = {"name": "three_journeys", "shipped": True}
    return {"scenario": scenario, "arms": {"a": {}, "b+records:shared": {}}, "seed": 7, "replicates": [0, 9]} | changes


def test_the_command_line_is_the_one_that_makes_the_same_runs() -> None:
    changed = {
        "barriers.culture": [0.5, {"all": 0.2, "health/housing": 0.9}],
        "journey.retry_days": [21.0, 21.123456789],
        "budget": ["equal", "added"],
    }
    assert command_of(manifest_of(changed=changed)) == (
        "journeys compare scenario=three_journeys 'arms=[a,b+records:shared]' seed=7 replications=10 "
        "'barriers.culture={all:0.2,health/housing:0.9}' journey.retry_days=21.123456789 budget=added"
    )
    foreign = manifest_of(changed={}, scenario={"name": "my_town", "shipped": False})
    assert "scenario.folder=PATH/TO/my_town" in command_of(foreign)


def test_tables_come_as_latex_too(made: Path, document: Document, page: str) -> None:
    for table in document.tables:
        text = (made / "tables" / "latex" / f"{table.name}.tex").read_text(encoding="utf-8")
        assert text.count("\\\\\n") == len(table.rows) + 1


def test_the_command_says_which_files_it_wrote(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder.parent)
    assert command(["out"]) == 0
    assert capsys.readouterr().out.splitlines() == ["out/report.html", "out/report.md"]
    assert command(["--help"]) == 0
    assert "Nothing is simulated" in capsys.readouterr().out
    with pytest.raises(BadInputError, match="2 arguments"):
        command(["out", "other"])


# --- what may be missing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arms", [("fragmented",), ("fragmented", "letter")])
def test_one_arm_or_one_world_makes_a_report_too(arms: tuple[str, ...], tmp_path: Path) -> None:
    folder = compared(tmp_path, arms, 1)
    write_report(folder)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "nan" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)
    assert Reader(page).open == []


def test_figures_and_tables_that_are_not_there_are_left_out(folder: Path) -> None:
    shutil.rmtree(folder / "figures")
    for name in ("equity", "equity_gaps", "worst_tenth", "two_views", "drops_by_sector", "over_time"):
        (folder / "tables" / f"{name}.csv").unlink()
    names = [section.name for section in document_of(stored(folder)).sections]
    assert names == ["answer", "outcomes", "costs", "drops", "assumptions", "quality", "again"]


def test_a_figure_that_nobody_knows_is_shown_with_its_own_title(folder: Path) -> None:
    svg = '<svg viewBox="0 0 1 1"><title>Something &amp; new</title></svg>'
    (folder / "figures" / "novel.svg").write_text(svg, encoding="utf-8")
    sections = {section.name: section for section in document_of(stored(folder)).sections}
    last = sections["figures"].blocks[-1]
    assert isinstance(last, Picture) and last.title == "Something & new"
    assert last.alternative == "Figure: Something & new."


def test_a_map_of_both_arms_takes_the_place_of_those_of_one_arm(folder: Path) -> None:
    svg = '<svg viewBox="0 0 1 1"><title>Journey map</title></svg>'
    measures = ("first_support", "supported", "failed", "stories")
    rows = [
        {"vignette": vignette, "needs": 4, "arm": arm, "measure": measure, "median": 2.0, "worlds": 3, "replicate": 1,
         "value": 1.0}
        for vignette in ("jo", "al") for arm in ("fragmented", "letter") for measure in measures
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "tables" / "journey_maps.csv", index=False)
    for name in ("jo", "jo_fragmented", "jo_letter", "al_fragmented"):
        (folder / "figures" / f"journey_map_{name}.svg").write_text(svg, encoding="utf-8")
    sections = {section.name: section for section in document_of(stored(folder)).sections}
    maps = [block for block in sections["journeys"].blocks if isinstance(block, Picture)]
    assert [picture.name for picture in maps] == ["journey_map_jo", "journey_map_al_fragmented"]
    assert "under Fragmented 1 of 4 given needs are supported" in maps[0].alternative
    assert "under Referral letters 1 of 4 given needs are supported" in maps[0].alternative


WARM_UP = """arm,waiting,drift_per_100_days,drift_per_100_days_low,drift_per_100_days_high,is_long_enough
fragmented,1000,0.174,0.158,0.19,no
letter,900,-0.012,-0.02,0.001,yes
fragmented+handoff:tracked,800,,,,not told
"""


def test_the_answer_warns_where_services_had_not_settled(folder: Path) -> None:
    (folder / "tables" / "warm_up.csv").write_text(WARM_UP, encoding="utf-8")
    write_report(folder)
    page = (folder / "report.md").read_text(encoding="utf-8")
    answer, rest = page.split("## All outcomes")
    assert (
        "the number of needs that wait still changes: +17.4 % per 100 days (+15.8 to +19.0) under Fragmented. "
        "The answer holds for needs that arise from day "
    ) in answer
    # Of arms that are settled, or of which nothing is known, nothing is said there.
    assert "−1.2 %" not in answer and "−1.2 % per 100 days (−2.0 to +0.1)" in rest
    (folder / "tables" / "warm_up.csv").write_text(WARM_UP.replace(",no\n", ",yes\n"), encoding="utf-8")
    write_report(folder)
    assert "Services open empty" not in (folder / "report.md").read_text(encoding="utf-8")


def test_a_comparison_that_was_killed_is_refused(folder: Path) -> None:
    file = folder / "manifest.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"status": "finished"', '"status": "running"'))
    with pytest.raises(BadInputError, match="still running, or was killed"):
        stored(folder)


def test_tables_that_cannot_be_read_are_named_together(folder: Path) -> None:
    for name in ("equity", "times"):
        (folder / "tables" / f"{name}.csv").write_text("")
    with pytest.raises(BadInputError) as refused:
        stored(folder)
    assert [name in str(refused.value) for name in ("equity.csv", "times.csv")] == [True, True]


def test_a_folder_without_a_comparison_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"has no manifest\.json"):
        write_report(tmp_path / "nowhere")
    (folder / "tables" / "costs.csv").unlink()
    with pytest.raises(BadInputError, match=r"has no tables/costs\.csv"):
        write_report(folder)
    (folder / "manifest.json").write_text('{"command": "run"}', encoding="utf-8")
    with pytest.raises(BadInputError, match="is of the command 'run'"):
        write_report(folder)
    (folder / "manifest.json").write_text("[]", encoding="utf-8")
    with pytest.raises(BadInputError, match="is not one of this program"):
        write_report(folder)
