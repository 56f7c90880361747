"""Rows of profiles and blocks; policies, tokens, tickets."""
