"""Long tests begin first, so that no process is left alone with one at the end."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what is marked as slow before the rest; the order is the same in every process."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
