"""The STRESS-ABS checklist (Monks et al. 2019, doi 10.1080/17477778.2018.1442155) of a stored comparison.

Its items are given in our own words; numbers are those of the checklist.
"""

from __future__ import annotations

from dataclasses import replace

from experiments.report import warm_up
from experiments.report.checks import command_of
from experiments.report.document import Code, Document, Paragraph, Section
from experiments.report.standards_entries import COPY, Entry, evidence, filled_table, model, section_of
from experiments.report.standards_facts import (
    arms,
    budget,
    changes,
    code,
    cohort,
    differences,
    ended,
    estimation,
    place_of_data,
    rules,
    sourced,
    statuses,
)
from experiments.report.stored import Stored
from experiments.text import UNITS
from sim.events import Phase
from sim.outcomes.headline import HEADLINE

_RUN = "implementation"
"""Name of the section that the command belongs to."""


def stress_abs(stored: Stored) -> Document:
    """Return the checklist, filled as far as the runs and the program tell."""
    parts = {
        "1 Objectives": _objectives(stored),
        "2 Logic": _logic(stored),
        "3 Data": _data(stored),
        "4 Experimentation": _experimentation(stored),
        "5 Implementation": _implementation(stored),
        "6 Code access": _access(stored),
    }
    every = [entry for entries in parts.values() for entry in entries]
    about = Paragraph(
        "Strengthening the reporting of empirical simulation studies, agent-based simulation: Monks et al. 2019, "
        f"doi 10.1080/17477778.2018.1442155; its items in our own words. {COPY}"
    )
    sections = [section_of(title[2:].lower().replace(" ", "_"), title, entries) for title, entries in parts.items()]
    manifest = stored.manifest
    command = Code(command_of(manifest))
    # What is typed has a block of its own, so that it can be copied.
    sections = [replace(one, blocks=(*one.blocks, command)) if one.name == _RUN else one for one in sections]
    return Document(
        title=f"STRESS-ABS checklist: {stored.place}",
        subtitle=f"{arms(stored)}.",
        sections=(Section("state", "State", (about, filled_table("stress", every))), *sections),
        folder=stored.folder,
        provenance=f"citizen-journeys {manifest['version']}, place {manifest['scenario']['name']}, digest "
        f"{manifest['scenario']['digest']}",
    )


def _objectives(stored: Stored) -> list[Entry]:
    outcomes = ", ".join(f"{outcome.label}{_unit(outcome.unit)}" for outcome in HEADLINE)
    return [
        Entry(
            "1.1",
            "Purpose of the model",
            f"It asks which way of coordinating public services, in {stored.place}, gets people to support sooner and "
            "drops fewer of them between organisations, for whom, and why. It compares; it does not forecast a place.",
            "which decision or question the study serves, and why a simulation is needed for it.",
            (model("1.1"),),
        ),
        Entry(
            "1.2",
            "Outputs of the model",
            f"By arm and random world: {outcomes}. Tables that are stored: {', '.join(sorted(stored.tables))}.",
            places=(model("3.9"),),
        ),
        Entry(
            "1.3",
            "Aims of experiments",
            f"The comparison is of {arms(stored)}. {budget(stored)} {changes(stored)}",
            "what was expected before the runs, and whether it was written down then.",
        ),
    ]


def _unit(unit: str) -> str:
    """Return a unit in brackets; labels themselves say what is counted per 100."""
    shown = UNITS[unit].strip()
    return f" ({shown})" if shown else ""


def _logic(stored: Stored) -> list[Entry]:
    phases = ", ".join(phase.name.lower() for phase in Phase)
    needs = stored.runs.groupby("arm", observed=True)["onsets"].mean()
    arising = ", ".join(f"{title} {needs[arm]:,.0f}" for arm, title in stored.titles.items())
    return [
        Entry(
            "2.1",
            "Overview of the base model",
            "The way of a citizen from the onset of a need to support, step by step, is in the documentation.",
            "a diagram, if the journal asks for one; the documentation has the process in words.",
            (model("1.2"), model("1.3")),
        ),
        Entry("2.2", "Logic of the base model", rules(stored), places=(model("2.2"), model("3.6"))),
        Entry(
            "2.3",
            "Logic of the scenarios",
            differences(stored) or "There is one arm, and no other to differ from it.",
            places=(model("3.3"), model("3.6"), model("3.8")),
        ),
        Entry(
            "2.4",
            "Algorithms",
            f"Events are ordered by time, then by phase ({phases}), then by key. Every rule is written out in the "
            "documentation.",
            places=(model("1.3"), model("3.4"), model("3.5"), model("3.6"), model("3.7"), model("3.8")),
        ),
        Entry(
            "2.5.1",
            "Environment",
            f"{stored.place}: districts without distances, and the providers and services that cover them.",
            places=(model("1.2"), model("2.7")),
        ),
        Entry(
            "2.5.2",
            "Agents",
            "Citizens, providers and navigators are agents; what each of them has and decides is in the documentation.",
            places=(model("1.2"), model("2.2"), model("2.8")),
        ),
        Entry(
            "2.5.3",
            "Who interacts with whom",
            "Citizens compete for places and navigators, and do not interact with each other directly; providers "
            "interact by handoffs, meetings and lent places.",
            places=(model("2.6"),),
        ),
        Entry(
            "2.5.4",
            "Entry and exit",
            "A citizen enters when the first need arises, and leaves when every need that has arisen is supported or "
            f"given up and nothing more is to come. Needs that arise in a run, mean: {arising}.",
            places=(model("1.2"), model("3.4")),
        ),
    ]


def _data(stored: Stored) -> list[Entry]:
    return [
        Entry(
            "3.1",
            "Sources of data",
            f"{place_of_data(stored)} Parameters with a source: {sourced(stored) or 'none'}.",
            "who owns data that are not published, and on which terms they may be used.",
            (evidence("Figures for parameters"), evidence("Figures to compare with")),
        ),
        Entry(
            "3.2",
            "Preparing of data",
            "How parameters that are derived were computed is said with their sources (3.1).",
            "how the tables of the place were made from their sources, and what was left out.",
        ),
        Entry(
            "3.3",
            "Input parameters",
            f"{statuses(stored)} {changes(stored)} All values used are in manifest.json (parameters); units, "
            "ranges and defaults in docs/parameters.md.",
            places=(model("3.3"),),
        ),
        Entry(
            "3.4",
            "Assumptions",
            "How many parameters are assumed is said in 3.3; what rests on each group of them is in the section of the "
            "report on assumptions; what the model leaves out is in the documentation.",
            "which of them matter most for this study, and why they are acceptable.",
            (model("4"), model("5")),
        ),
    ]


def _experimentation(stored: Stored) -> list[Entry]:
    settled = warm_up.found(stored) or "Whether it was long enough was not told."
    return [
        Entry(
            "4.1",
            "Initial state and warm-up",
            "At day 0 every service is empty and every door is open; needs that arise before the end of the warm-up "
            f"are not counted. Warm-up: {stored.time.warmup_days:g} days. {settled}",
            places=(model("3.2"), model("3.9")),
        ),
        Entry("4.2", "Length of runs", cohort(stored)),
        Entry("4.3", "Estimation", estimation(stored), places=(model("3.9"),)),
    ]


def _implementation(stored: Stored) -> list[Entry]:
    manifest = stored.manifest
    packages = ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
    machine = ", ".join(str(value) for value in manifest["platform"].values())
    return [
        Entry("5.1", "Software", f"{code(stored)} Packages: {packages}.", places=(model("3.1"),)),
        Entry(
            "5.2",
            "Random numbers",
            f"Root seed {manifest['seed']}, replicates {manifest['replicates'][0]} to {manifest['replicates'][1]}. "
            "Every random number is a function of its address (seed, replicate, citizen, need, decision, occasion), "
            "mixed by the finaliser of SplitMix64, and never of the order of calls.",
            places=(model("3.10"),),
        ),
        Entry(
            "5.3",
            "Execution",
            f"The command is below; the report says whether files are needed beside it. {ended(stored)} "
            "Events wait in one calendar and happen one after the other, in the order of 2.4.",
            places=(model("1.3"),),
        ),
        Entry(
            "5.4",
            "System",
            f"{machine}. From {manifest['started']} to {manifest['finished'] or 'an end that was not noted'}.",
            "processor and memory, if the time that runs take matters.",
        ),
    ]


def _access(stored: Stored) -> list[Entry]:
    return [
        Entry(
            "6.1",
            "Where the model can be had",
            f"{code(stored)} MIT licence; how to cite it is in CITATION.cff of the project. {place_of_data(stored)}",
            "an address or DOI where this version, the tables of the place and manifest.json can be had.",
        )
    ]
