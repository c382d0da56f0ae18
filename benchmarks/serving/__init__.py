"""Serving beside its rivals: speed, bulk, overload and a soak with faults; `python -m benchmarks.serving`."""
