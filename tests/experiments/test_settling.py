"""The figure of convergence shows every index of every part of a design with its interval, and can be read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.figures import style
from experiments.figures.settling import draw_settling
from tests.experiments.drawn import assert_readable, texts_of

WIDTHS = (style.DOUBLE_COLUMN, style.SINGLE_COLUMN)
OUTCOME, UNIT, FOOT = "Supported within 18 weeks: Integrated minus Fragmented", "percentage points", "A town; 3 worlds."
LABELS = ("Chance that a worker who knows no suitable provider hands on at a guess", "Patience", "Handoffs: chases")
SHARES = (0.25, 0.5, 0.75, 1.0)


def table_of(count: int, kinds: tuple[str, ...], shares: tuple[float, ...] = SHARES) -> pd.DataFrame:
    """Indices that rise with the number of the factor, and settle."""
    random = np.random.default_rng(8)
    rows = []
    for share in shares:
        for factor in range(count):
            row = {"share": share, "factor": f"f{factor}", "label": LABELS[factor % len(LABELS)]}
            for place, kind in enumerate(kinds):
                value = 0.8 * factor / count + 0.05 * place + random.normal(0.0, 0.05 / share)
                row |= {kind: value, f"{kind}_low": value - 0.05 / share**2, f"{kind}_high": value + 0.05 / share**2}
            rows.append({**row, "noise": 0.01, "blocks": int(20 * share), "worlds": 3})
    return pd.DataFrame(rows)


def lines_of(figure: Figure, gid: str) -> list[np.ndarray]:
    lines = [line for axes in figure.axes for line in axes.get_lines() if line.get_gid() == gid]
    return [np.asarray(line.get_xydata()) for line in lines]


def said_in(figure: Figure) -> str:
    return " ".join(" ".join(texts_of(figure)).replace("\N{NO-BREAK SPACE}", " ").split())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [1, 6, 15])
@pytest.mark.parametrize("kinds", [("mu_star",), ("first", "total")])
def test_every_index_of_every_part_is_drawn_with_its_interval(width: float, count: int, kinds: tuple[str, ...]) -> None:
    table = table_of(count, kinds)
    figure = draw_settling(table, kinds, OUTCOME, UNIT if len(kinds) == 1 else "", FOOT, width)
    assert_readable(figure)
    assert figure.get_figwidth() * 25.4 == pytest.approx(width)
    assert figure.get_figheight() * 25.4 <= style.PAGE_HEIGHT
    assert len(figure.axes) == count
    for factor, own in table.groupby("factor"):
        for kind in kinds:
            (drawn,) = lines_of(figure, f"line-{kind}-{factor}")
            assert drawn[:, 1] == pytest.approx(own[kind].to_numpy())
            # Two indices of a part stand a little aside of it.
            assert drawn[:, 0] == pytest.approx(100 * own["share"].to_numpy(), abs=3)
            bars = lines_of(figure, f"interval-{kind}-{factor}")
            ends = own[[f"{kind}_low", f"{kind}_high"]].to_numpy()
            assert np.array([bar[:, 1] for bar in bars]) == pytest.approx(ends)
    said = said_in(figure)
    assert FOOT in said and OUTCOME in said and "mean over 3 random worlds" in said
    assert ("20 trajectories" if kinds == ("mu_star",) else "20 rows") in said
    assert "Patience" in said or count == 1


def test_the_factor_that_matters_most_comes_first_with_its_index_from_all_of_the_design() -> None:
    table = table_of(6, ("first", "total"))
    last = table[table["share"] == 1.0].sort_values("total", ascending=False)
    figure = draw_settling(table, ("first", "total"), OUTCOME)
    order = [
        str(line.get_gid()).removeprefix("line-total-")
        for axes in figure.axes
        for line in axes.get_lines()
        if str(line.get_gid()).startswith("line-total-")
    ]
    assert order == list(last["factor"])
    assert f"alone {last['first'].iloc[0]:.2f}, total {last['total'].iloc[0]:.2f}" in said_in(figure)


def test_wide_intervals_of_a_small_part_are_cut_off_and_that_is_said() -> None:
    table = table_of(3, ("mu_star",))
    wide = table.copy()
    wide.loc[wide["share"] == 0.25, "mu_star_high"] = 50.0
    assert "cut off" in said_in(draw_settling(wide, ("mu_star",), OUTCOME, UNIT))
    assert draw_settling(wide, ("mu_star",), OUTCOME, UNIT).axes[0].get_ylim()[1] < 2.0
    assert "cut off" not in said_in(draw_settling(table[table["share"] > 0.25], ("mu_star",), OUTCOME, UNIT))


@pytest.mark.parametrize("width", WIDTHS)
def test_parts_that_are_missing_and_no_factor_at_all_can_be_drawn(width: float) -> None:
    figure = draw_settling(table_of(3, ("mu_star",), (0.5, 1.0)), ("mu_star",), OUTCOME, UNIT, FOOT, width)
    assert_readable(figure)
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["50", "100"]
    nothing = draw_settling(pd.DataFrame(), ("mu_star",), OUTCOME, UNIT, FOOT, width)
    assert_readable(nothing)
    assert "Nothing to show: no factor was varied." in said_in(nothing)
