"""Forms of pages that show no record."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accord.doors.web.signin import PASSWORD_HELP


class EnrolForm(forms.Form):
    """What she knows after her director has read the code to her, and the password she chooses."""

    email = forms.EmailField(
        label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_("Four groups of four, like 7KQ2-M4XP-W9TB-3HNR. It works once, for seven days."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Choose a password"),
        strip=False,
        help_text=PASSWORD_HELP,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The same password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_code(self) -> str:
        """As it was read out: spaces, dashes and small letters do not matter."""
        letters = re.sub(r"[^0-9A-Z]", "", str(self.cleaned_data["code"]).upper())
        return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if "password" in given and "again" in given and given["password"] != given["again"]:
            self.add_error("again", _("This is not the same password."))
        return given
