"""Which release of Parley this is; CHANGELOG.md says what is in it. Clients and operators see it."""

VERSION = "0.2.0"
