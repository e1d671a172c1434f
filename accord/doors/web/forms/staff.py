"""Forms for members and keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accord.coordination.tasks.rules import LONGEST_NOTE
from accord.doors.web.forms.vault import Quiet
from accord.doors.web.labels import ROLES
from accord.partners.queries import MemberLine
from accord.policy.words import Role

STAFF = (Role.WORKER, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.RECORDS_OFFICER, Role.DIRECTOR)


class LeavingForm(forms.Form):
    """To whom what she holds goes. Asked only when she works with somebody."""

    to = forms.ChoiceField(label=_("Who works with them from now on"), widget=forms.RadioSelect)
    note = Quiet(label=_("What she needs to know"), lines=3, max_length=LONGEST_NOTE, required=False)

    def __init__(self, *args: Any, takers: Iterable[MemberLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [
            *((str(taker.id), f"{taker.name} · {taker.title}" if taker.title else taker.name) for taker in takers),
            ("nobody", _("Nobody yet: a supervisor finds them in her list and decides")),
        ]

    @property
    def taker(self) -> UUID | None:
        chosen = self.cleaned_data["to"]
        return None if chosen == "nobody" else UUID(chosen)


class RolesForm(forms.Form):
    """What a member may do; each role with its sentence of the law."""

    roles = forms.TypedMultipleChoiceField(
        label=_("What she does here"), coerce=Role, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, sentences: Mapping[Role, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["roles"].choices = [(role.value, ROLES[role]) for role in STAFF]
        self.means = [(ROLES[role], sentences[role]) for role in STAFF]


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
