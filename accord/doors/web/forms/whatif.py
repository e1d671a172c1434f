"""What would be otherwise: a draft of rules, of an agreement, of a release form. Nothing of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accord.doors.web.labels import CATEGORIES, PURPOSES
from accord.gate.disclosure import EVERY_ELEMENT
from accord.partners.rules import AGREEABLE, AGREED_FOR, Standing, Text, Way
from accord.policy.words import Category, Element, Purpose

#: A draft of rules is a few pages; the whole federal law has 60,000 characters.
LONGEST_DRAFT = 200_000

ELEMENTS = {
    Element.WRITTEN: _("It is in writing"),
    Element.SIGNED: _("It is signed"),
    Element.DATED: _("It says on which day"),
    Element.INFORMED: _("The talk about risks, other ways and how to take it back"),
    Element.TIME_LIMITED: _("When it ends"),
    Element.DESCRIPTION: _("What exactly may be told"),
    Element.DISCLOSER: _("Who may tell it"),
    Element.RECIPIENT: _("Who receives it"),
    Element.PURPOSE: _("What it is for"),
    Element.AUTHORITY: _("By what right somebody signs for her"),
    Element.RIGHT_TO_REVOKE: _("That she can take it back, and how"),
    Element.NOT_A_CONDITION: _("That no help depends on it"),
    Element.REDISCLOSURE: _("That the recipient may pass it on"),
    Element.COPY_OFFERED: _("That she was offered a copy"),
    Element.SUBSTANCE_USE: _("That substance-use records are meant"),
}


class RulesForm(forms.Form):
    """A draft of rules, as text or as a file."""

    all_optional = True

    text = forms.CharField(
        label=_("The draft"),
        required=False,
        max_length=LONGEST_DRAFT,
        help_text=_("Rules as Accord reads them (TOML). They are laid over the law that holds here."),
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "code"}),
    )
    file = forms.FileField(
        label=_("Or a file"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".toml,.txt"}),
    )

    def clean(self) -> dict[str, Any]:
        """The text, wherever it came from. Raises ValidationError."""
        given: dict[str, Any] = super().clean() or {}
        text, file = given.get("text", ""), given.get("file")
        if file:
            if file.size > LONGEST_DRAFT:
                raise forms.ValidationError(_("This file is larger than a draft of rules can be."))
            try:
                text = file.read().decode("utf-8")
            except UnicodeDecodeError:
                raise forms.ValidationError(_("This file is not a text.")) from None
        if not text.strip() and not self.errors:
            raise forms.ValidationError(_("Paste the draft, or choose its file."))
        return given | {"text": text}


class AgreementDraftForm(forms.Form):
    """Whether one agreement would hold, what this agency could tell the others under it, and until when."""

    holds = forms.TypedChoiceField(
        label=_("What if"),
        choices=[("no", _("it did not hold: suspended, left or not signed")), ("yes", _("it held as written below"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    ways = forms.TypedMultipleChoiceField(
        label=_("What you could tell under it"),
        required=False,
        coerce=lambda value: Way.of(value.split()),
        widget=forms.CheckboxSelectMultiple,
    )
    recipients = forms.TypedMultipleChoiceField(
        label=_("What if you could also tell"), required=False, coerce=UUID, widget=forms.CheckboxSelectMultiple
    )
    categories = forms.TypedMultipleChoiceField(
        label=_("About what"),
        required=False,
        choices=[(each.value, CATEGORIES[each]) for each in AGREEABLE],
        coerce=Category,
        widget=forms.CheckboxSelectMultiple,
    )
    purposes = forms.TypedMultipleChoiceField(
        label=_("For what"),
        required=False,
        choices=[(each.value, PURPOSES[each]) for each in AGREED_FOR],
        coerce=Purpose,
        widget=forms.CheckboxSelectMultiple,
    )
    last_day = forms.DateField(
        label=_("Its last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(
        self, *args: Any, text: Text, stands: Standing, ours: UUID, names: Mapping[UUID, str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._ours = ours
        own = sorted((way for way in text.ways if way.sender == ours), key=lambda way: (names[way.recipient], way))
        self.fields["ways"].choices = [(_written(way), _in_words(way, names)) for way in own]
        self.fields["ways"].initial = [_written(way) for way in own]
        others = sorted(text.parties - {ours}, key=lambda party: names[party])
        self.fields["recipients"].choices = [(str(party), names[party]) for party in others]
        self.fields["holds"].initial = "yes" if stands in (Standing.WAITING, Standing.COMING) else "no"
        self.fields["last_day"].initial = timezone.localtime(text.until_at - timedelta(seconds=1)).date()

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError when something is added by halves."""
        given: dict[str, Any] = super().clean() or {}
        added = [bool(given.get(name)) for name in ("recipients", "categories", "purposes")]
        if any(added) and not all(added):
            raise forms.ValidationError(_("Choose whom else you could tell, about what and for what."))
        return given

    def words(self) -> dict[str, Any]:
        """What `whatif.of_agreement` takes."""
        given = self.cleaned_data
        last = datetime.combine(given["last_day"] + timedelta(days=1), time.min)
        added = {
            Way(self._ours, recipient, category, purpose)
            for recipient in given["recipients"]
            for category in given["categories"]
            for purpose in given["purposes"]
        }
        return {"holds": given["holds"], "ways": added.union(given["ways"]), "until": timezone.make_aware(last)}


def _written(way: Way) -> str:
    return " ".join(way.values())


def _in_words(way: Way, names: Mapping[UUID, str]) -> str:
    words = {"to": names[way.recipient], "what": CATEGORIES[way.category], "purpose": PURPOSES[way.purpose]}
    return _("%(to)s: %(what)s, for %(purpose)s") % words


class PageForm(forms.Form):
    """What the page she signs would say otherwise."""

    all_optional = True

    dropped = forms.TypedMultipleChoiceField(
        label=_("What if the page did not have"),
        required=False,
        choices=[(each.value, ELEMENTS[each]) for each in Element if each in EVERY_ELEMENT],
        coerce=Element,
        widget=forms.CheckboxSelectMultiple,
    )
    gained = forms.TypedMultipleChoiceField(
        label=_("What if it also had"),
        required=False,
        choices=[(each.value, ELEMENTS[each]) for each in Element if each not in EVERY_ELEMENT],
        coerce=Element,
        widget=forms.CheckboxSelectMultiple,
    )

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError when nothing would be otherwise."""
        given: dict[str, Any] = super().clean() or {}
        if not given.get("dropped") and not given.get("gained"):
            raise forms.ValidationError(_("Choose what the page would say otherwise."))
        return given
