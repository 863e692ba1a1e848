"""The place of the contract, in the forms that its tests need."""

from __future__ import annotations

import pytest

from sim import Scenario
from tests.contract.rich_place import OWN_SERVICES, rich_place, with_places


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """The rich place, in which people wait for each other."""
    return rich_place(tmp_path_factory.mktemp("contract") / "rich_place")


@pytest.fixture(scope="session")
def roomy(place: Scenario) -> Scenario:
    """The rich place with places for everybody: nobody waits for anybody."""
    return with_places(place, 1_000_000)


@pytest.fixture(scope="session")
def apart(place: Scenario) -> Scenario:
    """The rich place in which people wait for each other only at what belongs to the far district alone.

    The budget is added: under an equal one all services pay for what one district gets.
    """
    return with_places(place, 1_000_000, keeping=OWN_SERVICES).changed({"budget": "added"})
