"""Forms about referrals: making one, answering one, what came of it, and whether we take any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accord.coordination.referrals.actions import Outside
from accord.coordination.referrals.queries import CapacityView
from accord.coordination.referrals.rules import BY_HAND, LONGEST_NAME, LONGEST_WAIT, LONGEST_WORDS, OURS, TAKES, Urgency
from accord.doors.web import referralwords
from accord.doors.web.forms.partners import QUIET
from accord.doors.web.labels import SERVICES
from accord.partners.queries import AgencyCard
from accord.vault.queries import PersonView


def _choices(words: Mapping[str, Promise], codes: Iterable[str] | None = None) -> list[tuple[str, Any]]:
    return [(code, words[code]) for code in (words if codes is None else codes)]


class ReferralForm(forms.Form):
    """Whom she is referred to and what for. `other` writes down somebody who is no partner."""

    service = forms.ChoiceField(label=_("What for"))
    urgency = forms.ChoiceField(
        label=_("How soon does she need an answer?"),
        choices=_choices(referralwords.URGENCIES),
        initial=Urgency.SOON.value,
        widget=forms.RadioSelect,
    )
    about = forms.TypedChoiceField(label=_("For whom"), coerce=UUID, widget=forms.RadioSelect)
    partner = forms.TypedChoiceField(
        label=_("To which partner"), coerce=UUID, empty_value=None, required=False, widget=forms.RadioSelect
    )
    name = forms.CharField(
        label=_("Or somebody who is not on Accord"),
        help_text=_("Name of the place. You print a page or make a sealed file, and note yourself what you hear."),
        max_length=LONGEST_NAME,
        required=False,
        widget=forms.TextInput(attrs=QUIET),
    )
    address = forms.CharField(
        label=_("Their address or phone"), max_length=LONGEST_NAME, required=False, widget=forms.TextInput(attrs=QUIET)
    )
    leave = forms.CharField(
        label=_("What her leave rests on"),
        help_text=_("For example: she takes the page there herself; or: she signed a paper naming them, in folder 2."),
        max_length=LONGEST_NAME,
        required=False,
        widget=forms.TextInput(attrs=QUIET),
    )
    words = forms.CharField(
        label=_("What she needs, in words"),
        help_text=_("Goes along only where she lets this partner know everything about services; else it stays here."),
        max_length=LONGEST_WORDS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(
        self,
        *args: Any,
        people: Iterable[PersonView],
        cards: Iterable[AgencyCard],
        capacities: Mapping[UUID, CapacityView],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.cards = {card.id: card for card in cards}
        self.capacities = capacities
        people = list(people)
        self.several = len(people) > 1
        self.fields["service"].choices = [("", "—"), *SERVICES.items()]
        self.fields["about"].choices = [(str(person.id), person.identity.name or "—") for person in people]
        self.fields["about"].initial = str(people[0].id)
        self.fields["partner"].choices = [(str(id), card.name) for id, card in self.cards.items()]

    def rows(self) -> list[tuple[forms.boundfield.BoundWidget, AgencyCard, CapacityView | None]]:
        """Each partner with whether it takes referrals, those that say so for this service first."""
        service = self["service"].value() or ""
        rank = {"yes": 0, "waiting": 1, "": 2, "no": 3}
        rows = [
            (option, card, self.capacities.get(card.id))
            for option, card in zip(self["partner"], self.cards.values(), strict=True)
        ]
        return sorted(rows, key=lambda row: rank[row[2].taking(service) if row[2] else ""])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if bool(values.get("partner")) == bool(values.get("name", "").strip()):
            self.add_error("partner", gettext("Choose a partner, or write down who else it goes to."))
        if values.get("name", "").strip() and not values.get("leave", "").strip():
            self.add_error("leave", gettext("Write down what lets you: her paper, or that she takes it herself."))
        return values

    def given(self) -> dict[str, Any]:
        """What `actions.draft` takes."""
        said = self.cleaned_data
        outside = None
        if said["name"].strip():
            outside = Outside(said["name"].strip(), said["address"].strip(), said["leave"].strip())
        return {
            "service": said["service"],
            "urgency": said["urgency"],
            "about_id": said["about"],
            "recipient_id": said["partner"] if outside is None else None,
            "outside": outside,
            "words": said["words"],
        }


class DeclineForm(forms.Form):
    """No, and why; and whether the ones who refer are told."""

    reason = forms.ChoiceField(label=_("Why not"), choices=_choices(referralwords.DECLINED), widget=forms.RadioSelect)
    toward = forms.TypedChoiceField(
        label=_("Who could help her better"),
        help_text=_("They decide whether to ask there; nothing is passed on from here."),
        coerce=UUID,
        empty_value=None,
        required=False,
    )
    tell = forms.BooleanField(label=_("Tell them this"), required=False, initial=True)

    def __init__(self, *args: Any, cards: Iterable[AgencyCard], silent: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["toward"].choices = [("", "—"), *((str(card.id), card.name) for card in cards)]
        if silent:
            del self.fields["tell"]
        else:
            self.fields["tell"].help_text = _(
                "Only when the reason is about us: full, not offered, another area, or another agency. What is about "
                "her is not told without her."
            )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("toward") and values.get("reason") != "another_is_better":
            self.add_error("toward", gettext("Name another agency only where that is the reason."))
        return values

    @property
    def told(self) -> bool:
        return bool(self.cleaned_data.get("tell")) and self.cleaned_data["reason"] in OURS


class GiveForm(forms.Form):
    """Who looks after a referral that came; `colleagues` are those who can."""

    to = forms.TypedChoiceField(
        label=_("Who looks after it"), coerce=UUID, error_messages={"required": _("Choose a colleague.")}
    )

    def __init__(self, *args: Any, colleagues: Mapping[UUID, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.colleagues = colleagues
        self.fields["to"].choices = [("", _("Choose")), *((str(id), name) for id, name in colleagues.items())]


class ResultForm(forms.Form):
    """What came of it."""

    result = forms.ChoiceField(
        label=_("What came of it"), choices=_choices(referralwords.RESULTS), widget=forms.RadioSelect
    )


class HandForm(forms.Form):
    """How it went to somebody who is no partner."""

    how = forms.ChoiceField(
        label=_("How did it go to them?"), choices=_choices(referralwords.BY_HAND, BY_HAND), widget=forms.RadioSelect
    )


class HeardForm(forms.Form):
    """What a worker heard from somebody who is no partner."""

    state = forms.ChoiceField(
        label=_("What did you hear?"), choices=_choices(referralwords.HEARD), widget=forms.RadioSelect
    )
    reason = forms.ChoiceField(
        label=_("Why they said no"), choices=[("", "—"), *_choices(referralwords.DECLINED)], required=False
    )
    result = forms.ChoiceField(
        label=_("What came of it"), choices=[("", "—"), *_choices(referralwords.RESULTS)], required=False
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("state") == "declined" and not values.get("reason"):
            self.add_error("reason", gettext("Say why they said no."))
        if values.get("state") == "ended" and not values.get("result"):
            self.add_error("result", gettext("Say what came of it."))
        return values

    def given(self) -> dict[str, str]:
        said = self.cleaned_data
        return {
            "state": said["state"],
            "reason": said["reason"] if said["state"] == "declined" else "",
            "outcome": said["result"] if said["state"] == "ended" else "",
        }


class CapacityForm(forms.Form):
    """Whether we take referrals now; every agency of the community reads it."""

    takes = forms.ChoiceField(
        label=_("Do you take referrals now?"),
        choices=_choices(referralwords.TAKES, TAKES),
        widget=forms.RadioSelect,
    )
    wait_days = forms.IntegerField(
        label=_("How many days is the wait?"), min_value=0, max_value=LONGEST_WAIT, required=False
    )
    services = forms.MultipleChoiceField(
        label=_("For which services?"),
        help_text=_("None ticked: for whatever you offer."),
        choices=list(SERVICES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
