"""Reporting standards beside a report: what papers and government ask for, filled as far as the runs tell."""

from __future__ import annotations

from experiments.report.document import Document
from experiments.report.standards_entries import QUALITY, STRESS
from experiments.report.standards_quality import quality_log
from experiments.report.standards_stress import stress_abs
from experiments.report.stored import Stored


def standards_of(stored: Stored) -> dict[str, Document]:
    """Return the STRESS-ABS checklist and the quality log of a stored comparison, by the names of their files."""
    return {STRESS: stress_abs(stored), QUALITY: quality_log(stored)}
