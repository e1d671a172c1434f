"""The web application. It refuses to exist on a database connection that could undo row-level security."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from accord.config.environment import check_connection, environment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "accord.config.settings")
check_connection(environment().connection_url)
application = get_wsgi_application()
# What a process has loaded stays. Looking through all of it again and again for garbage took a sixth of every page.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 50, 50)
