from django.apps import AppConfig


class TracksConfig(AppConfig):
    name = "accord.coordination.tracks"
    label = "tracks"
