"""What would be otherwise: a draft of rules, of an agreement, of a release form. Nothing of it is kept."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accord.doors.web.labels import CATEGORIES, PURPOSES
from accord.gate.whatif import ON_THE_PAGE
from accord.partners.rules import AGREEABLE, AGREED_FOR, Standing, Text
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
    """Whether one agreement would hold, and with which words."""

    holds = forms.TypedChoiceField(
        label=_("What if"),
        choices=[("no", _("it did not hold: suspended, left or not signed")), ("yes", _("it held as written below"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
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
    last_day = forms.DateField(
        label=_("Its last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, text: Text, stands: Standing, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["holds"].initial = "yes" if stands in (Standing.WAITING, Standing.COMING) else "no"
        self.fields["categories"].initial = sorted(text.categories)
        self.fields["purposes"].initial = sorted(text.purposes)
        self.fields["last_day"].initial = timezone.localtime(text.until_at - timedelta(seconds=1)).date()

    def words(self) -> dict[str, Any]:
        """What `whatif.of_agreement` takes."""
        given = self.cleaned_data
        last = datetime.combine(given["last_day"] + timedelta(days=1), time.min)
        return {name: given[name] for name in ("holds", "categories", "purposes")} | {
            "until": timezone.make_aware(last)
        }


class PageForm(forms.Form):
    """What the page she signs would say otherwise."""

    all_optional = True

    dropped = forms.TypedMultipleChoiceField(
        label=_("What if the page did not have"),
        required=False,
        choices=[(each.value, ELEMENTS[each]) for each in Element if each in ON_THE_PAGE],
        coerce=Element,
        widget=forms.CheckboxSelectMultiple,
    )
    gained = forms.TypedMultipleChoiceField(
        label=_("What if it also had"),
        required=False,
        choices=[(each.value, ELEMENTS[each]) for each in Element if each not in ON_THE_PAGE],
        coerce=Element,
        widget=forms.CheckboxSelectMultiple,
    )

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError when nothing would be otherwise."""
        given: dict[str, Any] = super().clean() or {}
        if not given.get("dropped") and not given.get("gained"):
            raise forms.ValidationError(_("Choose what the page would say otherwise."))
        return given
