"""The budgets of docs/benchmarks.md, measured: `python -m bench`, or `make bench`."""
