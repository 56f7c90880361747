"""Moving in: what another system's conversations must be to become Parley's."""
