"""What a sweep can vary: parameters, the place itself and settings of its arms; and what a point makes of them.

The names of factors:

- a parameter by its dotted path; a barrier takes a level, also one by sector, profession or pair;
- ``scenario``: another place, by name or folder;
- ``coordination.SETTING``: this setting in every arm but the baseline, which is the first;
- ``arms.ARM.SETTING``: in this arm alone; it wins over ``coordination.SETTING``;
- ``place.demand``: factor on the citizens of every district, the load at given places;
- ``place.places``, ``place.places.SECTOR``: factors on the places of services, of all sectors or of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import create_model

from experiments.place_factors import DEMAND, PLACES, tables_of
from experiments.plan import fit
from sim.coordination import WORDS, Coordination
from sim.scenario import Scenario, find_folder
from sim.schema.fields import Section, note_of, parameter
from sim.schema.levels import LevelValue
from sim.schema.parameters import Parameters
from sim.schema.problems import BadInputError, Complaints, Problem, closest, listing
from sim.schema.tables import Sector
from sim.schema.validation import paths, validate

PARAMETERS = tuple(paths(Parameters))
SCENARIO = "scenario"
IN_ALL, IN_ONE = "coordination.", "arms."
KINDS = (
    "a parameter (journeys list parameters), scenario, coordination.SETTING, arms.ARM.SETTING, place.demand, "
    "place.places or place.places.SECTOR"
)
"""What a factor may be, for messages."""
ARM_SETTINGS = tuple(name for name in Coordination.model_fields if name not in (*WORDS, "initiatives"))
"""Settings of a coordination that can be varied: one mechanism or one number each."""
WITHOUT_UNIT = ("-", "", "mechanism", "level", "budget")
"""Units that say no more than the name of a factor."""
AS_IS = "as it is"
"""What is written where a point leaves a factor to the place or the arms."""


class PlaceFactors(Section):
    """What may be said of the place as a whole."""

    demand: float = parameter(1.0, "Factor on the citizens of every district.", unit="factor", gt=0, le=100)
    places: float = parameter(
        1.0, "Factor on the places of all services but crisis services.", unit="factor", gt=0, le=100
    )


def check_name(name: str, where: str, complaints: Complaints) -> bool:
    """Note it if there is no factor of this name, and return whether there is one."""
    if _field_of(name) is not None or name == SCENARIO:
        return True
    below = [path.removeprefix(f"{name}.") for path in PARAMETERS if path.startswith(f"{name}.")]
    if below:
        complaints.add(where, f"{name!r} is a group of parameters", f"{name}.NAME, with NAME {listing(below)}")
        return False
    if name.startswith((IN_ALL, IN_ONE)):
        before, _, last = name.rpartition(".")
        near = closest(last, ARM_SETTINGS) if before != IN_ONE.rstrip(".") else ""
        complaints.add(where, f"unknown factor {name!r}", ", ".join(ARM_SETTINGS), f"{before}.{near}" if near else "")
        return False
    known = [*PARAMETERS, SCENARIO, DEMAND, PLACES, *(f"{PLACES}.{sector}" for sector in Sector)]
    # Who leaves out the section is not near to the whole path.
    ends = [path for path in known if path.endswith(f".{name}")]
    complaints.add(where, f"unknown factor {name!r}", KINDS, ends[0] if ends else closest(name, known))
    return False


def check_arms(names: Iterable[str], arms: Iterable[str], where: str, complaints: Complaints) -> bool:
    """Note every factor that is about arms that are not there, and return whether there is none.

    Args:
        names: Of factors; of those that are not known, those that name no arm are passed over.
        arms: Names of the arms; the first is the baseline.
        where: What to call the design in messages.
        complaints: Receives every problem.
    """
    before, known = len(complaints.problems), list(arms)
    for name in names:
        if name.startswith(IN_ONE) and (arm := _arm_of(name)) and arm not in known:
            complaints.unknown(f"{where}: {name}", "arm", arm, known)
        elif name.startswith(IN_ALL) and len(known) < 2:
            complaints.add(f"{where}: {name}", "changes every arm but the first, and there is one arm", "another arm")
    return len(complaints.problems) == before


def checked(name: str, value: Any, where: str, complaints: Complaints) -> Any:
    """Return a value of a factor as the schema has it, in plain data; what is wrong with it is noted.

    Args:
        name: Of a factor that is known.
        value: As it was said. None stays None: the place or the arm is left as it is.
        where: What to call the value in messages.
        complaints: Receives every problem.
    """
    if value is None:
        return None
    if name == SCENARIO:
        return _checked_place(value, where, complaints)
    kind, field = _needed_field(name)
    own = Complaints()
    section = validate(kind, {field: value}, where, own)
    # The name of the field is the end of the factor's, which is said already.
    complaints.problems.extend(replace(problem, where=where) for problem in own.problems)
    return None if section is None else section.model_dump(mode="json")[field]


def is_number(name: str) -> bool:
    """Return whether a factor that is known takes numbers, so that it can be drawn from a range."""
    return name != SCENARIO and _annotation(name) in (int, float, LevelValue)


def is_whole(name: str) -> bool:
    """Return whether a factor that is known takes whole numbers only."""
    return name != SCENARIO and _annotation(name) is int


def factor_words(name: str) -> str:
    """Return what a factor is called on an axis: its name, with its unit where it has one."""
    found = _field_of(name)
    if found is None:
        return name
    if found[0] is PlaceFactors:
        return f"{name} (times that of the place)"
    unit = unit_of(name)
    return f"{name} ({unit})" if unit else name


def unit_of(name: str) -> str:
    """Return the unit of a factor that is not a place; "" where it says no more than the name."""
    kind, field = _needed_field(name)
    section = _section_of(name) if name in PARAMETERS else kind
    unit = note_of(section.model_fields[field]).unit
    return "" if unit in WITHOUT_UNIT else unit


def point_text(point: Mapping[str, Any]) -> str:
    """Return a point as a person would type it; what it leaves as it is is left out."""
    return ", ".join(f"{name}={_value_text(value)}" for name, value in point.items() if value is not None)


def point_label(point: Mapping[str, Any]) -> str:
    """Return what to call a point: what it says, or that it leaves everything as it is."""
    return point_text(point) or AS_IS


def applied(
    point: Mapping[str, Any],
    scenario: Scenario,
    arms: Mapping[str, Coordination],
    load: Callable[[str], Scenario],
    where: str,
    complaints: Complaints,
) -> tuple[Scenario, dict[str, Coordination]] | None:
    """Return the place and the arms of one point of a design.

    Each number of places is multiplied and rounded, half up, to at least 1; a service without places stays without.
    Where rounding would change the exact number by more than a tenth, which it does at desks with few places, the
    places are kept and ``service_days`` is divided by the factor instead: the same work gets done. Such a desk costs
    what it cost. Places that rows of ``initiatives.csv`` set are multiplied like those of their service; those that
    an arm's own initiatives set are not. Crisis services keep their places. Navigators and front-door places are set
    per 1,000 citizens a year, so that they grow with ``place.demand``.

    Args:
        point: Values by name of the factor; None leaves the place or the arms as they are.
        scenario: The place of the command, with the parameters that were asked for.
        arms: Coordinations by name; the first is the baseline.
        load: Returns the place of this name or folder, with the parameters that were asked for; raises BadInputError.
        where: What to call the point in messages; they also say its values.
        complaints: Receives every problem.

    Returns:
        None if there were problems.
    """
    before = len(complaints.problems)
    if said := point_text(point):
        where = f"{where} ({said})"
    values = {name: value for name, value in point.items() if value is not None}
    own = Complaints()
    place = _place_of(values, scenario, load, where, own)
    changed = _arms_of(values, arms, where, own) if check_arms(values, arms, where, own) else None
    if place is not None and changed is not None:
        fit(place, changed, own)
    complaints.problems.extend(_located(problem, where) for problem in own.problems)
    if place is None or changed is None or len(complaints.problems) > before:
        return None
    return place, changed


def _arm_of(name: str) -> str:
    """Return the arm of ``arms.ARM.SETTING``; there may be dots in its own name, as in ``letter+navigators:1.5``."""
    return name.removeprefix(IN_ONE).rpartition(".")[0]


def _field_of(name: str) -> tuple[type[Section], str] | None:
    """Return a section with a field that takes the values of a factor, and the field; None if it is not known."""
    last = name.rpartition(".")[2]
    if name.startswith(IN_ALL):
        return (Coordination, last) if name.removeprefix(IN_ALL) in ARM_SETTINGS else None
    if name.startswith(IN_ONE):
        return (Coordination, last) if _arm_of(name) and last in ARM_SETTINGS else None
    if name == DEMAND:
        return PlaceFactors, "demand"
    if name in (PLACES, *(f"{PLACES}.{sector}" for sector in Sector)):
        return PlaceFactors, "places"
    return (_alone(name), last) if name in PARAMETERS else None


def _needed_field(name: str) -> tuple[type[Section], str]:
    found = _field_of(name)
    assert found is not None, name
    return found


def _annotation(name: str) -> Any:
    kind, field = _needed_field(name)
    return kind.model_fields[field].annotation


@cache
def _alone(path: str) -> type[Section]:
    """Return a section with one parameter alone: others of its section may be varied as well, and are not known yet."""
    name = path.rpartition(".")[2]
    field: dict[str, Any] = {name: (_section_of(path).model_fields[name].rebuild_annotation(), ...)}
    return create_model("Alone", __base__=Section, **field)


def _section_of(path: str) -> Any:
    """Return the section of the parameters in which a parameter is."""
    section: Any = Parameters
    for group in path.split(".")[:-1]:
        section = section.model_fields[group].annotation
    return section


def _checked_place(value: Any, where: str, complaints: Complaints) -> str | None:
    if not isinstance(value, str):
        complaints.add(where, f"is {value!r}", "name of a shipped scenario, or path of a folder")
        return None
    try:
        find_folder(value)
    except BadInputError as error:
        complaints.problems.extend(replace(problem, where=where) for problem in error.problems)
        return None
    return value


def _value_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_value_text(level)}" for key, level in value.items()) + "}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _located(problem: Problem, where: str) -> Problem:
    """Return a problem of a point with the point, if it does not say it yet."""
    said = problem.where.startswith(where)
    return problem if said else replace(problem, where=f"{where}: {problem.where}")


def _place_of(
    values: Mapping[str, Any],
    scenario: Scenario,
    load: Callable[[str], Scenario],
    where: str,
    complaints: Complaints,
) -> Scenario | None:
    """Return the place of a point; None, with complaints, if it is not possible."""
    try:
        place = load(values[SCENARIO]) if SCENARIO in values else scenario
        tables = tables_of(values, place.tables, where, complaints)
        parameters = _parameters_of(values, place.parameters, where, complaints)
        if tables is None or parameters is None:
            return None
        return replace(place, tables=tables).with_parameters(parameters, where)
    except BadInputError as error:
        complaints.problems.extend(error.problems)
        return None


def _parameters_of(
    values: Mapping[str, Any], parameters: Parameters, where: str, complaints: Complaints
) -> Parameters | None:
    changes = {name: value for name, value in values.items() if name in PARAMETERS}
    data = parameters.model_dump()
    for path, value in changes.items():
        *groups, last = path.split(".")
        section = data
        for group in groups:
            section = section[group]
        # Not merged: a level by sector takes the place of the scenario's own.
        section[last] = value
    return validate(Parameters, data, where, complaints) if changes else parameters


def _arms_of(
    values: Mapping[str, Any], arms: Mapping[str, Coordination], where: str, complaints: Complaints
) -> dict[str, Coordination] | None:
    """Return the arms of a point; None, with complaints, if one is not possible."""
    in_all = {name.removeprefix(IN_ALL): value for name, value in values.items() if name.startswith(IN_ALL)}
    changed: dict[str, Coordination] = {}
    for number, (name, arm) in enumerate(arms.items()):
        alone = {setting: values[key] for setting in ARM_SETTINGS if (key := f"{IN_ONE}{name}.{setting}") in values}
        changes = {**(in_all if number else {}), **alone}
        found = validate(Coordination, {**arm.model_dump(), **changes}, f"{where}: {name}", complaints)
        if found is not None:
            changed[name] = found
    return changed if len(changed) == len(arms) else None
