"""Figures of comparisons and runs."""
