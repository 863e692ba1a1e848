"""The report of a comparison: the answer first, and all that it rests on, made from what is stored and nothing else."""

from __future__ import annotations

from pathlib import Path

from experiments.files import write_text
from experiments.report.contents import document_of
from experiments.report.html import html_of
from experiments.report.latex import latex_of
from experiments.report.markdown import markdown_of
from experiments.report.standards import standards_of
from experiments.report.stored import stored

__all__ = ["write_report"]


def write_report(folder: Path) -> list[Path]:
    """Write the report of a stored comparison; nothing is simulated.

    Beside ``report.html`` and ``report.md`` these are ``tables/latex/*.tex`` and the reporting standards,
    ``stress_abs.md`` and ``quality_log.md``.

    Args:
        folder: Output folder of ``journeys compare``.

    Returns:
        The page and the Markdown.

    Raises:
        BadInputError: The folder holds no comparison that came to its end.
    """
    comparison = stored(folder)
    document = document_of(comparison)
    page, text = folder / "report.html", folder / "report.md"
    write_text(page, html_of(document))
    write_text(text, markdown_of(document))
    for table in document.tables:
        write_text(folder / "tables" / "latex" / f"{table.name}.tex", latex_of(table))
    for name, standard in standards_of(comparison).items():
        write_text(folder / name, markdown_of(standard))
    return [page, text]
