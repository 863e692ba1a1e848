"""What every mechanism promises, whoever adds it."""
