"""The mechanisms of coordination: each answers one question, and is found by its name.

Importing this package imports every module in it, and so registers all of them: a new file is found by being there.
"""

import importlib
import pkgutil

for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    importlib.import_module(f"{__name__}.{_module}")
