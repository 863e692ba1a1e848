"""Whether differences from theory are what chance makes them: their distribution against the standard normal."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from experiments.figures import style
from experiments.figures.layout import EDGE, Frame
from experiments.figures.saving import save

NAME = "validation_z"
TITLE = "Differences from theory, in standard errors"
BAND = 0.95
"""Level of the band in which each point of independent standard normal numbers lies."""
PANEL_HEIGHT, LEFT, GAP, BELOW = 62.0, 11.0, 14.0, 9.0
"""In mm: of the axes, left of each, between the two, below."""


@dataclass(frozen=True)
class Normality:
    """How a set of independent z compares with the standard normal.

    Attributes:
        count: How many.
        mean: Their mean.
        square: Their mean square, 1 if they are standard normal.
        square_p: Two-sided p of the sum of squares, by chi-square.
        kolmogorov_p: p of Kolmogorov and Smirnov's test.
        anderson: Anderson and Darling's statistic, nothing estimated from the data.
        anderson_p: Its p, from as many standard normal numbers drawn again and again.
    """

    count: int
    mean: float
    square: float
    square_p: float
    kolmogorov_p: float
    anderson: float
    anderson_p: float


def normality(z: npt.ArrayLike, draws: int = 20_000) -> Normality:
    """Test independent z against the standard normal.

    Args:
        z: Must be independent: one for each case.
        draws: Samples from which the p of Anderson and Darling is taken.
    """
    values = np.asarray(z, np.float64)
    total = float((values**2).sum())
    tail = float(stats.chi2.sf(total, len(values)))
    statistic = float(_anderson(values[None, :])[0])
    by_chance = _anderson(np.random.default_rng(1).standard_normal((draws, len(values))))
    return Normality(
        count=len(values),
        mean=float(values.mean()),
        square=total / len(values),
        square_p=2.0 * min(tail, 1.0 - tail),
        kolmogorov_p=float(stats.kstest(values, "norm").pvalue),
        anderson=statistic,
        anderson_p=float((1 + (by_chance >= statistic).sum()) / (draws + 1)),
    )


def _anderson(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return Anderson and Darling's statistic of each row against the standard normal."""
    ordered = np.sort(samples, axis=1)
    count = ordered.shape[1]
    weights = 2.0 * np.arange(1, count + 1) - 1.0
    logs = stats.norm.logcdf(ordered) + stats.norm.logsf(ordered[:, ::-1])
    return np.asarray(-count - (weights * logs).sum(axis=1) / count)


def draw(independent: Sequence[float], every: Sequence[float], width: float = style.DOUBLE_COLUMN) -> Figure:
    """Draw the quantiles of independent z against those of the standard normal, and the histogram of all z.

    Args:
        independent: One z for each case.
        every: The z of all comparisons.
        width: In mm.
    """
    with style.house():
        frame = Frame(
            TITLE,
            f"Left: the first comparison of each of {len(independent)} independent cases. "
            f"Right: all {len(every)} comparisons.",
            [
                f"Grey band: where each point lies with chance {BAND:.0%} if z are independent and standard normal. "
                "Comparisons of one case share its runs and are correlated. Curve: standard normal."
            ],
            width,
        )
        page = frame.page(PANEL_HEIGHT + BELOW)
        panel = (width - 2 * EDGE - 2 * LEFT - GAP) / 2
        first = EDGE + LEFT
        _draw_quantiles(page.axes(first, frame.top, panel, PANEL_HEIGHT), np.sort(np.asarray(independent, float)))
        _draw_histogram(
            page.axes(first + panel + GAP + LEFT / 2, frame.top, panel, PANEL_HEIGHT), np.asarray(every, float)
        )
        return page.figure


def _draw_quantiles(axes: Axes, z: npt.NDArray[np.float64]) -> None:
    count = len(z)
    rank = np.arange(1, count + 1)
    expected = stats.norm.ppf((rank - 0.5) / count)
    low, high = (stats.norm.ppf(stats.beta.ppf(p, rank, count + 1 - rank)) for p in ((1 - BAND) / 2, (1 + BAND) / 2))
    axes.fill_between(expected, low, high, color=style.FAINT, alpha=0.7, linewidth=0, gid="band")
    axes.plot(expected, expected, color=style.GREY, linewidth=0.8, gid="equal")
    axes.plot(expected, z, "o", color=style.BLUE, markersize=2.6, markeredgewidth=0, gid="z")
    axes.set_xlabel("Quantile of the standard normal")
    axes.set_ylabel("z of the comparison")


def _draw_histogram(axes: Axes, z: npt.NDArray[np.float64]) -> None:
    most = max(3.5, float(np.ceil(2.0 * np.abs(z).max()) / 2.0))
    edges = np.arange(-most, most + 0.25, 0.5)
    axes.hist(z, edges.tolist(), color=style.SKY, edgecolor="white", linewidth=0.6)
    grid = np.linspace(-most, most, 201)
    axes.plot(grid, len(z) * 0.5 * stats.norm.pdf(grid), color=style.INK, linewidth=1.0, gid="normal")
    axes.set_xlabel("z of the comparison")
    axes.set_ylabel("Comparisons")


def write(
    independent: Sequence[float], every: Sequence[float], folder: Path, provenance: Mapping[str, str]
) -> list[Path]:
    """Draw and write the figure; see :func:`draw`.

    Args:
        independent: One z for each case.
        every: The z of all comparisons.
        folder: Where.
        provenance: For the metadata of each file.

    Returns:
        The paths of the files: what a page shows, SVG, and PNG for those who cannot see that.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as drafts:
        made = save(draw(independent, every), Path(drafts), NAME, TITLE, provenance)
        return [Path(shutil.copy(path, folder)) for path in made if path.suffix in (".svg", ".png")]
