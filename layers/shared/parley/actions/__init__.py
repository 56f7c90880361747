"""The operations: fetch what the caller may see, decide, write, tell the others."""
