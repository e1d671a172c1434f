"""Forms of the directory and of agreements."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accord.doors.web.labels import CATEGORIES, KINDS_OF_AGENCY, MECHANISMS, PURPOSES
from accord.partners.queries import AgencyCard
from accord.partners.rules import AGREEABLE, AGREED_FOR
from accord.policy.words import AgencyKind, Category, Purpose

#: The review is proposed for a year later.
YEAR = timedelta(days=364)


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


class AgreementForm(forms.Form):
    """The text of an agreement. `others`: agencies that could be parties beside the one that proposes."""

    title = forms.CharField(
        label=_("Title"), max_length=160, help_text=_("Every agency here can read it. Name no client.")
    )
    parties = forms.TypedMultipleChoiceField(
        label=_("Between you and"), coerce=UUID, widget=forms.CheckboxSelectMultiple
    )
    categories = forms.TypedMultipleChoiceField(
        label=_("About what"),
        choices=[(each.value, CATEGORIES[each]) for each in AGREEABLE],
        coerce=Category,
        widget=forms.CheckboxSelectMultiple,
    )
    purposes = forms.TypedMultipleChoiceField(
        label=_("For what"),
        choices=[(each.value, PURPOSES[each]) for each in AGREED_FOR],
        coerce=Purpose,
        widget=forms.CheckboxSelectMultiple,
    )
    mechanism = forms.ChoiceField(
        label=_("How you tell each other"), choices=list(MECHANISMS.items()), widget=forms.RadioSelect
    )
    first_day = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    review_day = forms.DateField(
        label=_("Review by"),
        help_text=_("Within a year. Nothing rests on it after that day, unless you sign a new one."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, others: Iterable[AgencyCard], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parties"].choices = [(str(card.id), card.name) for card in others]
        self.fields["mechanism"].initial = "envelope"
        self.fields["first_day"].initial = today
        self.fields["review_day"].initial = today + YEAR

    def words(self, ours: UUID) -> dict[str, Any]:
        """What `partners.actions.propose` takes; the review day is the last one that counts."""
        given = self.cleaned_data
        return {
            "title": given["title"],
            "parties": frozenset({ours, *given["parties"]}),
            "categories": frozenset(given["categories"]),
            "purposes": frozenset(given["purposes"]),
            "mechanism": given["mechanism"],
            "since_at": _midnight(given["first_day"]),
            "until_at": _midnight(given["review_day"] + timedelta(days=1)),
        }


class SuspendForm(forms.Form):
    """Why a party lets its part rest."""

    because = forms.CharField(
        label=_("Why"),
        max_length=300,
        help_text=_("The other parties read it, so that they can put it right. Name no client."),
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 300}),
    )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
