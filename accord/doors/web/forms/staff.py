"""Forms for members and keys."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accord.doors.web.labels import ROLES
from accord.policy.words import Role

STAFF = (Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER, Role.DIRECTOR)


class MemberForm(forms.Form):
    """Somebody who is to be let in."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    title = forms.CharField(
        label=_("Title"), max_length=120, required=False, help_text=_("As colleagues say it: advocate, night nurse.")
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("Only to sign in with. Nothing is sent to it."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    roles = forms.TypedMultipleChoiceField(
        label=_("What she does here"),
        choices=[(role.value, ROLES[role]) for role in STAFF],
        coerce=Role,
        widget=forms.CheckboxSelectMultiple,
    )
    language = forms.ChoiceField(label=_("Language of her pages"), choices=settings.LANGUAGES)
