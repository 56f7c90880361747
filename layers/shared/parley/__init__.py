"""Parley's shared package: each folder may import only those below it — triggers, actions, adapters, domain."""

import gc

# The import of a handler makes 60,000 objects, and all of them stay. By default Python looks for garbage among them at
# every 700th, which is 6 % of a cold start (docs/benchmarks.md). A request leaves next to nothing to the collector.
gc.set_threshold(100_000)
