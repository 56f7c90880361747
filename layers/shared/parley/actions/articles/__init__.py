"""The knowledge base: keeping articles, finding and suggesting them, and voting on them."""
