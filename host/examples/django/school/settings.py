"""Settings of the school: Django's own users and groups, and the addresses of Parley."""

import os
from pathlib import Path

PARLEY_URL = os.environ["PARLEY_URL"]
PARLEY_SECRET = os.environ["PARLEY_SECRET"]

SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ROOT_URLCONF = "school.urls"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "school.apps.School"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DATABASE", Path(__file__).parents[1] / "school.sqlite3"),
    }
}
