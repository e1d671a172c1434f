from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "accord.coordination.tasks"
    label = "tasks"
