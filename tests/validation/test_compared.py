"""One comparison and a family of them: z of t, Welch's t, false alarms.

Seeds are fixed; the bounds on rates hold with chance above 0.999 were they drawn anew.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from experiments.validation.compared import Compared, all_agree, with_peer, with_theory
from experiments.validation.part import table

VALUES = np.array([1.0, 2.0, 4.0, 5.0])


def test_z_is_as_improbable_as_students_t() -> None:
    found = with_theory("family", "case", "days", 2.0, VALUES)
    t, p = stats.ttest_1samp(VALUES, 2.0)
    assert (found.simulated, found.expected, found.replicates) == (3.0, 2.0, 4)
    assert (found.simulated - found.expected) / found.error == pytest.approx(t)
    assert 2.0 * stats.norm.sf(found.z) == pytest.approx(p)
    assert with_theory("family", "case", "days", 4.0, VALUES).z == pytest.approx(-found.z)


def test_peer_is_compared_by_welchs_t() -> None:
    peer = np.array([3.0, 3.5, 4.5, 3.2, 2.9, 3.3])
    found = with_peer("family", "case", "days", peer, VALUES)
    t, p = stats.ttest_ind(VALUES, peer, equal_var=False)
    assert (found.simulated - found.expected) / found.error == pytest.approx(t)
    assert math.copysign(2.0 * stats.norm.sf(abs(found.z)), found.z) == pytest.approx(math.copysign(p, t))
    assert with_peer("family", "case", "days", VALUES, peer).z == pytest.approx(-found.z)


def test_replicates_without_noise() -> None:
    """All alike: right to the last bit, or infinitely far."""
    assert with_theory("family", "case", "days", 2.0, [2.0, 2.0]).z == 0.0
    assert with_theory("family", "case", "days", 2.5, [2.0, 2.0]).z == -math.inf
    assert with_peer("family", "case", "days", [1.0, 1.0], [2.0, 2.0]).z == math.inf


@pytest.mark.parametrize("values", [[1.0], [], [1.0, math.nan], [[1.0, 2.0], [3.0, 4.0]]])
def test_too_few_replicates_and_what_is_no_number_are_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="at least two replicates"):
        with_theory("family", "case", "days", 1.0, values)
    with pytest.raises(ValueError, match="at least two replicates"):
        with_peer("family", "case", "days", values, [1.0, 2.0])


@pytest.mark.parametrize("replicates", [4, 16])
def test_z_of_few_replicates_is_standard_normal(replicates: int) -> None:
    """Without the step from t to z the spread of four replicates would be rejected."""
    draws = np.random.default_rng(1).normal(5.0, 2.0, (3000, replicates))
    z = [with_theory("family", "case", "days", 5.0, row).z for row in draws]
    assert stats.kstest(z, "norm").pvalue > 1e-3
    t = stats.ttest_1samp(draws, 5.0, axis=1).statistic
    assert replicates > 4 or stats.kstest(t, "norm").pvalue < 1e-3


@pytest.mark.parametrize("error_rate", [0.05, 0.2])
def test_families_give_false_alarms_at_the_rate_asked_for(error_rate: float) -> None:
    """Of 1,500 families of ten right comparisons; one wrong by five standard errors is seen."""
    draws = np.random.default_rng(2).normal(0.0, 1.0, (1500, 10, 8))
    families = [[with_theory("family", str(n), "days", 0.0, row) for n, row in enumerate(one)] for one in draws]
    alarms = sum(not all_agree(family, error_rate) for family in families)
    exact = 1.0 - (1.0 - error_rate / 10) ** 10
    assert abs(alarms - 1500 * exact) < 3.5 * math.sqrt(1500 * exact * (1.0 - exact))
    wrong = [with_theory("family", "wrong", "days", 0.0, row[0] + 4.0) for row in draws]
    assert (
        np.mean([not all_agree([*family[:9], bad], error_rate) for family, bad in zip(families, wrong, strict=True)])
        > 0.99
    )


def test_table_has_a_row_for_each_comparison() -> None:
    rows = table([Compared("Erlang C", "3 places", "wait, days", 1.07873, 1.0812345, 0.0123, 0.21, 16)]).splitlines()
    assert len(rows) == 3 and len({row.count("|") for row in rows}) == 1
    assert rows[2] == "| Erlang C | 3 places | wait, days | 1.0787 | 1.0812 | 0.012 | +0.21 |"
