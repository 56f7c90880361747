"""Figures: what is counted of messages and tickets, and how counts of parts add up. No AWS, no clock."""
