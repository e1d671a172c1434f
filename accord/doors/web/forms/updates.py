"""Forms about what may follow, what flows without her release, what she takes back elsewhere, whom she never tells."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accord.gate.flows import Offer
from accord.gate.updates import Way
from accord.partners.queries import AgencyCard
from accord.policy.words import VICTIM_SERVICE_DUTIES, AgencyKind
from accord.sharing.rules import LONGEST_NAME, LONGEST_WORDS, TOLD

HOW: Mapping[str, Promise] = {"in_person": _("In person"), "phone": _("By phone"), "written": _("In writing")}


def _how(label: Promise) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=[(code, HOW[code]) for code in TOLD],
        widget=forms.RadioSelect,
        error_messages={"required": _("Say how she told you: in person, by phone, or in writing.")},
    )


class AlsoForm(forms.Form):
    """To whom the entry goes as it is saved. A victim service provider ticks nobody beforehand: she decides. Where a
    protocol says whom it would have told (`usual`), only they are ticked, and named as such."""

    all_optional = True

    also = forms.TypedMultipleChoiceField(
        label=_("Also send to"), coerce=UUID, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self,
        *args: Any,
        ways: Sequence[Way],
        agencies: Mapping[UUID, AgencyCard],
        ours: AgencyCard,
        usual: Collection[AgencyKind] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.ways = [way for way in ways if not way.automatic]
        self.alone = [way for way in ways if way.automatic]
        self.agencies = agencies
        self.fields["also"].choices = [(str(way.id), agencies[way.recipient_id].name) for way in self.ways]
        asks = not VICTIM_SERVICE_DUTIES.isdisjoint(ours.duties)
        self.usual = {way.id for way in self.ways if usual is not None and agencies[way.recipient_id].kind in usual}
        ticked = [way.id for way in self.ways] if usual is None else self.usual
        self.fields["also"].initial = [] if asks else [str(id) for id in ticked]

    def rows(self) -> list[tuple[forms.boundfield.BoundWidget, Way]]:
        """Each box with what it would send."""
        return list(zip(self["also"], self.ways, strict=True))

    def chosen(self) -> list[UUID]:
        return list(self.cleaned_data["also"]) if self.is_valid() else []


class FlowForm(forms.Form):
    """What a partner is told without her release, and whether she knows."""

    offer = forms.ChoiceField(
        label=_("Who is told what"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one."), "invalid_choice": _("The law no longer lets us. Choose again.")},
    )
    how = forms.ChoiceField(
        label=_("What comes later"),
        choices=[
            ("tray", _("Waits for somebody here to send it")),
            ("automatic", _("Is sent as it is saved, without another click")),
        ],
        initial="tray",
        widget=forms.RadioSelect,
    )
    told = forms.ChoiceField(
        label=_("Does she know?"),
        choices=[
            ("told", _("She was told who learns what, and why")),
            ("not_safe", _("It is not safe to tell her now")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Say whether she was told.")},
    )
    not_told = forms.CharField(
        label=_("Why it is not safe"),
        max_length=LONGEST_WORDS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, offers: Iterable[Offer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offers = {offer.key: offer for offer in offers}
        self.fields["offer"].choices = [(key, offer.sentence) for key, offer in self.offers.items()]

    def rows(self) -> list[tuple[forms.boundfield.BoundWidget, Offer]]:
        return list(zip(self["offer"], self.offers.values(), strict=True))

    @property
    def chosen(self) -> Offer | None:
        """What was picked on the page before, if it is still on offer."""
        return self.offers.get(self.data.get("offer", "")) if self.is_bound else None

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("told") == "not_safe" and not values.get("not_told", "").strip():
            self.add_error("not_told", gettext("Write down why it is not safe to tell her."))
        if values.get("told") == "told":
            values["not_told"] = ""
        return values


class TakeBackForm(forms.Form):
    """She takes back, here, what a partner shared."""

    wants = forms.ChoiceField(
        label=_("What does she take back?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Say what she takes back: what we have, or everything they share.")},
    )
    how = _how(_("How did she tell you?"))
    words = forms.CharField(
        label=_("In her words, for them"),
        help_text=_("Only if she wants to add something. It goes to them sealed."),
        max_length=LONGEST_WORDS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, partner: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = {"partner": partner}
        self.fields["wants"].choices = [
            ("partner", gettext("What %(partner)s sent to us") % words),
            ("all", gettext("Everything %(partner)s shares about her, with anybody") % words),
        ]


class RelayedForm(forms.Form):
    """She decided otherwise after all."""

    note = forms.CharField(
        label=_("What she decided, and how you know it from her"),
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write down what she decided, and how you know it from her.")},
    )


class NeverForm(forms.Form):
    """Whom she never wants told: a partner, or one person there."""

    against = forms.TypedChoiceField(
        label=_("Partner"), coerce=UUID, error_messages={"required": _("Choose a partner agency.")}
    )
    whom = forms.ChoiceField(
        label=_("Who there?"),
        choices=[("agency", _("Nobody there")), ("person", _("Not this one person"))],
        initial="agency",
        widget=forms.RadioSelect,
    )
    person = forms.CharField(
        label=_("Her or his name"),
        help_text=_("Given and family name. It is sent along sealed and shown to nobody there."),
        max_length=LONGEST_NAME,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, partners: Iterable[AgencyCard], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["against"].choices = [("", "—"), *((str(card.id), card.name) for card in partners)]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("whom") == "person" and len(values.get("person", "").split()) < 2:
            self.add_error("person", gettext("Write the given and the family name, so that nobody else is meant."))
        if values.get("whom") == "agency":
            values["person"] = ""
        return values


class LiftForm(forms.Form):
    """She takes her never back."""

    how = _how(_("How did she tell you?"))
