"""The rows of conversations that are being imported."""
