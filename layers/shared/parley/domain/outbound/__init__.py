"""Requests to servers of others: which addresses they may go to."""
