"""Moving in: bulk operations by which the host's own server brings the conversations of another system along."""
