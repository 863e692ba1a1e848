"""Peers: other simulators and published models, independent of ``sim/``, and what the model makes of the same.

A peer shares numbers with the model and nothing else. Each module gives ``comparisons`` and a ``part`` of the page.
"""
