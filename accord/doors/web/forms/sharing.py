"""Forms of a release conversation, of a withdrawal, and of accepting what arrived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accord.doors.web import labels
from accord.doors.web.forms.partners import QUIET, FindingForm
from accord.gate.instruments import Offer
from accord.partners.queries import AgencyCard
from accord.policy.facts import Signer
from accord.policy.words import AgencyKind, Category, Element, Instrument, Level, Purpose
from accord.sharing.queries import ReleaseView
from accord.sharing.rules import (
    ADULT,
    ANOTHER_SIGNS,
    ASK_TWICE_DAYS,
    BY_FORM,
    MARKED_ONLY,
    MONITORS,
    OF_A_CHILD,
    PRESETS,
    RELEASABLE,
    USUAL_DAYS,
    WITH_AUTHORITY,
    InvalidRelease,
    Preset,
    Signing,
    Way,
    age,
    checked_terms,
    signed_as,
    ways,
)
from accord.vault.queries import PersonView

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
#: A permission that opens marked things alone says something of them, or nothing.
MARKED_LEVELS = (Level.NONE, Level.SUMMARY, Level.FULL)
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
#: How a page comes to be signed: by herself or for her, and for a child of hers.
HER_WAYS: Mapping[Way, Promise] = {
    Way.SELF: _("She signs herself"),
    Way.BOTH: _("Both sign: she, and a parent or guardian"),
    Way.ALONE: _("She signs alone: the law lets her have this service without a parent"),
    Way.EMANCIPATED: _("She is under 18 but emancipated, and signs herself"),
    Way.PARENT: _("A parent signs, because she is under 18"),
    Way.GUARDIAN: _("A court-appointed guardian signs"),
    Way.WARD_ALONE: _("She has a guardian, but the law lets her have this service without, and she signs alone"),
    Way.REPRESENTATIVE: _("A personal representative signs"),
    Way.NEXT_OF_KIN: _("Next of kin signs, after her death"),
}
CHILD_WAYS: Mapping[Way, Promise] = {
    Way.BOTH: _("Both sign: the child, and she or another parent or guardian"),
    Way.PARENT: _("She or another parent signs"),
    Way.GUARDIAN: _("A court-appointed guardian signs"),
    Way.ALONE: _("The child signs alone: the law lets the child have this service without a parent"),
}
METHODS = (("screen", _("On this screen")), ("paper", _("On paper")), ("witnessed", _("With a mark, witnessed")))
COPIES = (("given", _("She has her copy")), ("refused", _("It is safer for her not to carry one")))
WAYS = (("in_person", _("In person")), ("phone", _("By phone")), ("written", _("In writing")))


class PartnersForm(FindingForm):
    """Who may know something about whom: one or several partners, about herself or a child of hers."""

    about = forms.ChoiceField(label=_("About whom"), widget=forms.RadioSelect)
    partner = forms.MultipleChoiceField(
        label=_("Partners"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one partner.")},
    )
    instrument = forms.TypedChoiceField(
        label=_("What kind of permission?"),
        help_text=_("Some records open only with a permission of their own. It names one partner and nothing else."),
        coerce=Instrument,
        empty_value=Instrument.ORDINARY,
        widget=forms.RadioSelect,
        required=False,
    )
    language = forms.ChoiceField(label=_("Explained in"), choices=settings.LANGUAGES)
    preset = forms.ChoiceField(choices=[(preset.value, preset.value) for preset in Preset], required=False)

    def __init__(
        self,
        *args: Any,
        cards: Sequence[AgencyCard],
        herself: PersonView,
        children: Iterable[PersonView],
        language: str,
        offers: Mapping[Instrument, Offer],
        **kwargs: Any,
    ) -> None:
        """`offers`: the permissions of their own that her file and the law of this agency make it need."""
        super().__init__(*args, **kwargs)
        self.offers = offers
        self.kinds = {str(card.id): card.kind for card in cards}
        self.fields["instrument"].choices = [
            (instrument.value, labels.label(instrument)) for instrument in (Instrument.ORDINARY, *offers)
        ]
        self.fields["instrument"].initial = Instrument.ORDINARY.value
        self.fields["language"].initial = language
        self.offer("partner", cards)
        about = [(str(herself.id), herself.identity.name or gettext("Herself"))]
        about += [(str(child.id), _of_child(child)) for child in children]
        self.fields["about"].choices = about
        self.fields["about"].initial = str(herself.id)
        self.fields["about"].required = len(about) > 1
        self.several = len(about) > 1

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        chosen, instrument = values.get("partner", []), values.get("instrument", Instrument.ORDINARY)
        if instrument is not Instrument.ORDINARY and len(chosen) > 1:
            self.add_error("partner", gettext("A permission of its own names one partner. Choose one."))
        if instrument is Instrument.CRIMINAL_JUSTICE and not {self.kinds[id] for id in chosen} <= MONITORS:
            said = gettext("Choose one who watches over the condition of a criminal case.")
            self.add_error("partner", said)
        return values

    def what(self) -> Instrument:
        chosen: Instrument = self.cleaned_data["instrument"]
        return chosen

    def chosen(self) -> list[UUID]:
        return [UUID(value) for value in self.cleaned_data["partner"]]

    def subject(self) -> UUID:
        return UUID(self.cleaned_data["about"] or self.fields["about"].initial)

    def grants(self) -> Mapping[Category, Level]:
        """What a preset fills in; empty when the levels are to be chosen for each partner."""
        preset = self.cleaned_data["preset"]
        return PRESETS[Preset(preset)] if preset and self.what() is Instrument.ORDINARY else {}

    def purpose(self, card: AgencyCard) -> Purpose:
        """The usual reason for telling this kind of partner; a preset is for working together."""
        usual = USUAL_PURPOSE.get(card.kind, Purpose.COORDINATION)
        if self.what() is not Instrument.ORDINARY:
            lawful = _purposes(self.offers.get(self.what()))
            return usual if usual in lawful else lawful[0]
        return Purpose.COORDINATION if self.cleaned_data["preset"] else usual


class TermsForm(forms.Form):
    """What one partner may know, for what, and how long. Fields are named by partner: several stand on one page."""

    purpose = forms.ChoiceField(label=_("Why"))
    follows = forms.BooleanField(label=_("And what is added later to these, until then"), required=False)
    last_day = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    ends_with = forms.ChoiceField(label=_("Ends earlier, as soon as"), required=False)
    sure = forms.BooleanField(label=_("She needs it this long, and we have talked about why"), required=False)

    def __init__(
        self,
        *args: Any,
        card: AgencyCard,
        draft: ReleaseView,
        held: Mapping[Category, int],
        child: bool,
        at: datetime,
        zone: tzinfo,
        offer: Offer | None = None,
        substance_use: bool = False,
        **kwargs: Any,
    ) -> None:
        """`held`: how many entries of a category her file has about this person; `child`: it is about a child of hers;
        `zone`: where the holder is, whose days count; `offer`: the law of a permission of its own; `substance_use`:
        there may be records that open only when it is said that they are meant."""
        super().__init__(*args, prefix=str(card.id), **kwargs)
        self.card, self.draft, self.held = card, draft, held
        self.at, self.today = at, timezone.localdate(at, zone)
        self.offered = OF_A_CHILD if child else RELEASABLE
        levels = LEVELS
        if draft.instrument in MARKED_ONLY:
            self.offered, levels = tuple(each for each in self.offered if each not in OWN_LEVELS), MARKED_LEVELS
        self.fields["ends_with"].choices = [("", gettext("Nothing: on its last day")), *labels.EVENTS.items()]
        self.fields["ends_with"].initial = draft.ends_with
        if substance_use and draft.instrument is Instrument.ORDINARY:
            self.fields["substance_use"] = forms.BooleanField(
                label=gettext("Records about alcohol or drug treatment are meant, too"),
                help_text=gettext("It is read to her in so many words. Without it they stay closed."),
                required=False,
                initial=draft.substance_use,
            )
        if offer is not None and offer.binds:
            self.fields["fixed"] = forms.BooleanField(
                label=gettext("She binds herself: until then she cannot take it back"),
                help_text=gettext("Only if the court or whoever watches over the condition wants it, and she agrees."),
                required=False,
                initial=draft.fixed_until is not None,
            )
        self.fields["purpose"].choices = [(purpose.value, labels.label(purpose)) for purpose in _purposes(offer)]
        self.fields["purpose"].initial = draft.purpose.value
        self.fields["follows"].initial = bool(draft.updates)
        self.fields["last_day"].initial = max(
            self.today, (draft.until_at.astimezone(zone) - timedelta(seconds=1)).date()
        )
        self.fields["last_day"].help_text = gettext(
            "%(days)s days is usual. Over 30 we ask twice; over 90 a supervisor writes down why."
        ) % {"days": USUAL_DAYS}
        self.fields["last_day"].widget.attrs["min"] = self.today.isoformat()
        for category in self.offered:
            choices = OWN_LEVELS.get(category) or [(level, labels.label(level)) for level in levels]
            least = choices[0][0]
            self.fields[category.value] = forms.TypedChoiceField(
                label=_with_count(category, held.get(category, 0), child=child),
                choices=[(int(level), words) for level, words in choices],
                coerce=lambda value: Level(int(value)),
                widget=forms.RadioSelect,
                initial=int(max(least, draft.grants.get(category, least))),
            )

    def first(self) -> list[forms.BoundField]:
        """Her name, how to reach her, what her file holds, and what is granted already."""
        return [self[category.value] for category in self.offered if self._near(category)]

    def rest(self) -> list[forms.BoundField]:
        return [self[category.value] for category in self.offered if not self._near(category)]

    def _near(self, category: Category) -> bool:
        return bool(category in OWN_LEVELS or self.held.get(category) or self.draft.grants.get(category))

    def words(self) -> dict[str, Any]:
        """What `sharing.actions.describe` takes. Her bare name comes with whatever else is chosen, never alone."""
        grants = _without_bare_name({category: self.cleaned_data[category.value] for category in self.offered})
        return {
            "purpose": Purpose(self.cleaned_data["purpose"]),
            "grants": grants,
            "last_day": self.cleaned_data["last_day"],
            "updates": [category for category, level in grants.items() if level]
            if self.cleaned_data["follows"]
            else [],
            "substance_use": self.cleaned_data.get("substance_use", False),
            "ends_with": self.cleaned_data["ends_with"],
            "fixed": self.cleaned_data.get("fixed", False),
        }

    def said_too(self) -> list[forms.BoundField]:
        """What such a release can say beyond what every release does."""
        return [self[name] for name in ("substance_use", "fixed") if name in self.fields]

    def so_far(self) -> dict[Category, Level]:
        """What is ticked right now, for looking at it: the same that would be written down, or nothing."""
        picked = {}
        for category in self.offered:
            try:
                picked[category] = self.fields[category.value].clean(self.data.get(self.add_prefix(category.value)))
            except forms.ValidationError:
                continue
        chosen = {category: level for category, level in _without_bare_name(picked).items() if level}
        named = {} if self.draft.instrument in MARKED_ONLY else {Category.IDENTITY: Level.SUMMARY}
        return named | chosen if chosen else {}

    def still_open(self) -> dict[str, Any]:
        """What was typed, as the initial values of a form that judges nothing yet."""
        return {name: self.data.get(self.add_prefix(name), "") for name in self.fields}

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
                today=self.today,
                instrument=self.draft.instrument,
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
    """Read aloud once, then signed once for every partner of the page. One required box for each sentence."""

    way = forms.TypedChoiceField(label=_("Who signs"), coerce=Way, widget=forms.RadioSelect)
    cosigner = forms.CharField(
        label=_("Who signs beside"),
        help_text=_("Name, and who that is to her or to the child: mother, guardian, the child herself."),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=QUIET),
    )
    authority = forms.CharField(
        label=_("What this signature rests on"),
        help_text=_(
            "For example: mother of the child; letters of guardianship, county court, 3 May; the law that lets a minor "
            "sign."
        ),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=QUIET),
    )
    ward = forms.BooleanField(
        label=_("A court has put her under a guardian"),
        help_text=_("Then write below which order, of which court and day."),
        required=False,
    )
    dead = forms.BooleanField(label=_("She has died"), required=False)
    abuser = forms.ChoiceField(
        label=_(
            "Is anybody who signs believed to have abused her, the person they are guardian of, the child, the child's "
            "other parent, or the person who has died?"
        ),
        help_text=_("Then that signature does not count, and nothing is sent on it."),
        choices=(("no", _("No")), ("yes", _("Yes"))),
        widget=forms.RadioSelect,
        required=False,
    )
    method = forms.ChoiceField(label=_("How"), choices=METHODS, widget=forms.RadioSelect)
    kept = forms.CharField(
        label=_("Where we keep the signed paper"),
        help_text=_("For example: locked cabinet 2, folder of the file."),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=QUIET),
    )
    witness = forms.CharField(
        label=_("Who saw her make her mark"),
        help_text=_("Name and title."),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=QUIET),
    )
    signature = forms.CharField(
        label=_("Name she signs with"),
        max_length=200,
        widget=forms.TextInput(attrs=QUIET),
        error_messages={"required": _("Write the name she signs with.")},
    )
    copy = forms.ChoiceField(label=_("Her copy"), choices=COPIES, widget=forms.RadioSelect)

    def __init__(
        self,
        *args: Any,
        sentences: Mapping[Element, str],
        days: int,
        born: date | None,
        today: date,
        child: bool,
        paper_is_safe: bool | None,
        **kwargs: Any,
    ) -> None:
        """`sentences`: what has to be read, in order; `days`: how long the longest of the releases lasts; `born`: the
        birth date of whom it is about, when it is known; `paper_is_safe`: None when nobody has asked her."""
        super().__init__(*args, **kwargs)
        self.sentences, self.child = sentences, child
        if child:
            self.fields["ward"].label = gettext("A court has put the child under a guardian")
            self.fields["dead"].label = gettext("The child has died")
        self.minor = (child and born is None) or (born is not None and age(born, today) < ADULT)
        self.grown = born is not None and not self.minor
        offered, said = ways(born=born, today=today, child=child), CHILD_WAYS if child and self.minor else HER_WAYS
        self.fields["way"].choices = [(way.value, said[way]) for way in offered]
        self.fields["way"].initial = offered[0].value if not self.minor else None
        if paper_is_safe is False:
            self.fields["copy"].initial = "refused"
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

    def done(self) -> frozenset[Element]:
        """The elements of a release that are there, as far as the form has come."""
        said = {element for element in self.sentences if self[element.value].value()}
        if self["signature"].value():
            said |= {Element.SIGNED, Element.DATED}
        if self.is_bound and self["copy"].value():
            said.add(Element.COPY_OFFERED)
        if self["authority"].value():
            said.add(Element.AUTHORITY)
        return frozenset({*BY_FORM, *said})

    def signers(self) -> list[tuple[str, Signer]]:
        """Everybody who could sign, as the page says it and as the law sees it; nobody of them an abuser."""
        ways = [(Way(value), said) for value, said in self.fields["way"].choices]
        return [(str(said), Signer(**_law_words(self._stands(way)))) for way, said in ways]

    def _stands(self, way: Way) -> dict[str, Any]:
        ward, dead = (bool(self[name].value()) for name in ("ward", "dead"))
        return signed_as(way, minor=self.minor, child=self.child, ward=ward, dead=dead)

    @property
    def somebody_else(self) -> bool:
        """Whether the part for parents, guardians and minors is to stand open."""
        if not self.grown:
            return True
        another = self.data.get("way") not in (None, "", Way.SELF.value)
        return self.is_bound and (another or bool(self["ward"].value()) or bool(self["dead"].value()))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        way = values.get("way")
        wanted = {
            "cosigner": (way is Way.BOTH, gettext("Write who signs beside: the name, and who that is.")),
            "authority": (
                self._rests(way) or bool(values.get("ward")),
                gettext("Write down which order made somebody guardian: which court, and of which day.")
                if values.get("ward") or way is Way.GUARDIAN
                else gettext("Write down what gives this person authority to sign."),
            ),
            "abuser": (way in ANOTHER_SIGNS, gettext("Answer this before anybody signs for somebody else.")),
            "kept": (values.get("method") == "paper", gettext("Write down where the signed paper is kept.")),
            "witness": (
                values.get("method") == "witnessed",
                gettext("Write down who saw her make her mark: name and title."),
            ),
        }
        for name, (needed, sentence) in wanted.items():
            if needed and not values.get(name) and name not in self.errors:
                self.add_error(name, sentence)
        return values

    def _rests(self, way: Way | None) -> bool:
        """Whether the signature rests on an authority: for a child of hers every signature does."""
        return way in WITH_AUTHORITY or (self.child and self.minor)

    def page(self) -> Signing:
        """What `sharing.actions.sign_page` takes."""
        values = self.cleaned_data
        way = values["way"]
        return Signing(
            spoken=frozenset(element for element in self.sentences if values[element.value]),
            method=values["method"],
            copy=values["copy"],
            signature=values["signature"],
            authority=values["authority"] if self._rests(way) or values["ward"] else "",
            abuser=way in ANOTHER_SIGNS and values["abuser"] != "no",
            cosigner=values["cosigner"] if way is Way.BOTH else "",
            witness=values["witness"] if values["method"] == "witnessed" else "",
            kept=values["kept"] if values["method"] == "paper" else "",
            long_because=values.get("long_because", ""),
            **self._stands(way),
        )


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


def _purposes(offer: Offer | None) -> tuple[Purpose, ...]:
    """What a release can be for; a permission of its own only what its law names."""
    if offer is None or not offer.purposes:
        return PURPOSES
    return tuple(purpose for purpose in PURPOSES if purpose in offer.purposes)


def _law_words(stands: Mapping[str, Any]) -> dict[str, Any]:
    return {"role": stands["signer"]} | {name: value for name, value in stands.items() if name != "signer"}


def _with_count(category: Category, count: int, *, child: bool) -> str:
    name = gettext("The child's name") if child and category is Category.IDENTITY else labels.label(category)
    if not count:
        return name
    entries = ngettext("%(count)s entry", "%(count)s entries", count) % {"count": count}
    return f"{name} · {entries}"


def _without_bare_name(grants: dict[Category, Level]) -> dict[Category, Level]:
    return {
        category: level
        for category, level in grants.items()
        if category is not Category.IDENTITY or level is not Level.SUMMARY
    }


def _of_child(child: PersonView) -> str:
    return f"{child.identity.name or '—'} ({labels.label(child.relation)})"
