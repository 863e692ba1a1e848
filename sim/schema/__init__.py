"""The one schema of all parameters and tables, and how input is checked against it."""
