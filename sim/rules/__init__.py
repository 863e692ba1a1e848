"""Decisions as functions of numbers: small, pure, compiled. The agents call them and are kept apart from them."""
