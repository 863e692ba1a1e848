"""The model against known theory."""
