"""Tables for a paper: what is in a cell is set as it is, whatever it means to LaTeX."""

from __future__ import annotations

import pytest

from experiments.report.document import Table
from experiments.report.latex import escaped, latex_of


@pytest.mark.parametrize(
    ("text", "set_as"),
    [
        ("5 % & more_of #1 for $2", r"5 \% \& more\_of \#1 for \$2"),
        (r"a\b{c}~d^e", r"a\textbackslash{}b\{c\}\textasciitilde{}d\textasciicircum{}e"),
        ("−3.9 (−4.9 to −2.8)", "$-$3.9 ($-$4.9 to $-$2.8)"),
        ('<a|b> "c"', r"\textless{}a\textbar{}b\textgreater{} \textquotedbl{}c\textquotedbl{}"),
        ("two\nlines", "two lines"),
    ],
)
def test_what_latex_would_read_is_escaped(text: str, set_as: str) -> None:
    assert escaped(text) == set_as


def test_a_table_has_the_rules_of_booktabs() -> None:
    table = Table("by_arm", "Costs, %", ("Item", "A & B"), (("x_1", "−1"), ("y", "2")), note="50 % of all.")
    assert latex_of(table) == (
        "% Needs \\usepackage{booktabs} and, for quotation marks, \\usepackage[T1]{fontenc}.\n"
        "\\begin{table}\n"
        "  \\centering\n"
        "  \\caption{Costs, \\%}\n"
        "  \\label{tab:by-arm}\n"
        "  \\begin{tabular}{lr}\n"
        "    \\toprule\n"
        "    Item & A \\& B \\\\\n"
        "    \\midrule\n"
        "    x\\_1 & $-$1 \\\\\n"
        "    y & 2 \\\\\n"
        "    \\bottomrule\n"
        "  \\end{tabular}\n"
        "  \\par\\smallskip\\footnotesize 50 \\% of all.\n"
        "\\end{table}\n"
    )


@pytest.mark.parametrize("first", ["[1]", "*"])
def test_the_start_of_a_row_is_not_read_as_an_argument_of_the_one_before(first: str) -> None:
    rows = latex_of(Table("t", "c", ("a", "b"), (("x", "1"), (first, "2")))).splitlines()
    assert f"    {{{first[0]}}}{first[1:]} & 2 \\\\" in rows
