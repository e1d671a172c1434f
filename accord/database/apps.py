from django.apps import AppConfig


class DatabaseConfig(AppConfig):
    name = "accord.database"
    label = "database"
