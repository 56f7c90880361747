"""The application: its hooks are connected at the start."""

from django.apps import AppConfig


class School(AppConfig):
    name = "school"

    def ready(self) -> None:
        from . import hooks  # noqa: F401  # Django finds the receivers by this import
