"""Rows of exports, and their files in S3."""
