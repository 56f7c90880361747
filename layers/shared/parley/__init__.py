"""Parley's shared package: each folder may import only those below it — triggers, actions, adapters, domain."""

import gc

# The start of a handler makes 80,000 to 110,000 objects, and all of them stay. By default Python looks for garbage
# among them at every 700th, which is 6 % of a cold start (docs/benchmarks.md). One look at the 100,000th takes the
# authorizers 23 ms more. A request leaves next to nothing to the collector.
gc.set_threshold(200_000)
