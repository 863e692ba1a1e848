"""Take the agents from a build, if there is one of exactly these sources; else they run as they are.

``python -m sim.accelerate`` (``make compiled``) makes the build. It lies in the user's cache, outside the sources, in a
folder named by a hash of every source of the model, of Python, mypy and librt: after any change another name is looked
for, so that a build that is out of date is never taken. Results are the same to the bit with and without it.

Import this before any other module of the package.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

SWITCH = "CITIZEN_JOURNEYS_COMPILED"
"""Environment variable: 0 lets the sources run as they are."""

PACKAGE = Path(__file__).resolve().parent

MODULES = (
    "sim.agents.citizen",
    "sim.agents.contracts",
    "sim.agents.crisis",
    "sim.agents.desk",
    "sim.agents.episode",
    "sim.agents.handoff",
    "sim.agents.navigator",
    "sim.agents.pooling",
    "sim.agents.provider",
    "sim.agents.service",
    "sim.agents.spell",
    "sim.agents.team",
    "sim.agents.unmet",
    "sim.codes",
    "sim.direct",
    "sim.events",
    "sim.in_force",
    "sim.landscape",
    "sim.ledger",
    "sim.levels",
    "sim.model",
)
"""What is compiled: together, since compiled classes know each other. Mechanisms are not: anybody may add one."""


def cache_base() -> Path:
    """Return the folder of all that is compiled."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "citizen-journeys"


def build_name(package: Path = PACKAGE) -> str:
    """Return a name for the sources in a package, this Python, and the mypy and librt that are installed."""
    # Only here: it takes a while to load, and is not needed where nothing has been compiled.
    from importlib.metadata import PackageNotFoundError, version

    tools = []
    for name in ("mypy", "librt"):
        try:
            tools.append(version(name))
        except PackageNotFoundError:
            tools.append("")
    digest = hashlib.blake2b("\0".join((sys.version, EXTENSION_SUFFIXES[0], *tools)).encode(), digest_size=12)
    for file in sorted(package.rglob("*.py")):
        source = file.read_bytes()
        digest.update(f"\0{file.relative_to(package).as_posix()}\0{len(source)}\0".encode() + source)
    return f"agents-{digest.hexdigest()}"


def parts_of(folder: Path) -> dict[str, Path]:
    """Return the files of a build by the names of their modules; nothing if it is not complete."""
    suffix = EXTENSION_SUFFIXES[0]
    shared = {file.name.removesuffix(suffix): file for file in folder.glob(f"*__mypyc{suffix}")}
    own = {module: folder / f"{module.replace('.', '/')}{suffix}" for module in MODULES}
    return {**shared, **own} if shared and all(file.is_file() for file in own.values()) else {}


def present(package: Path = PACKAGE) -> dict[str, Path]:
    """Return the files of the build of a package as it is now, by the names of their modules; nothing without one."""
    base = cache_base()
    if os.environ.get(SWITCH) == "0" or not any(base.glob("agents-*")):
        return {}
    return parts_of(base / build_name(package))


class Prebuilt(MetaPathFinder):
    """Finds the modules of a build."""

    def __init__(self, parts: Mapping[str, Path]) -> None:
        self._parts = parts

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module is, if it is in the build."""
        file = self._parts.get(fullname)
        return None if file is None else spec_from_file_location(fullname, file)


def _take() -> bool:
    """Have the modules taken from the build of these sources, and return whether there is one."""
    parts = present()
    if not parts:
        return False
    finder = Prebuilt(parts)
    sys.meta_path.insert(0, finder)
    try:
        for name in (*(parts.keys() - set(MODULES)), "librt.strings"):
            importlib.import_module(name)
    except ImportError as error:
        # Made on another machine that shares the cache, say.
        sys.meta_path.remove(finder)
        warnings.warn(f"the compiled agents cannot be loaded, and run as they are: {error}", stacklevel=2)
        return False
    return True


IS_TAKEN = _take()
"""Whether the agents are compiled in this process."""
