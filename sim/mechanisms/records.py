"""Records: who sees what another organisation has written down?"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sim.mechanisms.registry import mechanism

if TYPE_CHECKING:
    from sim.agents.provider import Provider
    from sim.levels import Levels
    from sim.model import JourneyModel


@mechanism("records", "separate", evidence="the usual state of places")
class SeparateRecords:
    """Every provider sees only its own records: whoever receives a citizen assesses again."""

    name: ClassVar[str]

    def __init__(self, model: JourneyModel, levels: Levels) -> None:
        pass

    def shares(self, holder: Provider, reader: Provider) -> bool:
        """Return whether ``reader`` can look into the records of ``holder``."""
        return False

    def transfer_factor(self, holder: Provider, reader: Provider) -> float:
        """Return the factor on the transfer time of a referral between them."""
        return 1.0


@mechanism("records", "partial", evidence="common systems within a sector; effect assumed")
class PartialRecords(SeparateRecords):
    """Providers on the same record system see each other's records."""

    def __init__(self, model: JourneyModel, levels: Levels) -> None:
        self._faster = model.parameters.records.shared_days

    def shares(self, holder: Provider, reader: Provider) -> bool:
        """Return whether ``reader`` can look into the records of ``holder``."""
        return holder.record_system is not None and holder.record_system == reader.record_system

    def transfer_factor(self, holder: Provider, reader: Provider) -> float:
        """Return the factor on the transfer time of a referral between them."""
        return self._faster if self.shares(holder, reader) else 1.0


@mechanism("records", "shared", evidence="shared care records; effect assumed")
class SharedRecords(PartialRecords):
    """Every provider sees every record: no second assessment, faster transfer."""

    def shares(self, holder: Provider, reader: Provider) -> bool:
        """Return whether ``reader`` can look into the records of ``holder``."""
        return True
