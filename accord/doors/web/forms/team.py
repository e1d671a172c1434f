"""Who works with her, who must not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accord.doors.web.forms.vault import Quiet
from accord.doors.web.labels import CONFLICTS, LIFTED, TIES
from accord.vault import rules


class ConflictForm(forms.Form):
    """Why a member herself steps back from a file."""

    kind = forms.ChoiceField(
        label=_("How do you know her or her family?"),
        choices=[(kind, CONFLICTS[kind]) for kind in rules.DECLARED],
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
    kind = forms.ChoiceField(
        label=_("Why"), choices=[(kind, CONFLICTS[kind]) for kind in (*rules.DECLARED, rules.ASKED_BY_HER)]
    )

    field_order = ("code", "member", "kind")


class LiftForm(forms.Form):
    """Why a wall is lifted."""

    why = forms.ChoiceField(
        label=_("Why may it be lifted?"),
        choices=[(why, LIFTED[why]) for why in rules.LIFTED],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why.")},
    )


class TieForm(forms.Form):
    """Somebody a member is connected to outside work."""

    name = Quiet(
        label=_("First and last name"),
        max_length=rules.LONGEST_LINE,
        error_messages={"required": _("Write the name.")},
    )
    others = Quiet(
        label=_("Other names of the same person, one on each line"), lines=3, max_length=2_000, required=False
    )
    kind = forms.ChoiceField(
        label=_("Who is it?"),
        choices=[(kind, TIES[kind]) for kind in rules.TIES],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one.")},
    )

    @property
    def names(self) -> list[str]:
        """Every name that was typed."""
        return [self.cleaned_data["name"], *self.cleaned_data["others"].splitlines()]
