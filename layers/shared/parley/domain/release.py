"""The release of Parley, which clients and operators see. CHANGELOG.md lists its changes."""

VERSION = "0.2.0"
