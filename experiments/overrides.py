"""Values on the command line that Hydra would refuse with words about its own insides, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sim.schema.barriers import Barriers
from sim.schema.problems import Complaints, listing

COMMAND_LINE = "command line"
_LEVELS = frozenset(f"barriers.{name}" for name in Barriers.model_fields)
"""Each is one value, though it may look like a group of them: levels of sectors, professions and pairs."""


def check_value(override: Override, base: DictConfig, complaints: Complaints) -> None:
    """Note a problem if a value is not of the kind that belongs to its name.

    Args:
        override: One NAME=VALUE of the command line.
        base: The configuration without it.
        complaints: Receives the problem.
    """
    if override.is_delete():
        return
    name, value = override.key_or_group, override.value()
    text = f"{override.input_line!r} is not possible"
    try:
        before = OmegaConf.select(base, name)
    except OmegaConfBaseException:
        return
    if name == "hydra.verbose":
        if not _is_verbose(value):
            complaints.add(COMMAND_LINE, text, "true, false, or names of loggers such as [hydra,NAME]")
    elif name in _LEVELS:
        # Checked when the place is known: a number may take the place of a mapping, and the other way round.
        return
    elif isinstance(before, DictConfig) and not isinstance(value, Mapping) and not _is_reference(value):
        keys = listing(list(map(str, before)))
        complaints.add(COMMAND_LINE, f"{text}: {name} is a group of values", f"{name}.NAME=VALUE, with NAME {keys}")
    elif isinstance(before, ListConfig) and isinstance(value, Mapping):
        complaints.add(COMMAND_LINE, f"{text}: {name} is a list", f"{name}=[NAME,...]")


def is_within_level(name: str) -> bool:
    """Return whether a name is one of the names that the level of a barrier may have: only the place knows them."""
    return name.rpartition(".")[0] in _LEVELS


def with_levels_replaced(overrides: Iterable[str]) -> list[str]:
    """Return a command line in which a level takes the place of the scenario's own.

    Hydra would put one mapping over the other, and refuse the names that are new: so the old one is set to 0 first.
    """
    result = []
    for text in overrides:
        name, _, value = text.partition("=")
        if name.strip() in _LEVELS and any(mark in value for mark in "{["):
            result.append(f"{name}=0")
        result.append(text)
    return result


def blamed(overrides: Iterable[str]) -> str:
    """Return what to say before an error of Hydra's own: the overrides that it may be about, if there are any."""
    own = [text for text in overrides if text.lstrip("+~").startswith("hydra")]
    return f"Hydra cannot use {'one of ' if len(own) > 1 else ''}{', '.join(own)}: " if own else ""


def _is_verbose(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    return isinstance(value, bool) or all(isinstance(name, str) for name in names)


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and "${" in value
