"""The rows of the knowledge base, in the table of tickets."""
