"""From a stored comparison to the document of its report."""

from __future__ import annotations

from experiments.report import basis, checks, placing, results
from experiments.report.document import Document
from experiments.report.stored import Stored


def document_of(stored: Stored) -> Document:
    """Return the report of a stored comparison: the answer first, then what it is computed from and rests on."""
    baseline, *others = stored.titles.values()
    arms = f"{baseline} (baseline) against {', '.join(others)}" if others else f"{baseline} alone"
    manifest = stored.manifest
    worlds = "1 random world" if stored.worlds == 1 else f"{stored.worlds} random worlds"
    first = placing.with_figures(
        stored,
        results.present(
            (
                results.answer(stored),
                results.headline(stored),
                results.equity(stored),
                results.costs(stored),
                results.drops(stored),
                results.views(stored),
                placing.services(stored),
                placing.journeys(stored),
                results.published(stored),
            )
        ),
    )
    last = placing.with_figures(stored, (basis.assumptions(stored), checks.quality(stored), checks.reproduce(stored)))
    more = results.present([placing.others(stored, [*first, *last])])
    sections = (*first, *more, *last)
    return Document(
        title=f"{stored.place}: which way of coordinating?",
        subtitle=f"{arms}. {worlds}, seed {manifest['seed']}, budget: {manifest['budget']}.",
        sections=sections,
        folder=stored.folder,
        provenance=f"citizen-journeys {manifest['version']}, place {manifest['scenario']['name']}, "
        f"digest {manifest['scenario']['digest']}",
    )
