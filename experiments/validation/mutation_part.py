"""What mutation testing found: the kept scores, the survivors with their explanations, and a page of both.

A full run takes long, so that its results are kept as files; this module needs nothing else.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from experiments.validation.part import Part

_KEPT = Path(__file__).resolve().parents[2] / "tests" / "validation"
SCORES, SURVIVORS = _KEPT / "mutation.csv", _KEPT / "survivors.csv"

KINDS = {
    "equivalent": "it computes the same",
    "rounding": "it differs by less than rounding",
    "unreachable": "it differs only in a case that no run or ledger comes to",
    "weak spot": "it differs, and no test would notice",
}
"""Why a mutant survives."""


@dataclass(frozen=True)
class Score:
    """How many mutants of a file there are, and what became of them."""

    module: str
    mutants: int
    killed: int
    timed_out: int
    survived: int

    @property
    def percent(self) -> float:
        """Share of the mutants that tests noticed; one that never ends is noticed."""
        return 100.0 * (self.killed + self.timed_out) / self.mutants


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test noticed.

    Attributes:
        file: Where.
        line: Number of the line when it was found.
        operator: What kind of change.
        before: The line as it is.
        after: The line as it is changed.
        kind: One of :data:`KINDS`; "" if nobody has looked yet.
        why: In words.
    """

    file: str
    line: int
    operator: str
    before: str
    after: str
    kind: str = ""
    why: str = ""

    @property
    def change(self) -> tuple[str, str, str]:
        """What stays the same when lines move."""
        return self.file, self.before, self.after


def score_of(module: str, results: Sequence[str]) -> Score:
    """Return the score of some mutants: killed, survived or timed out."""
    counts = Counter(results)
    return Score(module, len(results), counts["killed"], counts["timed out"], counts["survived"])


def with_fewer_survivors(again: Score) -> Score:
    """Return the kept score of a file after only its survivors were run again: what no longer survives is killed."""
    kept = next(one for one in kept_scores() if one.module == again.module)
    return replace(kept, killed=kept.mutants - kept.timed_out - again.survived, survived=again.survived)


def kept_scores() -> list[Score]:
    """Return the scores that are kept, a row a file."""
    return [
        Score(row["module"], *(int(row[name]) for name in ("mutants", "killed", "timed_out", "survived")))
        for row in _read(SCORES)
    ]


def kept_survivors() -> list[Survivor]:
    """Return the survivors that are kept."""
    rows = [{**row, "line": int(row["line"])} for row in _read(SURVIVORS)]
    return [Survivor(**row) for row in rows]  # type: ignore[arg-type]


def save_scores(scores: Sequence[Score]) -> None:
    """Keep scores, in place of those of the same files."""
    kept = {one.module: one for one in [*kept_scores(), *scores]}
    _write(SCORES, [field.name for field in fields(Score)], [asdict(kept[name]) for name in sorted(kept)])


def save_survivors(files: Sequence[str], found: Sequence[tuple[str, int, str, str, str]]) -> None:
    """Keep survivors, in place of those of the same files, with the explanations that there are of them.

    Args:
        files: Whose mutants were run.
        found: File, line, operator, before and after of each.
    """
    kept = kept_survivors()
    known = {one.change: one for one in kept}
    rows = [one for one in kept if one.file not in files]
    for one in (Survivor(*values) for values in found):
        old = known.get(one.change, one)
        rows.append(replace(one, kind=old.kind, why=old.why))
    rows.sort(key=lambda one: (one.file, one.line, one.operator, one.after))
    _write(SURVIVORS, [field.name for field in fields(Survivor)], [asdict(row) for row in rows])


def part() -> Part:
    """Return the section on mutation testing, from what is kept."""
    scores, survivors = kept_scores(), kept_survivors()
    folders: dict[str, list[Score]] = {}
    for one in scores:
        folders.setdefault(str(Path(one.module).parent), []).append(one)
    lines = [
        "| | mutants | killed | timed out | survived | score |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(_row(one) for one in scores),
        *(_row(_sum(f"all of {folder}", within)) for folder, within in folders.items()),
    ]
    kinds = Counter(one.kind for one in survivors)
    why = [f"- {kinds[kind]}: {words} (*{kind}*)" for kind, words in KINDS.items() if kinds[kind]]
    return Part("Mutation testing", f"{_BEFORE}\n\n" + "\n".join(lines), after=f"{_AFTER}\n\n" + "\n".join(why))


_BEFORE = """\
Are the tests sharp enough? Every rule and every outcome is changed in one place at a time (an operator, a number, a
condition, a loop; by Cosmic Ray), and the tests that speak of the file are run. A change that a test notices is killed.
Left out are changes of docstrings, annotations, aliases of types and of whether a rule is compiled, and replacements
that nobody could mean (`+` by `<<`): tests of any kind would kill them. The rules run as plain Python here, and the
results are of the run that was kept last (`python -m experiments.validation.mutation --save`)."""

_AFTER = """\
Each change that survived is in `tests/validation/survivors.csv`, with the reason why:"""


def _sum(name: str, scores: Sequence[Score]) -> Score:
    return Score(
        name,
        sum(one.mutants for one in scores),
        sum(one.killed for one in scores),
        sum(one.timed_out for one in scores),
        sum(one.survived for one in scores),
    )


def _row(one: Score) -> str:
    return f"| {one.module} | {one.mutants} | {one.killed} | {one.timed_out} | {one.survived} | {one.percent:.1f} % |"


def _read(file: Path) -> list[dict[str, str]]:
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _write(file: Path, columns: Sequence[str], rows: Sequence[dict[str, object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
