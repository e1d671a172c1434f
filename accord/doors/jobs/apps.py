from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "accord.doors.jobs"
    label = "jobs"
