"""The measurements that Tunewheel is held to: `make bench-main`, or `python -m benchmarks.main --set NAME`."""
