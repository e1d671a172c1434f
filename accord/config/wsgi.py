"""The web application. It refuses to exist on a database connection that could undo row-level security."""

import os

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application

from accord.config.environment import check_connection, environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "accord.config.settings")
check_connection(environment().connection_url)
# A stylesheet, an icon and one script: no second server and no build step for three small files.
application = StaticFilesHandler(get_wsgi_application())
