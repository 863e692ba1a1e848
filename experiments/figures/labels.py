"""The names for people that a scenario gives to its needs, providers and vignettes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from matplotlib.font_manager import FontProperties, findfont, get_font

from experiments.figures.fonts import WHOLE
from experiments.figures.tables import plain
from sim.scenario import Scenario
from sim.schema.tables import FRONT_DOOR


@dataclass(frozen=True)
class Labels:
    """Labels by name; what has none is called by its name as words.

    Attributes:
        needs: Of needs.
        providers: Of providers.
        vignettes: Of vignettes.
        services: Of services.
    """

    needs: Mapping[str, str] = field(default_factory=dict)
    providers: Mapping[str, str] = field(default_factory=dict)
    vignettes: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict)

    def need(self, name: str) -> str:
        """Return what a kind of need is called."""
        return self.needs.get(name) or plain(name)

    def provider(self, name: str) -> str:
        """Return what a provider is called."""
        return self.providers.get(name) or plain(name)

    def vignette(self, name: str) -> str:
        """Return what a vignette is called."""
        return self.vignettes.get(name) or plain(name)

    def service(self, name: str) -> str:
        """Return what a service is called."""
        return self.services.get(name) or plain(name)


def labels_of(scenario: Scenario) -> Labels:
    """Return the labels of a scenario, and that of the provider that a single front door adds."""
    tables = scenario.tables
    return Labels(
        needs=_drawable((row.need, row.label) for row in tables.needs),
        providers=_drawable(
            [(FRONT_DOOR, "Single front door"), *((row.provider, row.label) for row in tables.providers)]
        ),
        vignettes=_drawable((row.vignette, row.label) for row in tables.vignettes),
        services=_drawable((row.service, row.label) for row in tables.services),
    )


def is_drawable(text: str) -> bool:
    """Return whether the font of the figures can write a text of one line."""
    return bool(text) and drawable(text) == text


def drawable(text: str) -> str:
    """Return a text with a mark for every letter that the font of the figures does not have."""
    known = _known_letters()
    if known.issuperset(text):
        return text
    return "".join(letter if letter in known else "\N{REPLACEMENT CHARACTER}" for letter in text)


@cache
def _known_letters() -> frozenset[str]:
    """Return what the font of the figures can write, with the end of a line; the font takes long to say so."""
    letters = get_font(findfont(FontProperties(family=WHOLE))).get_charmap()
    return frozenset(map(chr, letters)) | {"\n"}


def titles_of(titles: Mapping[str, str]) -> dict[str, str]:
    """Return titles of arms by name; what the font cannot write is called by its name as words."""
    return {arm: title if is_drawable(title) else plain(arm) for arm, title in titles.items()}


def _drawable(labels: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the labels that the font of the figures can write, each in one line."""
    lines = ((name, " ".join(label.split())) for name, label in labels)
    return {name: label for name, label in lines if is_drawable(label)}
