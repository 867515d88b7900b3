"""Many callers at once, over any line of a gateway that runs: `greenroom load`, benchmarks."""
