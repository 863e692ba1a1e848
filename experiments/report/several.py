"""The sentences of an answer where several arms are compared with a baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from experiments.report.verdicts import Finding, Verdict, contrary, difference_text, level_text, short_text
from experiments.report.words import BESIDES, DROPS, SUPPORT, Words


def several(found: Mapping[str, Sequence[Finding]], place: str, words: Mapping[str, Words]) -> tuple[str, str, str]:
    """Return the sentences, without their full stops.

    Args:
        found: From :func:`experiments.report.verdicts.findings_of`, for two arms or more beside the baseline.
        place: Title of the place.
        words: By the name of the outcome.
    """
    support, drops, *besides = (_ranked(found[name], words[name]) for name in (SUPPORT, DROPS, *BESIDES))
    return (
        f"In this model of {place}, {support}{_but(found[SUPPORT], found, words)}",
        f"{drops[:1].upper()}{drops[1:]}{_but(found[DROPS], found, words)}",
        f"Besides, {'; '.join(besides)}",
    )


def _ranked(findings: Sequence[Finding], words: Words) -> str:
    """Return which arm is best and which differ from the baseline, for one outcome."""
    base, baseline, outcome = findings[0].base, findings[0].baseline, findings[0].outcome
    if math.isnan(base):
        return f"{words.subject} cannot be compared with {baseline}: {words.nothing}"
    sign = -1.0 if outcome.better == "higher" else 1.0
    by_verdict = {
        verdict: sorted((one for one in findings if one.verdict is verdict), key=lambda one: sign * one.difference)
        for verdict in Verdict
    }
    level = f"{level_text(base, outcome)}{words.measure}"
    better = by_verdict[Verdict.BETTER]
    if better:
        first, *rest = better
        # A mean may be better still, and too uncertain to be told from the baseline.
        is_best = all(sign * one.mean > sign * first.mean for one in findings if one is not first)
        best = ", the best of all," if is_best else ""
        text = f"{words.gain} under {first.arm}{best} than under {baseline}: "
        text += f"{level_text(first.mean, outcome)} against {level} ({difference_text(first)})"
        parts = [text, *_listed(f"{words.comparative_gain} too under", rest)]
    elif by_verdict[Verdict.ONE_WORLD] and not by_verdict[Verdict.WORSE]:
        parts = [f"{words.subject} cannot be told apart from one random world; {baseline} has {level}"]
    else:
        parts = [
            f"under no other way of coordinating is it clear that {words.gain} than under {baseline}, with {level}"
        ]
    parts += _listed(f"{words.comparative_loss} under", by_verdict[Verdict.WORSE])
    parts += _listed(f"not told apart from {baseline}:", by_verdict[Verdict.OPEN])
    parts += _listed("without an interval:", by_verdict[Verdict.ONE_WORLD])
    same = [one.arm for one in by_verdict[Verdict.SAME]]
    parts += [f"the same in every world under {_and(same)}"] if same else []
    missing = [one.arm for one in by_verdict[Verdict.MISSING]]
    parts += [f"not comparable: {_and(missing)}"] if missing else []
    return "; ".join(parts)


def _but(findings: Sequence[Finding], found: Mapping[str, Sequence[Finding]], words: Mapping[str, Words]) -> str:
    """Return what related outcomes clearly say of an arm that the one that decides does not, or nothing."""
    arms: dict[str, list[str]] = {}
    for main in findings:
        for name, other in contrary(main, found):
            statement = words[name].statement(other.verdict is Verdict.BETTER)
            arms.setdefault(statement, []).append(f"{main.arm} ({short_text(other)})")
    clauses = [f"{statement} under {_and(named)}" for statement, named in arms.items()]
    return f"; but {'; and '.join(clauses)}" if clauses else ""


def _listed(head: str, findings: Sequence[Finding]) -> list[str]:
    if not findings:
        return []
    return [f"{head} {_and([f'{one.arm} ({short_text(one)})' for one in findings])}"]


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
