"""Commands for people who change Parley: `make quick` and `make operation`."""
