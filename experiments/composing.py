"""What Hydra composes a configuration from, and composing one without running it.

The model knows nothing of Hydra. Before Hydra starts, the defaults of the schema and the ``scenario.yaml`` of every
place are put into its store, so that ``--cfg job`` shows every value that is really used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import compose
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_automatic_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.version import setbase
from omegaconf import DictConfig, OmegaConf

from experiments.overrides import with_levels_replaced
from sim import shipped
from sim.coordination import Coordination
from sim.scenario import find_folder, read_settings, shipped_names
from sim.schema.parameters import Parameters
from sim.schema.problems import BadInputError, Complaints, closest
from sim.schema.reading import is_folder
from sim.schema.validation import merged

VERSION_BASE = "1.3"
FOLDER_KEY = "scenario.folder"
OTHER_PLACE = "another_place_of_a_sweep"
"""Option of the group ``scenario`` that stands for a place while a configuration is composed with it."""


def config_folder() -> Path:
    """Return the folder of the shipped configuration."""
    return shipped.folder("conf").resolve()


def register_defaults() -> None:
    """Put the schema's defaults and the shipped places into Hydra's store."""
    store = ConfigStore.instance()
    store.store("parameters", Parameters().model_dump(mode="json"), provider="sim")
    # What an earlier call in the same process has put there.
    store.repo.pop("coordination", None)
    mechanisms = {"coordination": Coordination().model_dump(mode="json")}
    store.store("mechanisms", mechanisms, provider="sim")
    for name in shipped_names():
        _register_place(name, name)


def choose_folders(overrides: Sequence[str], complaints: Complaints) -> list[str]:
    """Turn ``scenario.folder=PATH`` into the choice of a place that Hydra can compose from.

    Args:
        overrides: The command line; ``scenario.folder=A,B`` sweeps over folders.
        complaints: Receives every folder that does not exist.

    Returns:
        The command line with ``scenario=NAME`` for folders that exist, and without those that do not.
    """
    result = []
    taken = set(shipped_names())
    for override in overrides:
        key, separator, value = override.partition("=")
        if key.strip() != FOLDER_KEY or not separator:
            result.append(override)
            continue
        names = [_choose_folder(place, taken, complaints) for place in _places(value)]
        if all(names):
            result.append("scenario=" + ",".join(names))
    return result


def spell_out(overrides: Sequence[str]) -> list[str]:
    """Turn ``coordination=NAME+mechanism:value`` into what Hydra can compose.

    That is the name, then each change of it; in a sweep, where each value stands for one job, an option of its own.

    Args:
        overrides: The command line; what is not of this form stays as it is.
    """
    result = []
    for override in overrides:
        key, _, value = override.partition("=")
        names = [name.strip() for name in value.split(",")] if key == "coordination" else []
        if len(names) > 1:
            for name in names:
                _register_changed(name)
        if len(names) == 1 and all(":" in change for change in _changes(value)):
            changes = (f"coordination.{change.replace(':', '=', 1)}" for change in _changes(value))
            result += [f"coordination={value.partition('+')[0]}", *changes]
        else:
            result.append(override)
    return result


@contextmanager
def composer(command: str, config_dir: str | None) -> Iterator[Hydra]:
    """Make Hydra ready to compose with the same search path as ``hydra.main`` has.

    Args:
        command: Name of the job, for ``hydra.job.name``.
        config_dir: The user's ``--config-dir``.

    Yields:
        Hydra; :func:`compose_job` works while the context lasts.
    """
    setbase(VERSION_BASE)
    path = create_automatic_config_search_path(None, None, str(config_folder()))
    if config_dir is not None:
        directory = f"file://{Path(config_dir).resolve()}"
        path.prepend("command-line", directory, anchor=SearchPathQuery(provider="schema"))
    GlobalHydra.instance().clear()
    try:
        yield Hydra.create_main_hydra2(command, path)
    finally:
        GlobalHydra.instance().clear()


def compose_job(config_name: str, overrides: Sequence[str]) -> DictConfig:
    """Compose one job's configuration, Hydra's own part included."""
    return compose(config_name, with_levels_replaced(overrides), return_hydra_config=True)


def plain(config: DictConfig) -> dict[str, Any]:
    """Return a job's configuration, without Hydra's part, as plain data."""
    data = OmegaConf.to_container(
        OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"]), resolve=True
    )
    assert isinstance(data, dict)
    return {str(key): value for key, value in data.items()}


def composed_elsewhere(hydra: Any, place: str) -> dict[str, Any]:
    """Return a job's configuration as it would be with another place, all else that was said being the same.

    Args:
        hydra: Hydra's own part of the job's configuration.
        place: Name of a shipped place, or a folder.
    """
    _register_place(OTHER_PLACE, place)
    try:
        said = [text for text in hydra.overrides.task if text.partition("=")[0].strip() != "scenario"]
        return plain(compose_job(hydra.job.config_name, [*said, f"scenario={OTHER_PLACE}"]))
    finally:
        ConfigStore.instance().repo["scenario"].pop(f"{OTHER_PLACE}.yaml")


def coordination_folders(hydra: Any) -> list[Path]:
    """Return the folders from which a job may take coordinations, first the ones that win.

    Args:
        hydra: Hydra's own part of the job's configuration.
    """
    sources = hydra.runtime.config_sources
    paths = [Path(source.path) / "coordination" for source in sources if source.schema == "file"]
    return [path for path in paths if path.is_dir()]


def registered_folder(choice: str) -> str | None:
    """Return the folder of an option of the group ``scenario``; None for an option of a user's own."""
    entry = ConfigStore.instance().repo.get("scenario", {}).get(f"{choice}.yaml")
    return None if entry is None else str(entry.node.scenario.folder)


def _changes(name: str) -> list[str]:
    return name.split("+")[1:]


def _register_changed(name: str) -> None:
    """Make ``NAME+mechanism:value`` an option that is composed from the one it changes, a user's own or a shipped."""
    pairs = [change.partition(":")[::2] for change in _changes(name)]
    if pairs and all(mechanism and value for mechanism, value in pairs):
        content = {"defaults": [name.partition("+")[0], "_self_"], **dict(pairs)}
        ConfigStore.instance().store(name, content, group="coordination", provider="sim")


def _places(value: str) -> list[str]:
    """Split the value of ``scenario.folder``; a folder whose name has a comma or a quote in it is one value."""
    bare = value.strip()
    if is_folder(bare):
        return [bare]
    return [part.strip().strip("'\"") for part in bare.split(",")]


def _choose_folder(place: str, taken: set[str], complaints: Complaints) -> str:
    """Register a folder as an option of the group ``scenario`` and return its name; "" if there is no such folder."""
    if not place or not is_folder(place):
        if place in shipped_names():
            return place
        if place and _is_file(place):
            complaints.add(FOLDER_KEY, f"{place!r} is not a folder but a file", "a folder of tables with scenario.yaml")
            return ""
        hint = closest(place, shipped_names())
        complaints.add(FOLDER_KEY, f"there is no folder {place!r}", hint=f"scenario={hint}" if hint else "")
        return ""
    folder = Path(place).expanduser()
    base = _option_name(folder.resolve().name)
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    taken.add(name)
    # A path without a separator would be taken for the name of a shipped place.
    _register_place(name, str(folder) if len(folder.parts) > 1 else f"./{folder}")
    return name


def _is_file(place: str) -> bool:
    try:
        return Path(place).expanduser().is_file()
    except (OSError, RuntimeError, ValueError):
        return False


def _option_name(folder: str) -> str:
    """Return a word that Hydra reads as the name of an option, whatever a folder is called."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", folder)
    # Hydra would read these as a number, a truth value or nothing at all.
    plain_word = name[:1].isalpha() and name.lower() not in ("null", "true", "false", "nan", "inf")
    return name if plain_word else f"place_{name}"


def _register_place(name: str, folder: str) -> None:
    content = merged(_usable(_settings(folder)), {"scenario": {"folder": _escaped(folder)}})
    ConfigStore.instance().store(name, content, group="scenario", package="_global_", provider="sim")


def _escaped(text: str) -> str:
    """Return text in which nothing is a reference for Hydra: ``${`` and the backslashes before it are escaped."""
    return re.sub(r"(\\*)\$\{", lambda found: 2 * found[1] + r"\${", text)


def _settings(folder: str) -> dict[str, Any]:
    """Read the parameters of a ``scenario.yaml``; what is wrong with them is said when the place is loaded."""
    try:
        data = read_settings(find_folder(folder), Complaints())
    except BadInputError:
        return {}
    return {name: data[name] for name in Parameters.model_fields if isinstance(data.get(name), Mapping | str)}


def _usable(data: Mapping[Any, Any]) -> dict[str, Any]:
    """Leave out what Hydra cannot hold or would read as a reference."""
    result: dict[str, Any] = {}
    for name, value in data.items():
        if isinstance(value, Mapping):
            result[str(name)] = _usable(value)
        elif value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and "${" not in value):
            result[str(name)] = value
    return result
