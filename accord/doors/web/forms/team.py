"""Who works with her, who must not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accord.doors.web.labels import CONFLICTS
from accord.vault import rules


class ConflictForm(forms.Form):
    """Why a member herself steps back from a file."""

    kind = forms.ChoiceField(
        label=_("How do you know her or her family?"),
        choices=[(kind, CONFLICTS[kind]) for kind in rules.CONFLICTS[:-1]],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one.")},
        help_text=_("One word is enough. Nobody asks for the story, and nothing of it is written into her file."),
    )


class ColleagueForm(forms.Form):
    """One colleague; `colleagues` are the ids and names of those who work here."""

    member = forms.TypedChoiceField(
        label=_("Colleague"), coerce=UUID, error_messages={"required": _("Choose a colleague.")}
    )

    def __init__(self, *args: Any, colleagues: Mapping[UUID, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"].choices = [("", _("Choose")), *((str(id), name) for id, name in colleagues.items())]


class WallForm(ColleagueForm):
    """Who is off which file, by its code, and why."""

    code = forms.CharField(
        label=_("Client code"),
        max_length=16,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Type the code that stands on her file.")},
    )
    kind = forms.ChoiceField(label=_("Why"), choices=[(kind, CONFLICTS[kind]) for kind in rules.CONFLICTS])

    field_order = ("code", "member", "kind")
