"""Uploading, checking, downloading and deleting attachments."""
