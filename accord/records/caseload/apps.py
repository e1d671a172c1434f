from django.apps import AppConfig


class CaseloadConfig(AppConfig):
    name = "accord.records.caseload"
    label = "caseload"
