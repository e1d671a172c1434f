from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "accord.doors.web"
    label = "web"
