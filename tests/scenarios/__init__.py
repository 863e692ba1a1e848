"""Tests of the shipped places."""
