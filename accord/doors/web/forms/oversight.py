"""What a privacy officer may narrow the log to."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _


class LogForm(forms.Form):
    """Client code, member, refusals, first and last day. `members` are (id, name) of this agency."""

    all_optional = True

    code = forms.CharField(
        label=_("Client code"), max_length=16, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    member = forms.ChoiceField(label=_("Who"), required=False)
    first_day = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    last_day = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    refused = forms.BooleanField(label=_("Only what was refused"), required=False)
    before = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, members: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"].choices = [("", _("Everybody")), *members]

    @property
    def period(self) -> tuple[datetime | None, datetime | None]:
        """The chosen days as a half-open period."""
        first, last = self.cleaned_data.get("first_day"), self.cleaned_data.get("last_day")
        return (
            make_aware(datetime.combine(first, time.min)) if first else None,
            make_aware(datetime.combine(last + timedelta(days=1), time.min)) if last else None,
        )


class KeptForm(forms.Form):
    """Which kept envelope is opened, and for whom. The reason goes into the log with it."""

    envelope = forms.UUIDField(widget=forms.HiddenInput)
    why = forms.ChoiceField(
        label=_("For whom do you open it?"),
        choices=[
            ("", _("Choose")),
            ("defence", _("the defence")),
            ("court", _("the court")),
            ("retention", _("a retention question")),
        ],
        error_messages={"required": _("Say for whom you open it: the defence, the court, or a retention question.")},
    )
