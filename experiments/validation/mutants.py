"""Mutants of the source: the same text with one operator, number, condition or loop changed.

They are made by Cosmic Ray (extra ``mutation``); this module says which of them are asked for.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

ROOT = Path(__file__).resolve().parents[2]

OPERATORS = (
    *(f"ReplaceBinaryOperator_{change}" for change in (
        "Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "Pow_Mul", "FloorDiv_Mul", "Mod_Mul", "BitAnd_BitOr",
        "BitOr_BitAnd",
    )),
    *(f"ReplaceComparisonOperator_{change}" for change in (
        "Eq_NotEq", "NotEq_Eq", "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt",
        "Is_IsNot", "IsNot_Is",
    )),
    *(f"ReplaceUnaryOperator_{change}" for change in ("USub_UAdd", "Delete_Invert", "Delete_Not")),
    "AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "NumberReplacer", "RemoveDecorator",
    "ZeroIterationForLoop", "ExceptionReplacer",
)  # fmt: skip
"""Those of Cosmic Ray's operators that change what a line says into something that could be meant.

An operator is replaced by its opposite, a comparison also by the one that differs at the edge alone. The others (such
as ``+`` by ``<<``) are refused by Python or by any test at all: they would only raise the score.
"""


@dataclass(frozen=True)
class Mutant:
    """A module with one thing changed.

    Attributes:
        file: Path from the root of the project.
        operator: Of :data:`OPERATORS`.
        occurrence: Which place in the file the operator changes, from 0 on.
        line: Number of the first line that is changed.
        before: The changed lines as they are, joined and without indentation.
        after: The same as they are changed.
        source: The whole text of the mutant.
    """

    file: str
    operator: str
    occurrence: int
    line: int
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        """A name for the command line, the same as long as the file is."""
        return f"{self.file}:{self.operator}:{self.occurrence}"


def mutants_of(file: str) -> list[Mutant]:
    """Return all mutants of a file that could matter, in order of lines.

    Left out by rule are mutants that differ from the source, or from a mutant before them, in nothing that is
    executed and decides anything: see :func:`_meaning`. So is what is no longer Python: Cosmic Ray takes the stars of
    an unpacked dictionary for a power.
    """
    source = (ROOT / file).read_text(encoding="utf-8")
    seen = {_meaning(source), None}
    found = []
    for operator in OPERATORS:
        for occurrence, changed in enumerate(_changed(source, operator)):
            meaning = _meaning(changed)
            if meaning not in seen:
                seen.add(meaning)
                found.append(Mutant(file, operator, occurrence, *_difference(source, changed), changed))
    return sorted(found, key=lambda mutant: (mutant.line, mutant.operator, mutant.occurrence))


def _changed(source: str, operator: str) -> Iterator[str]:
    kind, occurrence = get_operator(f"core/{operator}"), 0
    while (changed := mutate_code(source, kind(), occurrence)) is not None:
        yield changed
        occurrence += 1


def _difference(source: str, changed: str) -> tuple[int, str, str]:
    """Return the number of the first line that differs, and the lines that do before and after."""
    old, new = source.splitlines(), changed.splitlines()
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    _, begin, end, new_begin, new_end = next(block for block in blocks if block[0] != "equal")
    return begin + 1, " ".join(" ".join(old[begin:end]).split()), " ".join(" ".join(new[new_begin:new_end]).split())


class _Meaning(ast.NodeTransformer):
    """Removes annotations, aliases of types and docstrings, and the decorator that compiles a rule."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        node.decorator_list = [one for one in node.decorator_list if not ast.unparse(one).startswith("compiled(")]
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        is_alias = isinstance(node.value, ast.Subscript) and "NDArray" in ast.unparse(node.value)
        return None if is_alias else self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)


def _meaning(source: str) -> str | None:
    """Return what of a source can matter to what it computes; None if it is not Python.

    Not docstrings, nor annotations, which are never evaluated, nor aliases of types, nor whether a rule is compiled,
    which decides how fast it is.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    return ast.dump(_Meaning().visit(tree))
