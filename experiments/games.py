"""What ``journeys attribute`` divides a gap among: players, and the place and coordination of all their coalitions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from experiments.plan import Plan, executor_of, fit, load_arms, settings_and_place, store_of, title_of
from experiments.settings import AttributeSettings
from experiments.units import Unit, key_of
from sim.coordination import WORDS, Coordination
from sim.scenario import Scenario
from sim.schema.barriers import Barriers
from sim.schema.initiatives import InitiativeRow
from sim.schema.problems import Complaints
from sim.schema.validation import validate
from sim.timeline import Timeline

MOST_PLAYERS = 8
"""With n players each random world is run 2**n times."""
NUMBERS = {"entry": ("front_door_places", "front_door_days"), "navigation": ("navigators",)}
"""Settings of a coordination that go with the mechanism of a question, and have no effect without it."""
_SHORT = re.compile("[.;:]")
"""Ends the short name at the beginning of what is said of a barrier."""


@dataclass(frozen=True)
class Player:
    """A barrier that may be taken away, or a question that may be answered by another mechanism.

    Attributes:
        name: Short, for tables and files.
        label: Words for people.
        joining: What changes when it joins a coalition, as plain data: parameters of the place by dotted path, or
            settings of the coordination.
        active: Whether anything changes. A barrier of level 0 cannot be taken away, and a number does nothing without
            its mechanism: they have exactly 0 without a run.
    """

    name: str
    label: str
    joining: Mapping[str, Any]
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class Attribution(Plan):
    """What ``journeys attribute`` will do; its arms are the coalitions, in the order of their bits.

    Attributes:
        among: ``barriers`` or ``mechanisms``.
        players: Among whom the gap is divided, those that are not active included.
        places: The place of each coalition.
        title: What is divided, in words.
        ends: Nobody and everybody, in words.
    """

    among: str
    players: tuple[Player, ...]
    places: Mapping[str, Scenario] = field(repr=False)
    title: str
    ends: tuple[str, str]

    @property
    def notes(self) -> list[str]:
        """What of the last coalition, which has every mechanism, has nothing to work on in this place."""
        last = list(self.arms)[-1]
        return Plan(self.scenario, {last: self.arms[last]}, self.seed, self.replicates).notes

    @property
    def particulars(self) -> dict[str, Any]:
        """What is divided among whom, and who is in each coalition."""
        members = zip(self.arms, members_of(self.players), strict=True)
        return {
            "attribution": {
                "among": self.among,
                "title": self.title,
                "ends": list(self.ends),
                "players": [asdict(player) for player in self.players],
                "coalitions": {name: [player.name for player in joined] for name, joined in members},
            }
        }

    @property
    def active(self) -> tuple[Player, ...]:
        """The players of the game that is run: player ``i`` is in the coalitions whose bit ``i`` is set."""
        return tuple(player for player in self.players if player.active)


def plan_attribute(
    config: Mapping[str, Any], name: str, folders: Sequence[Path], complaints: Complaints
) -> Attribution | None:
    """Check the configuration of ``journeys attribute``.

    Args:
        config: The composed configuration as plain data.
        name: Name of the coordination that was chosen.
        folders: Where to look for coordinations before the shipped ones.
        complaints: Receives every problem.

    Returns:
        The plan, or None if there were problems.
    """
    before = len(complaints.problems)
    settings, scenario, changes = settings_and_place(AttributeSettings, config, complaints)
    # The arms are looked up even if other settings are wrong, so that all problems are reported at once.
    baseline, to = (_arm(config.get(where), where, folders, complaints) for where in ("baseline", "to"))
    if settings is None or scenario is None or baseline is None or to is None:
        return None
    _check_unused(settings, name, folders, complaints)
    if settings.among == "barriers":
        coordination = settings.coordination
        named = coordination.model_copy(update={"title": title_of(coordination, name, folders)})
        game = _game_of_barriers(scenario, named, complaints)
    else:
        game = _game_of_mechanisms(scenario, baseline, to, complaints)
    if game is None or len(complaints.problems) > before or not fit(scenario, game.arms, complaints):
        return None
    executor = executor_of(settings, complaints)
    if executor is None:
        return None
    replicates = range(settings.replications)
    return Attribution(
        scenario,
        game.arms,
        settings.seed,
        replicates,
        executor,
        changes,
        store=store_of(settings),
        retry_failed=settings.retry_failed,
        among=settings.among,
        players=game.players,
        places=game.places,
        title=game.title,
        ends=game.ends,
    )


def barriers_of(scenario: Scenario) -> tuple[Player, ...]:
    """Return the barriers of a place as players; one whose level is 0 is not active."""
    levels = scenario.parameters.barriers.model_dump()
    labels = {name: _SHORT.split(str(field.description))[0] for name, field in Barriers.model_fields.items()}
    return tuple(
        Player(name, labels[name], {f"barriers.{name}": 0.0}, active=level != 0) for name, level in levels.items()
    )


def differences_of(scenario: Scenario, baseline: Coordination, to: Coordination) -> tuple[Player, ...]:
    """Return the questions that two arms answer differently as players.

    Numbers go with the mechanism that they belong to; without it in either arm at any time they are not active. A
    setting that belongs to no mechanism is a player of its own, so that nobody is exactly the one arm and everybody
    does exactly what the other does.
    """
    question_of = {number: question for question, numbers in NUMBERS.items() for number in numbers}
    questions: dict[str, dict[str, Any]] = {}
    plain = to.model_dump(mode="json")
    for setting, value in to:
        if setting not in WORDS and value != getattr(baseline, setting):
            questions.setdefault(question_of.get(setting, setting), {})[setting] = plain[setting]
    one, other = (Timeline(scenario, arm).ever for arm in (baseline, to))
    idle = {question for question in NUMBERS if not _uses_numbers(question, one[question] | other[question])}
    players = []
    for question, joining in questions.items():
        setting = next(iter(joining))
        before, after = (_words(getattr(arm, setting)) for arm in (baseline, to))
        label = f"{_words(setting).capitalize()}: {before} to {after}"
        players.append(Player(question, label, joining, active=question in joining or question not in idle))
    return tuple(players)


def members_of(players: Iterable[Player]) -> list[tuple[Player, ...]]:
    """Return all coalitions of the active players in the order of their bits."""
    active = [player for player in players if player.active]
    return [
        tuple(player for number, player in enumerate(active) if bits >> number & 1) for bits in range(1 << len(active))
    ]


def coalitions(players: Iterable[Player], nobody: str, verb: str) -> list[tuple[str, dict[str, Any]]]:
    """Return all coalitions of the active players in the order of their bits: name, and what joining changes.

    Args:
        players: Those that are not active are left out.
        nobody: Name of the empty coalition.
        verb: What the names of the others begin with; the names are names of folders, too.
    """
    found = []
    for members in members_of(players):
        name = f"{verb}_{'+'.join(player.name for player in members)}" if members else nobody
        found.append((name, {path: value for player in members for path, value in player.joining.items()}))
    return found


def units_of_coalitions(plan: Attribution) -> list[Unit]:
    """Return the runs: all coalitions of a replicate before the next one. Only the numbers of a run are stored."""
    digests = {coalition: place.digest() for coalition, place in plan.places.items()}
    return [
        Unit(
            plan.places[coalition],
            coalition,
            rules,
            plan.seed,
            replicate,
            key_of(digests[coalition], rules, plan.seed, replicate),
            tables=(),
        )
        for replicate in plan.replicates
        for coalition, rules in plan.arms.items()
    ]


def _arm(name: Any, where: str, folders: Sequence[Path], complaints: Complaints) -> Coordination | None:
    """Load a coordination by name; None, with a complaint unless the settings have it already, if it cannot be."""
    if not isinstance(name, str):
        return None
    arms = load_arms(name, folders, complaints, where)
    return None if arms is None else arms[name]


class _Game(NamedTuple):
    """What a plan needs to know of a game, as its own attributes say."""

    players: tuple[Player, ...]
    arms: dict[str, Coordination]
    places: dict[str, Scenario]
    title: str
    ends: tuple[str, str]


def _game_of_barriers(scenario: Scenario, coordination: Coordination, complaints: Complaints) -> _Game | None:
    players = barriers_of(scenario)
    if not _is_playable(players, "barriers", "are all at level 0", "at least one above 0", complaints):
        return None
    places = {name: scenario.changed(joined) for name, joined in coalitions(players, "as_is", "without")}
    ends = ("all barriers as they are", "none of them")
    arms = {}
    for name, members in zip(places, members_of(players), strict=True):
        without = f"without: {', '.join(player.label for player in members)}" if members else ends[0]
        arms[name] = coordination.model_copy(update={"title": f"{coordination.title}, {without}"})
    return _Game(players, arms, places, f"{coordination.title}, from {' to '.join(ends)}", ends)


def _game_of_mechanisms(
    scenario: Scenario, baseline: Coordination, to: Coordination, complaints: Complaints
) -> _Game | None:
    players = differences_of(scenario, baseline, to)
    none = "do not differ in anything that has an effect"
    if not _is_playable(players, "baseline and to", none, "two different coordinations", complaints):
        return None
    arms = {}
    every = zip(coalitions(players, "baseline", "with"), members_of(players), strict=True)
    for (name, joined), members in every:
        title = f"{baseline.title}, with: {', '.join(player.label for player in members)}"
        words = {"title": title if members else baseline.title, "description": ""}
        data = {**baseline.model_dump(), **joined, **words}
        rules = validate(Coordination, data, f"combination {name}", complaints)
        if rules is not None:
            arms[name] = rules
    title = f"from {baseline.title} to {to.title}"
    return _Game(players, arms, dict.fromkeys(arms, scenario), title, (baseline.title, to.title))


def _check_unused(settings: AttributeSettings, name: str, folders: Sequence[Path], complaints: Complaints) -> None:
    """Refuse what would have no effect: somebody who set it expects one."""
    if settings.among == "barriers":
        for where in ("baseline", "to"):
            value = getattr(settings, where)
            if value != AttributeSettings.model_fields[where].default:
                complaints.add(where, f"is {value!r}, which has no effect among barriers", "with among=mechanisms")
    else:
        usual = str(AttributeSettings.model_fields["baseline"].default)
        rules = Coordination.load(usual, folders).model_dump(exclude=set(WORDS))
        if name != usual or settings.coordination.model_dump(exclude=set(WORDS)) != rules:
            what = "is chosen or changed, which has no effect among mechanisms"
            complaints.add("coordination", what, "with among=barriers; here baseline=NAME and to=NAME")


def _is_playable(players: Sequence[Player], who: str, none: str, allowed: str, complaints: Complaints) -> bool:
    active = [player.name for player in players if player.active]
    if not active:
        complaints.add(who, f"{none}: there is nothing to divide", allowed)
    elif len(active) > MOST_PLAYERS:
        what = f"would make {len(active)} to divide among ({', '.join(active)}), with 2**{len(active)} runs a world"
        complaints.add(who, what, f"at most {MOST_PLAYERS}")
    return 0 < len(active) <= MOST_PLAYERS


def _uses_numbers(question: str, mechanisms: Collection[str]) -> bool:
    """Return whether the numbers that go with a question have an effect where these mechanisms answer it."""
    return "single_front_door" in mechanisms if question == "entry" else set(mechanisms) != {"none"}


def _words(value: str | float | tuple[InitiativeRow, ...]) -> str:
    if isinstance(value, str):
        return value.replace("_", " ")
    if isinstance(value, tuple):
        return ", ".join(dict.fromkeys(row.label or row.initiative for row in value)) or "none"
    return f"{value:g}"
