"""Compile the agents, unchanged, with mypyc: ``python -m sim.accelerate`` (``make compiled``).

Needs the extra ``dev`` and a C compiler. See :mod:`sim.prebuilt` for where the build is kept and when it is taken.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
import sysconfig
import tempfile
from importlib.util import find_spec
from pathlib import Path

from sim.prebuilt import MODULES, PACKAGE, build_name, cache_base, parts_of

_SETTINGS = "[mypy]\nplugins = pydantic.mypy\nignore_missing_imports = True\nwarn_unused_configs = False\n"
_NO_CONTRACTION = "-ffp-contract=off"
"""Some processors multiply and add with one rounding: results would differ in the last bit."""


def main() -> int:
    """Compile and say where the build is; return the exit status."""
    missing = what_is_missing()
    if missing:
        print(f"cannot compile the agents, which run as they are: {missing}", file=sys.stderr)
        return 1
    print(f"the agents are compiled in {build()}")
    return 0


def what_is_missing() -> str:
    """Return what keeps the agents from being compiled, and what to do about it; nothing if nothing does."""
    # librt comes with mypy, and later ones have what the ledger needs of it.
    for name in ("mypyc", "setuptools", "librt", "librt.strings"):
        if find_spec(name) is None:
            return f"{name} is needed (mypyc and librt come with mypy 2.4); install the extra dev: pip install '.[dev]'"
    command = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "")
    if not command or shutil.which(command[0]) is None:
        return f"no C compiler ({' '.join(command) or 'none known'}); install one (gcc or clang), or name it in CC"
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        return "the headers of Python are needed; install them (a package called python3-dev or python3-devel, mostly)"
    return ""


def build() -> Path:
    """Compile, unless it is done already, and return the folder."""
    final = cache_base() / build_name()
    if parts_of(final):
        return final
    cache_base().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_base(), prefix="compiling-") as work:
        made = _compiled(Path(work))
        if not parts_of(made):
            raise RuntimeError(f"the compiler left out some of {', '.join(MODULES)}")
        shutil.rmtree(final, ignore_errors=True)
        try:
            # Whole or not at all: nobody ever sees half of a build.
            made.rename(final)
        except OSError:
            # Somebody else has made the same meanwhile.
            if not parts_of(final):
                raise
    return final


def _compiled(work: Path) -> Path:
    """Compile in a folder, and return where the modules are."""
    # Only here: nothing else of the model needs them.
    from mypyc.build import mypycify
    from setuptools import Distribution

    settings = work / "mypy.ini"
    settings.write_text(_SETTINGS, encoding="utf-8")
    files = [f"{module.replace('.', '/')}.py" for module in MODULES]
    options = ["--config-file", str(settings), "--cache-dir", str(work / "mypy")]
    # By relative names: tracebacks show the lines of whichever checkout is imported.
    with contextlib.chdir(PACKAGE.parent):
        extensions = mypycify([*options, *files], opt_level="3", debug_level="0", target_dir=str(work / "c"))
        for extension in extensions:
            extension.extra_compile_args.append(_NO_CONTRACTION)
        command = Distribution({"name": "agents", "ext_modules": extensions}).get_command_obj("build_ext")
        command.build_lib, command.build_temp = str(work / "modules"), str(work / "objects")
        command.ensure_finalized()
        command.run()
    return work / "modules"


if __name__ == "__main__":
    sys.exit(main())
