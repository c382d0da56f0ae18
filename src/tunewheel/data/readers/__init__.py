"""Readers: one file a format, each a generator of numbered rows."""
