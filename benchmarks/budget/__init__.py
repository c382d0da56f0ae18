"""What a budget buys: score against wall seconds, throughput, memory; `python -m benchmarks.budget`."""
