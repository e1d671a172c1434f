from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "accord.coordination.referrals"
    label = "referrals"
