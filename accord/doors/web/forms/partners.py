"""Forms of the directory and of agreements."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accord.doors.web.labels import KINDS_OF_AGENCY, label
from accord.partners.queries import AgencyCard
from accord.policy.words import AgencyKind

#: Names typed here are hers or her people's: no browser keeps or checks them.
QUIET = {"autocomplete": "off", "spellcheck": "false"}


class FindingForm(forms.Form):
    """A form in which partners are ticked. The list can be narrowed first, so that nobody goes through a whole county
    to reach one; who is ticked stays in it. `finding`: she asks to see a shorter list and has not finished."""

    named = forms.CharField(
        label=_("Find a partner"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs=QUIET | {"type": "search"}),
    )

    def offer(self, field: str, cards: Iterable[AgencyCard]) -> None:
        """Put the agencies that are called so, are of this kind or are ticked already into the list of this field."""
        self.finding = "find" in self.data
        named, ticked = (self["named"].value() or "").strip().casefold(), self[field].value() or ()
        self.fields[field].choices = [
            (str(card.id), card.name)
            for card in cards
            if str(card.id) in ticked or named in f"{card.name} {label(card.kind)}".casefold()
        ]

    def full_clean(self) -> None:
        """What is not filled in yet is no mistake of somebody who only narrows the list."""
        super().full_clean()
        if self.is_bound and self.finding:
            self.errors.clear()


class KindForm(forms.Form):
    """Which kind of partner she looks for."""

    all_optional = True

    kind = forms.ChoiceField(label=_("Kind of agency"), required=False)

    def __init__(self, *args: Any, kinds: Iterable[AgencyKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", _("Every kind")), *((kind.value, KINDS_OF_AGENCY[kind]) for kind in kinds)]


class EntryForm(forms.Form):
    """What an agency writes about itself in the directory."""

    point_person = forms.CharField(label=_("Point person"), max_length=120, help_text=_("Whom a partner asks first."))
    deputy = forms.CharField(label=_("Deputy"), max_length=120, required=False)
    phone = forms.CharField(
        label=_("Phone"), max_length=40, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    hours = forms.CharField(
        label=_("When somebody answers"),
        max_length=120,
        required=False,
        help_text=_("Mon to Fri, 8 to 17; or: always."),
    )
    languages = forms.CharField(label=_("Languages spoken"), max_length=120, required=False)
    about = forms.CharField(
        label=_("What partners can ask you"),
        max_length=600,
        required=False,
        help_text=_("In your own words, at most 600 characters. Every agency here reads it: name no client."),
        widget=forms.Textarea(attrs={"rows": 5, "maxlength": 600}),
    )


class AccessForm(forms.Form):
    """Who of the agency's workers may open a file."""

    access = forms.ChoiceField(
        label=_("Who here opens a client's file"),
        choices=[
            ("everyone", _("Every worker and supervisor")),
            ("team", _("Only those who work with her, and supervisors")),
        ],
        widget=forms.RadioSelect,
    )


class SuspendForm(forms.Form):
    """Why a party lets its part rest."""

    because = forms.CharField(
        label=_("Why"),
        max_length=300,
        help_text=_("The other parties read it, so that they can put it right. Name no client."),
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 300}),
    )
