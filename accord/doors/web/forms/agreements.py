"""Forms of drafts: one for each section, made from the table of sections; rows of the matrix; comments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accord.agreements.rules import Content, Ground, Item, Kind, Section
from accord.doors.web.forms.partners import FindingForm
from accord.doors.web.labels import CATEGORIES, GROUNDS, MECHANISMS, PURPOSES
from accord.partners.queries import AgencyCard
from accord.partners.rules import AGREEABLE, AGREED_FOR
from accord.policy.words import Category, Purpose

#: Items whose lines are one field each, named item and key.
BETWEEN = "__"
#: The review is proposed for a year later.
YEAR = timedelta(days=364)


class AgreementForm(FindingForm):
    """What a draft begins with. `others`: agencies that could be parties beside the one that begins it."""

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
        self.offer("parties", others)
        self.fields["mechanism"].initial = "envelope"
        self.fields["first_day"].initial = today
        self.fields["review_day"].initial = today + YEAR

    def words(self, ours: UUID) -> dict[str, Any]:
        """What was given, with the agency that begins among the parties."""
        return {**self.cleaned_data, "parties": {ours, *self.cleaned_data["parties"]}}


class SectionForm(forms.Form):
    """What stands in one section. Nothing is required: what is missing is said on the page of the draft."""

    all_optional = True

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, section: Section, content: Content, parties: Iterable[AgencyCard], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._section, self._parties = section, list(parties)
        if section.id == "parties":
            self.fields["title"] = forms.CharField(label=_("Title"), max_length=160, initial=content.title)
        for item in section.items:
            value = content.value(section.id, item.id)
            for name, field in self._fields_of(item, value):
                field.required = False
                self.fields[name] = field

    def _fields_of(self, item: Item, value: Any) -> Iterable[tuple[str, forms.Field]]:
        label, options = _(item.label), [(code, _(words)) for code, words in item.options]
        parties = [(str(card.id), card.name) for card in self._parties]
        match item.kind:
            case Kind.TEXT:
                widget = forms.Textarea(attrs={"rows": 6, "maxlength": 4000})
                yield item.id, forms.CharField(label=label, initial=value, max_length=4000, widget=widget)
            case Kind.LINE:
                yield item.id, forms.CharField(label=label, initial=value, max_length=200)
            case Kind.NUMBER:
                yield item.id, forms.IntegerField(label=label, initial=value, min_value=0, max_value=999)
            case Kind.DAY:
                widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
                yield item.id, forms.DateField(label=label, initial=value, widget=widget)
            case Kind.ONE:
                yield item.id, forms.ChoiceField(label=label, initial=value, choices=options, widget=forms.RadioSelect)
            case Kind.MANY | Kind.PARTIES:
                yield (
                    item.id,
                    forms.MultipleChoiceField(
                        label=label,
                        initial=value,
                        choices=parties if item.kind is Kind.PARTIES else options,
                        widget=forms.CheckboxSelectMultiple,
                    ),
                )
            case Kind.EACH_PARTY | Kind.EACH_OPTION:
                for key, words in parties if item.kind is Kind.EACH_PARTY else options:
                    field = forms.CharField(label=words, initial=(value or {}).get(key), max_length=300)
                    field.help_text = label
                    yield f"{item.id}{BETWEEN}{key}", field

    def values(self) -> dict[str, Any]:
        """What the section says now, as plain values."""
        given, found = self.cleaned_data, {}
        for item in self._section.items:
            if item.kind in (Kind.EACH_PARTY, Kind.EACH_OPTION):
                names = [name for name in given if name.startswith(f"{item.id}{BETWEEN}")]
                found[item.id] = {name.partition(BETWEEN)[2]: given[name].strip() for name in names}
            elif item.kind in (Kind.MANY, Kind.PARTIES):
                found[item.id] = sorted(given[item.id])
            elif item.kind is Kind.DAY:
                found[item.id] = given[item.id].isoformat() if given[item.id] else ""
            else:
                found[item.id] = given[item.id]
        return found


class FlowForm(forms.Form):
    """Rows for the matrix: from one party to another, for each thing and each purpose that is ticked."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    sender = forms.TypedChoiceField(label=_("From"), coerce=UUID)
    recipient = forms.TypedChoiceField(label=_("To"), coerce=UUID)
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
    ground = forms.TypedChoiceField(
        label=_("On what ground"),
        choices=list(GROUNDS.items()),
        coerce=Ground,
        widget=forms.RadioSelect,
        help_text=_("The rule of the law that speaks for it is cited by itself."),
    )
    mechanism = forms.ChoiceField(
        label=_("How you tell each other"), choices=list(MECHANISMS.items()), widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, parties: Iterable[AgencyCard], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(card.id), card.name) for card in parties]
        for name in ("sender", "recipient"):
            self.fields[name].choices = choices
        self.fields["mechanism"].initial = "envelope"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("sender") and given.get("sender") == given.get("recipient"):
            raise forms.ValidationError(_("Choose two different agencies."))
        return given


class CommentForm(forms.Form):
    """What an agency says about a section."""

    text = forms.CharField(
        label=_("What you want to say"),
        max_length=600,
        help_text=_("Every party reads it. Name no client."),
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": 600}),
    )
