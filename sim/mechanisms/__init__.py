"""The mechanisms of coordination: each answers one question, and is found by its name.

Importing this package registers all of them.
"""

from sim.mechanisms import discipline, entry, handoff, navigation, records

__all__ = ["discipline", "entry", "handoff", "navigation", "records"]
