"""The support desk's configuration and rows."""
