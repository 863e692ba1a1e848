"""The mark that mypyc reads on classes; without mypyc it does nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from mypy_extensions import mypyc_attr as mypyc_attr
else:
    KindT = TypeVar("KindT", bound=type)

    def mypyc_attr(**settings: bool) -> Callable[[KindT], KindT]:
        """Leave the class as it is."""
        return lambda kind: kind
