"""What is typed about services and about reaching her, turned into the vault's values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accord.doors.web import labels
from accord.doors.web.forms.vault import EARLIEST, Day
from accord.policy.words import Relation
from accord.vault import rules
from accord.vault.queries import PersonView

#: Steps as buttons offer them: a no that has its reason is a choice of its own.
MOVES = {step: (step, "") for step in rules.STEPS} | {why: ("declined", why) for why in rules.WHY_NOT if why}
MOVES_SAID = {
    "offered": _("Offered"),
    "accepted": _("She accepted"),
    "declined": _("She declined"),
    "not_safe_now": _("Not safe now"),
    "not_now": _("Not now"),
    "waiting": _("Waiting for it"),
    "started": _("Under way"),
    "done": _("Done"),
    "ended": _("Ended"),
}


def moves(step: str) -> list[tuple[str, Any]]:
    """What usually comes after a step, as (code, words) for buttons."""
    codes = [code for after in rules.NEXT[step] for code in MOVES if MOVES[code][0] == after and code != "not_now"]
    again = {"offered": _("Offered again")}
    return [(code, again.get(code, MOVES_SAID[code])) for code in codes]


class ServiceForm(forms.Form):
    """A service offered or moved on, for one person or several."""

    about = forms.MultipleChoiceField(label=_("For whom?"), widget=forms.CheckboxSelectMultiple())
    service = forms.ChoiceField(label=_("Service"), choices=[("", "—"), *labels.SERVICES.items()])
    move = forms.ChoiceField(
        label=_("Where does it stand?"), choices=list(MOVES_SAID.items()), widget=forms.RadioSelect(), initial="offered"
    )
    day = forms.DateField(label=_("Since which day?"), widget=Day(), required=False)
    narrative = forms.CharField(
        label=_("Anything to remember"),
        help_text=_("It leaves this agency only if she releases it in full."),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        max_length=rules.LONGEST_TEXT,
        required=False,
    )

    def __init__(self, *args: Any, people: Sequence[PersonView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].initial = timezone.localdate
        self.fields["about"].choices = [(str(person.id), _who(person)) for person in people]  # type: ignore[attr-defined]
        self.fields["about"].initial = [str(people[0].id)]

    def clean_day(self) -> date | None:
        day: date | None = self.cleaned_data["day"]
        if day and not EARLIEST <= day <= timezone.localdate():
            raise ValidationError(_("Services are noted when they happen: choose today or a day before."))
        return day

    def values(self, at: datetime) -> dict[str, Any]:
        """What `vault.actions.note_service` takes. A day other than today stands at noon UTC."""
        typed = self.cleaned_data
        step, why = MOVES[typed["move"]]
        day = typed["day"]
        earlier = day is not None and day != timezone.localdate(at)
        return {
            "about": [UUID(each) for each in typed["about"]],
            "service": typed["service"],
            "step": step,
            "why": why,
            "occurred_at": datetime.combine(day, time(12), UTC) if earlier else at,
            "narrative": typed["narrative"],
        }


def _who(person: PersonView) -> str:
    if person.relation is Relation.SELF:
        return labels.label(Relation.SELF)
    return f"{person.identity.name or '—'} ({labels.label(person.relation)})"


class OutcomeForm(forms.Form):
    """What became of it."""

    channel = forms.ChoiceField(choices=list(labels.WAYS.items()), widget=forms.HiddenInput())
    outcome = forms.ChoiceField(
        label=_("What happened?"), choices=list(labels.OUTCOMES.items()), widget=forms.RadioSelect()
    )
    narrative = forms.CharField(
        label=_("Anything to remember"),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        max_length=rules.LONGEST_TEXT,
        required=False,
    )


class DecideForm(forms.Form):
    """A supervisor's reason to reach her other than her card says."""

    channel = forms.ChoiceField(label=_("How?"), choices=list(labels.WAYS.items()), widget=forms.RadioSelect())
    because = forms.CharField(
        label=_("Why can this not wait for a safe moment?"),
        help_text=_("It is kept in her file and in the log, with your name."),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        max_length=rules.LONGEST_LINE * 5,
    )
