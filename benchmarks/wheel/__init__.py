"""A year of the wheel, replayed on real data: `make bench-wheel`, or `python -m benchmarks.wheel --stream NAME`."""
