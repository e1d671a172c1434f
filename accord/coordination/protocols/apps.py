from django.apps import AppConfig


class ProtocolsConfig(AppConfig):
    name = "accord.coordination.protocols"
    label = "protocols"
