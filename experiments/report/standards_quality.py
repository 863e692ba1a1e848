"""A log of what assures the quality of a comparison, as the Aqua Book (HM Treasury 2015) asks analysts to keep."""

from __future__ import annotations

import math

from experiments.report import basis, checks, results, warm_up
from experiments.report.document import Document, Paragraph, Section, Table
from experiments.report.standards_entries import COPY, Entry, evidence, filled_table, model, section_of
from experiments.report.standards_facts import (
    arms,
    budget,
    changes,
    code,
    cohort,
    differences,
    estimation,
    label,
    place_of_data,
    rules,
    statuses,
)
from experiments.report.stored import Stored
from experiments.report.words import BESIDES, DROPS, SUPPORT
from sim.outcomes.headline import HEADLINE

ROLES = (
    ("Commissioner", "the question is the right one, and the answer is used within its limits"),
    ("Analyst", "the analysis does what the specification says, and this log is complete"),
    ("Analytical assurer", "checks were made by somebody who did not make the analysis, and suffice for its use"),
    ("Approver", "the analysis is fit for the decision, with the risks that remain"),
)
"""Who signs, and what for."""


def quality_log(stored: Stored) -> Document:
    """Return the log, filled as far as the runs and the program tell; nobody has signed it."""
    parts = {
        "1 Scope": _scope(stored),
        "2 Specification": _specification(stored),
        "3 Data and assumptions": _data(stored),
        "4 Verification": _verification(stored),
        "5 Validation": _validation(stored),
        "6 Uncertainty": _uncertainty(stored),
    }
    every = [entry for entries in parts.values() for entry in entries]
    about = Paragraph(
        "What assures the quality of this analysis, in the order of the Aqua Book (HM Treasury 2015, revised 2025: "
        f"guidance on producing quality analysis for government). {COPY}"
    )
    sections = {title[0]: section_of(f"part_{title[0]}", title, entries) for title, entries in parts.items()}
    # Tables of the report that a reader of a log looks for, where they belong.
    sections["3"] = _with(sections["3"], basis.assumptions(stored))
    sections["4"] = _with(sections["4"], checks.quality(stored))
    beside = results.published(stored)
    if beside is not None:
        sections["5"] = _with(sections["5"], beside)
    manifest = stored.manifest
    return Document(
        title=f"Quality log: {stored.place}",
        subtitle=f"{arms(stored)}. Started {manifest['started']}.",
        sections=(
            Section("state", "State", (about, filled_table("quality", every))),
            *sections.values(),
            Section("sign_off", "7 Sign-off, by people", (_sign_off(),)),
        ),
        folder=stored.folder,
        provenance=f"citizen-journeys {manifest['version']}, place {manifest['scenario']['name']}, digest "
        f"{manifest['scenario']['digest']}",
    )


def _with(section: Section, other: Section) -> Section:
    """Return a section with the blocks of another below its own."""
    return Section(section.name, section.title, (*section.blocks, *other.blocks))


def _scope(stored: Stored) -> list[Entry]:
    return [
        Entry(
            "1.1",
            "Question",
            f"Which way of coordinating gets people to support sooner and drops fewer of them in {stored.place}: "
            f"{arms(stored)}.",
            "who asks, for which decision, by when, and what would follow from each answer.",
            (model("1.1"),),
        ),
        Entry(
            "1.2",
            "Limits",
            "It compares; it does not forecast a place. What the model leaves out is listed in the documentation.",
            "whether something is left out on which the decision turns.",
            (model("4"), model("5")),
        ),
        Entry("1.3", "Proportion", person="how much assurance the decision needs, given its cost and risk."),
        Entry("1.4", "Roles", person="who is commissioner, analyst, analytical assurer and approver."),
    ]


def _specification(stored: Stored) -> list[Entry]:
    return [
        Entry("2.1", "Conceptual model", "It is documented in the order of the ODD+D protocol.", places=(model("1"),)),
        Entry("2.2", "Baseline", rules(stored), places=(model("3.3"),)),
        Entry(
            "2.3",
            "Options",
            differences(stored) or "There is one arm, and no other to differ from it.",
            "whether these are the options that could be chosen, and whether the baseline is what would happen anyway.",
            (model("3.3"),),
        ),
        Entry("2.4", "Money", budget(stored), places=(model("3.8"),)),
        Entry("2.5", "Time", cohort(stored)),
        Entry(
            "2.6",
            "Outcomes",
            f"{', '.join(outcome.label for outcome in HEADLINE)}. Those that the answer speaks of first: "
            f"{', '.join(label(name) for name in (SUPPORT, DROPS, *BESIDES))}.",
            "whether they are what matters to those who decide and to those who are served.",
            (model("3.9"),),
        ),
    ]


def _data(stored: Stored) -> list[Entry]:
    return [
        Entry(
            "3.1",
            "Data",
            f"{place_of_data(stored)} Digest of its tables and the parameters used: "
            f"{stored.manifest['scenario']['digest']}.",
            "who owns each table, how old and how good it is, and who checked it against its source.",
            (evidence("Figures for parameters"),),
        ),
        Entry(
            "3.2",
            "Assumptions",
            f"{statuses(stored)} {changes(stored)} Groups, and what rests on each, are in the tables below.",
            "who owns each assumption that matters, who agreed to it, and when it is looked at again.",
            (evidence("The five barriers"), evidence("What evaluations say of mechanisms, in words")),
        ),
    ]


def _verification(stored: Stored) -> list[Entry]:
    return [
        Entry(
            "4.1",
            "Code",
            code(stored),
            "whether make check and make test of the project passed at this version, and who looked at changed code.",
            (model("3.1"),),
        ),
        Entry(
            "4.2", "Runs", "How many there are, whether flows balance in each, and how precise differences are: below."
        ),
        Entry(
            "4.3",
            "Done again",
            "The section “How to do it again” of the report has the command, and the versions of all packages.",
            "whether somebody else ran it and got the same tables.",
        ),
    ]


def _validation(stored: Stored) -> list[Entry]:
    table = stored.tables.get("published")
    count = 0 if table is None else len(table[["label", "year"]].drop_duplicates())
    beside = (
        f"Published figures that modelled ones stand beside (below): {count}."
        if count
        else "No published figures of the place are stored, so results were not held against data."
    )
    return [
        Entry(
            "5.1",
            "Against data",
            beside,
            "which of the figures were not used to build the place, and whether the fit suffices for the decision.",
            (evidence("Figures to compare with"),),
        ),
        Entry(
            "5.2",
            "By those who know the services",
            person="whether people who use the services, and who work in them, find journeys and results plausible.",
        ),
        Entry("5.3", "Against other models or methods", person="what else was tried, and whether it agrees."),
    ]


def _uncertainty(stored: Stored) -> list[Entry]:
    settled = warm_up.found(stored)
    return [
        Entry(
            "6.1",
            "Chance",
            f"{estimation(stored)} {_told_apart(stored)}".strip(),
            places=(model("3.9"),),
        ),
        Entry(
            "6.2",
            "Parameters",
            "Intervals hold for chance alone, with the parameters as they are: none of them says how far results would "
            "move with other assumptions.",
            "which assumed parameters were varied, over which ranges, and whether the answer changed.",
        ),
        Entry(
            "6.3",
            "Warm-up",
            settled or "Whether services had settled before needs were counted was not told.",
            "whether results for these days answer the question, where services had not settled." if settled else "",
        ),
        Entry("6.4", "Structure", person="what a differently built model could say.", places=(model("4"), model("5"))),
    ]


def _told_apart(stored: Stored) -> str:
    """Return of how many outcomes each arm's interval of the difference leaves out 0; "" without another arm."""
    headline = stored.tables["headline"]
    said = []
    for arm, title in list(stored.titles.items())[1:]:
        ends = headline.loc[headline["arm"] == arm, ["low", "high"]].to_numpy(float)
        apart = sum(low > 0.0 or high < 0.0 for low, high in ends if not math.isnan(low))
        known = sum(not math.isnan(low) for low, _ in ends)
        said.append(f"{title} {apart} of {known}")
    return (
        f"Outcomes in which the interval of the difference, by itself, leaves out 0: {', '.join(said)}." if said else ""
    )


def _sign_off() -> Table:
    rows = tuple((role, what, "", "", "") for role, what in ROLES)
    caption = "Signed by people, each for their own part: no program can do it"
    return Table("signatures", caption, ("Role", "Signs that", "Name", "Date", "Remarks"), rows, words=5)
