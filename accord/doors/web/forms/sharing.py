"""Forms of a release conversation, of a withdrawal, and of accepting what arrived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accord.doors.web import labels
from accord.partners.queries import AgencyCard
from accord.policy.words import AgencyKind, Category, Element, Level, Purpose, SignerRole
from accord.sharing.rules import ASK_TWICE_DAYS, RELEASABLE, USUAL_DAYS, InvalidRelease, checked_terms

#: Purposes a survivor would recognise as the reason for telling somebody.
PURPOSES = (
    Purpose.SAFETY, Purpose.SHELTER, Purpose.ADVOCACY, Purpose.TREATMENT, Purpose.LEGAL_HELP, Purpose.PROTECTIVE_ORDER,
    Purpose.INVESTIGATION, Purpose.PROSECUTION, Purpose.SUPERVISION, Purpose.HOUSING, Purpose.EDUCATION,
    Purpose.COMPENSATION, Purpose.COORDINATION,
)  # fmt: skip
#: What a kind of partner is most often told for; only suggested.
USUAL_PURPOSE = {
    AgencyKind.POLICE: Purpose.INVESTIGATION,
    AgencyKind.PROSECUTOR: Purpose.PROSECUTION,
    AgencyKind.COURT: Purpose.PROTECTIVE_ORDER,
    AgencyKind.PROBATION: Purpose.SUPERVISION,
    AgencyKind.VICTIM_SERVICES: Purpose.SAFETY,
    AgencyKind.HOSPITAL: Purpose.TREATMENT,
    AgencyKind.MENTAL_HEALTH: Purpose.TREATMENT,
    AgencyKind.SUBSTANCE_USE: Purpose.TREATMENT,
    AgencyKind.LEGAL_AID: Purpose.LEGAL_HELP,
    AgencyKind.SCHOOL: Purpose.EDUCATION,
    AgencyKind.HOUSING: Purpose.HOUSING,
}
LEVELS = (Level.NONE, Level.EXISTENCE, Level.SUMMARY, Level.FULL)
#: A release names her, so her name is the least it says; that there is a way to reach her says nothing.
OWN_LEVELS: Mapping[Category, tuple[tuple[Level, Promise], ...]] = {
    Category.IDENTITY: (
        (Level.SUMMARY, _("Her name only")),
        (Level.FULL, _("Also birth date and other names")),
    ),
    Category.CONTACT: (
        (Level.NONE, _("Nothing")),
        (Level.SUMMARY, _("When and how")),
        (Level.FULL, _("Also her phone")),
    ),
}
SIGNERS = (
    (SignerRole.SELF, _("She signs herself")),
    (SignerRole.PARENT, _("A parent")),
    (SignerRole.GUARDIAN, _("A court-appointed guardian")),
    (SignerRole.REPRESENTATIVE, _("A personal representative")),
    (SignerRole.NEXT_OF_KIN, _("Next of kin, after her death")),
)
METHODS = (("screen", _("On this screen")), ("paper", _("On paper")), ("witnessed", _("With a mark, witnessed")))
COPIES = (("given", _("She has her copy")), ("refused", _("It is safer for her not to carry one")))
WAYS = (("in_person", _("In person")), ("phone", _("By phone")), ("written", _("In writing")))


class PartnersForm(forms.Form):
    """Who may know something: one or several partners."""

    partner = forms.MultipleChoiceField(
        label=_("Partners"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one partner.")},
    )
    language = forms.ChoiceField(label=_("Explained in"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, cards: Iterable[AgencyCard], language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = language
        self.fields["partner"].choices = [(str(card.id), card.name) for card in cards]

    def chosen(self) -> list[UUID]:
        return [UUID(value) for value in self.cleaned_data["partner"]]


class TermsForm(forms.Form):
    """What one partner may know, for what, and how long. Fields are named by partner: several stand on one page."""

    purpose = forms.ChoiceField(label=_("Why"))
    last_day = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    sure = forms.BooleanField(label=_("She needs it this long, and we have talked about why"), required=False)

    def __init__(
        self, *args: Any, card: AgencyCard, held: Mapping[Category, int], at: datetime, zone: tzinfo, **kwargs: Any
    ) -> None:
        """`held`: how many entries of a category her file has; `zone`: where the holder is, whose days count."""
        super().__init__(*args, prefix=str(card.id), **kwargs)
        self.card, self.held = card, held
        self.at, self.today = at, timezone.localdate(at, zone)
        self.fields["purpose"].choices = [(purpose.value, labels.label(purpose)) for purpose in PURPOSES]
        self.fields["purpose"].initial = USUAL_PURPOSE.get(card.kind, Purpose.COORDINATION).value
        self.fields["last_day"].initial = self.today + timedelta(days=USUAL_DAYS)
        self.fields["last_day"].help_text = gettext(
            "%(days)s days is usual. Over 30 we ask twice; over 90 a supervisor writes down why."
        ) % {"days": USUAL_DAYS}
        self.fields["last_day"].widget.attrs["min"] = self.today.isoformat()
        for category in RELEASABLE:
            choices = OWN_LEVELS.get(category) or [(level, labels.label(level)) for level in LEVELS]
            self.fields[category.value] = forms.TypedChoiceField(
                label=_with_count(category, held.get(category, 0)),
                choices=[(int(level), words) for level, words in choices],
                coerce=lambda value: Level(int(value)),
                widget=forms.RadioSelect,
                initial=int(choices[0][0]),
            )

    def first(self) -> list[forms.BoundField]:
        """Her name, how to reach her, and what her file holds."""
        return [self[category.value] for category in RELEASABLE if category in OWN_LEVELS or self.held.get(category)]

    def rest(self) -> list[forms.BoundField]:
        return [
            self[category.value]
            for category in RELEASABLE
            if category not in OWN_LEVELS and not self.held.get(category)
        ]

    def words(self) -> dict[str, Any]:
        """What `sharing.actions.prepare` takes. Her bare name comes with whatever else is chosen, never alone."""
        grants = {category: self.cleaned_data[category.value] for category in RELEASABLE}
        if grants[Category.IDENTITY] is Level.SUMMARY:
            del grants[Category.IDENTITY]
        return {
            "purpose": Purpose(self.cleaned_data["purpose"]),
            "grants": grants,
            "last_day": self.cleaned_data["last_day"],
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if self.errors:
            return values
        days = (values["last_day"] - self.today).days
        try:
            checked_terms(
                grants=self.words()["grants"],
                purpose=Purpose(values["purpose"]),
                last_day=values["last_day"],
                today=self.at.date(),
            )
        except InvalidRelease as error:
            raise forms.ValidationError(gettext(str(error))) from error
        if days > ASK_TWICE_DAYS and not values["sure"]:
            self.add_error(
                "sure",
                gettext(
                    "That is %(days)s days. Does it have to be this long? Shorter is safer, and she can sign again."
                )
                % {"days": days},
            )
        return values

    @property
    def asks_twice(self) -> bool:
        return bool(self.is_bound and (self["sure"].errors or self["sure"].data))


class SignForm(forms.Form):
    """Read aloud, then signed. One required box for each sentence that has to be read."""

    signer = forms.TypedChoiceField(
        label=_("Who signs"),
        choices=SIGNERS,
        coerce=SignerRole,
        initial=SignerRole.SELF,
        widget=forms.RadioSelect,
    )
    minor = forms.BooleanField(label=_("She is under 18 and not emancipated"), required=False)
    alone = forms.BooleanField(label=_("The law lets her have this service without a parent"), required=False)
    cosigned = forms.BooleanField(label=_("Both have signed: the minor, and a parent or guardian"), required=False)
    abuser = forms.BooleanField(
        label=_("The person signing is believed to have abused her, or her other parent"),
        help_text=_("Then the signature does not count, and nothing is sent on it."),
        required=False,
    )
    authority = forms.CharField(
        label=_("What gives this person authority to sign for her"),
        help_text=_("For example: letters of guardianship, county court, 3 May."),
        max_length=200,
        required=False,
    )
    method = forms.ChoiceField(label=_("How"), choices=METHODS, widget=forms.RadioSelect)
    signature = forms.CharField(
        label=_("Name she signs with"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Write the name she signs with.")},
    )
    copy = forms.ChoiceField(label=_("Her copy"), choices=COPIES, widget=forms.RadioSelect)

    def __init__(self, *args: Any, sentences: Mapping[Element, str], days: int, **kwargs: Any) -> None:
        """`sentences`: what has to be read, in order; `days`: how long the release lasts."""
        super().__init__(*args, **kwargs)
        self.sentences = sentences
        for element, sentence in sentences.items():
            self.fields[element.value] = forms.BooleanField(
                label=sentence, error_messages={"required": gettext("Not read to her yet.")}
            )
        if days > ASK_TWICE_DAYS:
            self.fields["long_because"] = forms.CharField(
                label=gettext("Supervisor's reason for a release longer than 90 days")
                if days > 90
                else gettext("Why it has to be this long"),
                help_text=gettext("Kept sealed with the release. It lasts %(days)s days.") % {"days": days},
                max_length=1000,
                required=days <= 90,
                widget=forms.Textarea(attrs={"rows": 3}),
            )

    def read_aloud(self) -> list[forms.BoundField]:
        return [self[element.value] for element in self.sentences]

    @property
    def somebody_else(self) -> bool:
        """Whether the part for parents, guardians and minors is to stand open."""
        return self.is_bound and any(
            self.data.get(name) not in (None, "", SignerRole.SELF.value)
            for name in ("signer", "minor", "alone", "cosigned", "abuser", "authority")
        )

    def words(self) -> dict[str, Any]:
        """What `sharing.actions.sign` takes."""
        names = ("signer", "minor", "alone", "cosigned", "abuser", "authority", "method", "signature", "copy")
        return {name: self.cleaned_data[name] for name in names} | {
            "spoken": frozenset(element for element in self.sentences if self.cleaned_data[element.value]),
            "long_because": self.cleaned_data.get("long_because", ""),
        }


class WithdrawForm(forms.Form):
    """She takes it back. Her word is enough; only how she said it is asked."""

    how = forms.ChoiceField(
        label=_("How she told you"),
        choices=WAYS,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say how she told you: in person, by phone, or in writing.")},
    )


class FindForm(forms.Form):
    """Finding one's own client to tie an arrival to."""

    text = forms.CharField(
        label=_("Find her among our clients"),
        help_text=_("Name, another name, birth date or code."),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "type": "search"}),
    )


def _with_count(category: Category, count: int) -> str:
    if not count:
        return labels.label(category)
    entries = ngettext("%(count)s entry", "%(count)s entries", count) % {"count": count}
    return f"{labels.label(category)} · {entries}"
