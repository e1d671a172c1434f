from django.apps import AppConfig


class GapsConfig(AppConfig):
    name = "accord.learning.gaps"
    label = "gaps"
