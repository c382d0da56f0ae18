"""Tuning: the parts of `tune`, from the floors to the registered version."""
