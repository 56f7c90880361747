"""Rows of attachments, and their files in S3."""
