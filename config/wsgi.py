"""WSGI entry point, served by config.server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

# After Django is set up, and before the first request opens a session.
from jobs.limits import WEB, limit_sessions  # noqa: E402

limit_sessions(WEB)
