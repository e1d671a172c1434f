"""The web application. It refuses to exist on a database connection that could undo row-level security."""

import os

from django.core.wsgi import get_wsgi_application

from accord.config.environment import check_connection, environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "accord.config.settings")
check_connection(environment().connection_url)
application = get_wsgi_application()
