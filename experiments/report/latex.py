"""Tables of a report for a paper: LaTeX with the rules of the package booktabs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from experiments.report.document import Table

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "\N{MINUS SIGN}": "$-$",
    "\N{EN DASH}": "--",
}
_ANY = re.compile("|".join(map(re.escape, _SPECIAL)))


def escaped(text: str) -> str:
    """Return text that LaTeX sets as it is."""
    return _ANY.sub(lambda found: _SPECIAL[found[0]], " ".join(text.split()))


def latex_of(table: Table) -> str:
    """Return a table as a float with caption, label and note, to be read in where ``booktabs`` is loaded."""
    columns = "l" * table.words + "r" * (len(table.head) - table.words)
    lines = [
        "% Needs \\usepackage{booktabs} and, for quotation marks, \\usepackage[T1]{fontenc}.",
        r"\begin{table}",
        r"  \centering",
        f"  \\caption{{{escaped(table.caption)}}}",
        f"  \\label{{tab:{table.name.replace('_', '-')}}}",
        f"  \\begin{{tabular}}{{{columns}}}",
        r"    \toprule",
        _row(table.head),
        r"    \midrule",
        *(_row(row) for row in table.rows),
        r"    \bottomrule",
        r"  \end{tabular}",
    ]
    if table.note:
        lines.append(f"  \\par\\smallskip\\footnotesize {escaped(table.note)}")
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def _row(cells: Sequence[str]) -> str:
    first, *rest = map(escaped, cells)
    # After the end of a row LaTeX takes a bracket or a star for an argument.
    if first[:1] in ("[", "*"):
        first = f"{{{first[0]}}}{first[1:]}"
    return f"    {' & '.join([first, *rest])} \\\\"
