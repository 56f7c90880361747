"""Examines files that users have uploaded: bytes in, a clean copy or a refusal out. Only the scanner has this layer.

Native decoders read hostile bytes here, so a process may die of a file; the caller must bound its attempts.
"""
