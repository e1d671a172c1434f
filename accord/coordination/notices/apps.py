from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "accord.coordination.notices"
    label = "notices"
