"""The validation itself: its comparisons, small, and the tools that make them."""
