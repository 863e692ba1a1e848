"""Values on the command line that Hydra would refuse with words about its own insides, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sim.schema.problems import Complaints, listing

COMMAND_LINE = "command line"


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
    elif isinstance(before, DictConfig) and not isinstance(value, Mapping) and not _is_reference(value):
        keys = listing(list(map(str, before)))
        complaints.add(COMMAND_LINE, f"{text}: {name} is a group of values", f"{name}.NAME=VALUE, with NAME {keys}")
    elif isinstance(before, ListConfig) and isinstance(value, Mapping):
        complaints.add(COMMAND_LINE, f"{text}: {name} is a list", f"{name}=[NAME,...]")


def blamed(overrides: Iterable[str]) -> str:
    """Return what to say before an error of Hydra's own: the overrides that it may be about, if there are any."""
    own = [text for text in overrides if text.lstrip("+~").startswith("hydra")]
    return f"Hydra cannot use {'one of ' if len(own) > 1 else ''}{', '.join(own)}: " if own else ""


def _is_verbose(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    return isinstance(value, bool) or all(isinstance(name, str) for name in names)


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and "${" in value
