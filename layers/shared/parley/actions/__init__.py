"""What may happen and what follows: fetch what the caller may see, decide, write, tell the others."""
