"""Designs: which points a sweep runs, from a file of ``conf/sweep/``.

A file says ``title`` and ``question``, perhaps ``arms`` and ``replications`` in place of the command's, and
``design``: a list of parts, whose product is run; the first part varies slowest. A part is one of

- ``grid``: ``{FACTOR: [values], ...}``, all combinations; the first factor varies slowest;
- ``zip``: ``{FACTOR: [values], ...}``, the first values together, then the second ones, and so on;
- ``list``: ``[{FACTOR: value, ...}, ...]``, the points as they are;
- ``sample``: ``{method: latin_hypercube, points: 64, seed: 1, ranges: {FACTOR: [low, high]}}``, spread over ranges.

``{from: 0, to: 1, steps: 5}`` stands for five evenly spaced values, among those of a factor or in place of the list.
A value of null leaves the place and the arms as they are. What a factor may be: :mod:`experiments.factors`.
"""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, Field, create_model

from experiments.factors import applied, check_arms, check_name, checked, is_number, is_whole, point_label, point_text
from experiments.settings import MOST_SEED, MOST_WORLDS
from sim.schema.fields import Section, Status, parameter
from sim.schema.problems import Complaints, listing
from sim.schema.validation import validate

__all__ = ["Design", "applied", "check_arms", "design_of", "point_text", "range_of"]

SectionT = TypeVar("SectionT", bound=Section)
Point = dict[str, Any]
SETTING = Status.SETTING
MOST_POINTS = 100_000
"""More points than this in one design are taken for a slip of the keyboard."""
STEPS = "{from: 0, to: 1, steps: 5}"


def _some(value: Any) -> Any:
    if value is not None and not (value.strip() if isinstance(value, str) else value):
        raise ValueError("is empty")
    return value


class DesignFile(Section):
    """A file of ``conf/sweep/``, its parts not yet looked at."""

    title: Annotated[str, AfterValidator(_some)] = parameter(..., "Name for people.", unit="text", status=SETTING)
    question: Annotated[str, AfterValidator(_some)] = parameter(
        ..., "The question that it answers, in one sentence.", unit="text", status=SETTING
    )
    arms: Annotated[tuple[str, ...] | None, AfterValidator(_some)] = parameter(
        None, "Coordinations, the first is the baseline; null: the command's.", unit="names", status=SETTING
    )
    replications: int | None = parameter(
        None, "Random worlds; null: the command's.", unit="-", status=SETTING, ge=1, le=MOST_WORLDS
    )
    design: Annotated[tuple[Any, ...], AfterValidator(_some)] = parameter(
        ..., "The parts whose product is run.", unit="parts", status=SETTING
    )


class Sample(Section):
    """A part that is drawn: points that are spread evenly over ranges."""

    method: Literal["latin_hypercube", "sobol", "halton"] = parameter(
        ..., "How the points are spread.", unit="method", status=SETTING
    )
    points: int = parameter(..., "How many.", unit="points", status=SETTING, ge=1, le=MOST_POINTS)
    seed: int = parameter(1, "Another number draws other points.", unit="-", status=SETTING, ge=0, le=MOST_SEED)
    ranges: dict[str, Any] = parameter(..., "Lowest and highest value by factor.", unit="values", status=SETTING)


# "from" is no name that a class can have.
_STEPS: dict[str, Any] = {
    "from": (float, ...),
    "to": (float, ...),
    "steps": (Annotated[int, Field(ge=2, le=MOST_POINTS)], ...),
}
Steps = create_model("Steps", __base__=Section, **_STEPS)


@dataclass(frozen=True)
class Design:
    """What a sweep runs.

    Attributes:
        title: Name for people.
        question: The question that it answers, in one sentence.
        arms: Names of coordinations, the first is the baseline; None: those of the command.
        replications: Random worlds; None: as many as the command has.
        varied: Names of the factors, in order.
        points: Values by name of the factor, in order, no two alike; None leaves the place or the arms as they are.
        sampled: Names of the factors that were drawn.
    """

    title: str
    question: str
    arms: tuple[str, ...] | None
    replications: int | None
    varied: tuple[str, ...]
    points: tuple[Mapping[str, Any], ...]
    sampled: tuple[str, ...] = ()


@dataclass
class _Part:
    """One part: where it stands, its factors, its points (none if there were problems), and if they are drawn."""

    where: str
    names: list[str]
    points: list[Point] = field(default_factory=list)
    is_drawn: bool = False


def design_of(data: Mapping[str, Any], where: str, complaints: Complaints) -> Design | None:
    """Check the content of a file of ``conf/sweep/`` and spell its points out.

    Args:
        data: The content as plain data.
        where: What to call the file in messages, such as ``sweep load``.
        complaints: Receives every problem.

    Returns:
        The design, or None if there were problems.
    """
    before = len(complaints.problems)
    file = validate(DesignFile, data, where, complaints)
    said = data.get("design")
    parts = [
        part
        for number, content in enumerate(said if isinstance(said, list | tuple) else ())
        if (part := _part_of(content, f"{where}: design[{number}]", complaints)) is not None
    ]
    _check_once(parts, complaints)
    varied = tuple(name for part in parts for name in part.names)
    if file is not None and file.arms is not None:
        check_arms(varied, file.arms, where, complaints)
    if file is None or len(complaints.problems) > before:
        return None
    count = math.prod(len(part.points) for part in parts)
    if not _fits(count, f"{where}: design", complaints):
        return None
    product = itertools.product(*(part.points for part in parts))
    points = tuple({name: value for point in chosen for name, value in point.items()} for chosen in product)
    sampled = tuple(name for part in parts if part.is_drawn for name in part.names)
    return Design(file.title, file.question, file.arms, file.replications, varied, points, sampled)


def _part_of(content: Any, where: str, complaints: Complaints) -> _Part | None:
    """Return one part; None, with a complaint, if it is none of the four kinds."""
    if not isinstance(content, Mapping) or len(content) != 1:
        what = f"has {listing([*map(str, content)])}" if isinstance(content, Mapping) else f"is {content!r}"
        complaints.add(where, what, f"one of {', '.join(_KINDS)} in a part")
        return None
    kind, inside = next(iter(content.items()))
    if kind not in _KINDS:
        complaints.unknown(where, "kind of part", str(kind), _KINDS)
        return None
    return _KINDS[kind](inside, f"{where}.{kind}", complaints)


def _grid(content: Any, where: str, complaints: Complaints) -> _Part:
    """Combine the values of each factor with all values of the others."""
    before = len(complaints.problems)
    columns = _columns(content, where, complaints)
    for name, values in columns.items():
        for text, count in Counter(map(_key, values)).items():
            if count > 1:
                complaints.add(f"{where}.{name}", f"{text} is there {count} times", "each once")
    part = _Part(where, list(columns))
    count = math.prod(len(values) for values in columns.values())
    if len(complaints.problems) == before and _fits(count, where, complaints):
        part.points = [dict(zip(columns, values, strict=True)) for values in itertools.product(*columns.values())]
    return part


def _zip(content: Any, where: str, complaints: Complaints) -> _Part:
    """Put values of several factors together by their place in the lists."""
    before = len(complaints.problems)
    columns = _columns(content, where, complaints)
    part = _Part(where, list(columns))
    if len(complaints.problems) > before:
        return part
    if len({len(values) for values in columns.values()}) > 1:
        lengths = ", ".join(f"{name} {len(values)}" for name, values in columns.items())
        complaints.add(where, f"has different numbers of values: {lengths}", "as many for each factor")
        return part
    part.points = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    _check_unlike(part, complaints)
    return part


def _list(content: Any, where: str, complaints: Complaints) -> _Part | None:
    """Take points as they are; all must be about the same factors."""
    before = len(complaints.problems)
    if not isinstance(content, list | tuple) or not content:
        what = "is empty" if content == [] else f"is {content!r}"
        complaints.add(where, what, "a list of points {FACTOR: value, ...}")
        return None
    rows: list[Point] = []
    for number, point in enumerate(content):
        if isinstance(point, Mapping) and point:
            rows.append({str(name): value for name, value in point.items()})
        else:
            complaints.add(f"{where}[{number}]", f"is {point!r}", "{FACTOR: value, ...}")
    if len(complaints.problems) > before:
        return None
    part = _Part(where, list(rows[0]))
    # A name is looked at where it first is, or it would be refused once a point.
    first = {name: number for number, row in reversed([*enumerate(rows)]) for name in row}
    known = [name for name, number in first.items() if check_name(name, f"{where}[{number}].{name}", complaints)]
    points = []
    for number, row in enumerate(rows):
        if set(row) != set(part.names):
            complaints.add(f"{where}[{number}]", f"varies {', '.join(row)}", f"{', '.join(part.names)}, as the first")
        names = [name for name in known if name in row]
        points.append({name: checked(name, row[name], f"{where}[{number}].{name}", complaints) for name in names})
    if len(complaints.problems) == before:
        part.points = [{name: point[name] for name in part.names} for point in points]
        _check_unlike(part, complaints)
    return part


def _sample(content: Any, where: str, complaints: Complaints) -> _Part | None:
    """Draw points; where whole numbers make two of them alike, the second is left out."""
    before = len(complaints.problems)
    sample = _validated(Sample, content, where, complaints)
    ranges = content.get("ranges") if isinstance(content, Mapping) else None
    bounds: dict[str, tuple[float, float]] = {}
    for name, ends in ranges.items() if isinstance(ranges, Mapping) else ():
        found = range_of(str(name), ends, f"{where}.ranges.{name}", complaints)
        if found is not None:
            bounds[str(name)] = found
    if ranges == {}:
        complaints.add(f"{where}.ranges", "is empty", "at least one factor")
    if sample is not None and sample.method == "sobol" and sample.points.bit_count() != 1:
        below = 1 << (sample.points.bit_length() - 1)
        complaints.add(f"{where}.points", f"is {sample.points}", f"a power of 2 for sobol: {below}, {2 * below}, ...")
    names = list(map(str, ranges)) if isinstance(ranges, Mapping) else []
    part = _Part(where, names, is_drawn=True)
    if sample is not None and len(complaints.problems) == before:
        shares = _spread(sample, len(names))
        columns = [_between(share, *bounds[name], is_whole(name)) for name, share in zip(names, shares.T, strict=True)]
        points = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
        part.points = list({_key(point): point for point in points}.values())
    return part


_KINDS: Mapping[str, Callable[[Any, str, Complaints], _Part | None]] = {
    "grid": _grid,
    "zip": _zip,
    "list": _list,
    "sample": _sample,
}


def _columns(content: Any, where: str, complaints: Complaints) -> dict[str, list[Any]]:
    """Return the values of each factor, the steps spelt out and all checked; of unknown factors none."""
    if not isinstance(content, Mapping) or not content:
        complaints.add(where, f"is {content!r}" if content else "is empty", "{FACTOR: [values], ...}")
        return {}
    columns: dict[str, list[Any]] = {}
    for key, said in content.items():
        name, at = str(key), f"{where}.{key}"
        columns[name], before = [], len(complaints.problems)
        values = [said] if _is_steps(said) else said
        known = check_name(name, at, complaints)
        if not isinstance(values, list | tuple):
            complaints.add(at, f"is {said!r}", f"a list of values, or {STEPS}")
        elif not values:
            complaints.add(at, "is empty", "at least one value")
        elif known:
            spelt = [one for value in values for one in _spelt_out(value, at, complaints)]
            found = [checked(name, value, at, complaints) for value in spelt]
            columns[name] = found if len(complaints.problems) == before else []
    return columns


def _is_steps(value: Any) -> bool:
    return isinstance(value, Mapping) and any(name in value for name in Steps.model_fields)


def _spelt_out(value: Any, where: str, complaints: Complaints) -> list[Any]:
    """Return the values that one value stands for."""
    if not _is_steps(value):
        return [value]
    steps = _validated(Steps, value, where, complaints)
    if steps is None:
        return []
    said = steps.model_dump()
    # In fractions, so that a third step of 0.1 is 0.3.
    begin, end, count = Fraction(str(said["from"])), Fraction(str(said["to"])), int(said["steps"])
    return [float(begin + (end - begin) * number / (count - 1)) for number in range(count)]


def range_of(name: str, ends: Any, where: str, complaints: Complaints) -> tuple[float, float] | None:
    """Return the lowest and highest value of a factor; None, with complaints, if it cannot be drawn from them."""
    before = len(complaints.problems)
    if not check_name(name, where, complaints):
        return None
    if not is_number(name):
        complaints.add(where, "is a word, which cannot be drawn from a range", "a factor that is a number")
        return None
    if not isinstance(ends, list | tuple) or len(ends) != 2:
        complaints.add(where, f"is {ends!r}", "[low, high]")
        return None
    for end in ends:
        if not isinstance(end, int | float):
            complaints.add(where, f"has the end {end!r}", "a number")
    if len(complaints.problems) > before:
        return None
    low, high = (checked(name, end, where, complaints) for end in ends)
    if len(complaints.problems) > before:
        return None
    if not low < high:
        complaints.add(where, f"is {ends!r}", "[low, high] with low below high")
        return None
    return low, high


def _spread(sample: Sample, dimensions: int) -> npt.NDArray[np.float64]:
    """Return points in the unit cube, shape (points, dimensions), at least 0 and below 1."""
    # Imported here because it takes long.
    from scipy.stats import qmc

    rng = np.random.default_rng(sample.seed)
    if sample.method == "sobol":
        return qmc.Sobol(dimensions, seed=rng).random_base2(sample.points.bit_length() - 1)
    engine = qmc.Halton if sample.method == "halton" else qmc.LatinHypercube
    return engine(dimensions, seed=rng).random(sample.points)


def _between(shares: npt.NDArray[np.float64], low: float, high: float, whole: bool) -> list[float]:
    """Return values at shares of the way from low to high; whole numbers rounded, each with the same chance."""
    if not whole:
        return [min(high, low + share * (high - low)) for share in shares.tolist()]
    # From half below the lowest to half above the highest, or these two would be drawn half as often as the others.
    return [min(int(high), math.floor(low + share * (high - low + 1))) for share in shares.tolist()]


def _validated(kind: type[SectionT], content: Any, where: str, complaints: Complaints) -> SectionT | None:
    """Validate what stands at a place within a file, and name the places below it by the same path."""
    own = Complaints()
    section = validate(kind, content, where, own)
    below = f"{where}: "
    for problem in own.problems:
        inside = problem.where.startswith(below)
        path = f"{where}.{problem.where.removeprefix(below)}" if inside else problem.where
        complaints.problems.append(replace(problem, where=path))
    return section


def _check_once(parts: Sequence[_Part], complaints: Complaints) -> None:
    """Note every factor that is in two parts."""
    first: dict[str, str] = {}
    for part in parts:
        for name in part.names:
            if name in first:
                elsewhere = first[name].rpartition(": ")[2]
                complaints.add(f"{part.where}.{name}", f"is in {elsewhere} as well", "each factor in one part")
            first.setdefault(name, part.where)


def _check_unlike(part: _Part, complaints: Complaints) -> None:
    """Note points of a part that are alike."""
    numbers: dict[str, list[int]] = {}
    for number, point in enumerate(part.points):
        numbers.setdefault(_key(point), []).append(number)
    for alike in numbers.values():
        if len(alike) > 1:
            what = f"points {', '.join(map(str, alike))} are alike ({point_label(part.points[alike[0]])})"
            complaints.add(part.where, what, "each point once")


def _fits(count: int, where: str, complaints: Complaints) -> bool:
    """Note it if there are more points than a design may have, and return whether there are not."""
    if count > MOST_POINTS:
        complaints.add(where, f"has {count:,} points", f"at most {MOST_POINTS:,}")
    return count <= MOST_POINTS


def _key(value: Any) -> str:
    """Return a text that is the same for what is alike, and only for that."""
    return json.dumps(value, sort_keys=True)
