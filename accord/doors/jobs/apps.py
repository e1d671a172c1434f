from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "accord.doors.jobs"
    label = "jobs"

    def ready(self) -> None:
        from procrastinate.contrib.django import app

        # A job that went well has left its leaf or its checkpoint: its own row would only pile up.
        app.worker_defaults["delete_jobs"] = "successful"
