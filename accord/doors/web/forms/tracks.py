"""Forms about a case on its way: how it begins, exactly what a step asks for, and what became of something due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accord.coordination.protocols.rules import (
    LONGEST_TEXT,
    MOST,
    Evidence,
    EvidenceKind,
    Facts,
    Protocol,
    State,
    Transition,
)
from accord.coordination.tracks.rules import BY_HAND, LONGEST_WHY
from accord.doors.web import labels
from accord.doors.web.forms.process import Moment
from accord.doors.web.forms.vault import Day, Quiet
from accord.policy.words import Mark

YES_NO = (("yes", _("Yes")), ("no", _("No")))


def field_of(evidence: Evidence, *, required: bool) -> forms.Field:
    """The field that asks for one piece of evidence. Days and moments are those of the agency's clock."""
    label: Any = gettext(evidence.title)
    match evidence.kind:
        case EvidenceKind.DAY:
            return forms.DateField(label=label, widget=Day(), required=required)
        case EvidenceKind.MOMENT:
            return forms.DateTimeField(label=label, widget=Moment(), required=required)
        case EvidenceKind.NUMBER:
            return forms.IntegerField(label=label, min_value=0, max_value=MOST, required=required)
        case EvidenceKind.WORDS:
            return Quiet(label=label, lines=3, max_length=LONGEST_TEXT, required=required)
        case _:
            codes = YES_NO if evidence.kind is EvidenceKind.YES_NO else _choices(evidence)
            unsaid = () if required else (("", _("Not known")),)
            return forms.ChoiceField(
                label=label, choices=[*codes, *unsaid], required=required, widget=forms.RadioSelect, initial=""
            )


def _choices(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    return tuple((code, gettext(title)) for code, title in evidence.choices)


class BeginForm(forms.Form):
    """Which protocol a case begins, where, and about whom. One choice says protocol and state."""

    way = forms.ChoiceField(
        label=_("What begins"), widget=forms.RadioSelect, error_messages={"required": _("Choose what begins.")}
    )
    about = forms.TypedChoiceField(label=_("About whom"), coerce=UUID, widget=forms.RadioSelect)

    def __init__(
        self, *args: Any, protocols: Iterable[Protocol], people: Sequence[tuple[UUID, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.ways = {f"{each.code}.{state.code}": (each, state) for each in protocols for state in each.starts}
        self.fields["way"].choices = [(code, gettext(state.title)) for code, (_each, state) in self.ways.items()]
        self.fields["about"].choices = [(str(id), name) for id, name in people]
        if people:
            self.fields["about"].initial = str(people[0][0])

    def groups(self) -> list[tuple[Protocol, list[forms.boundfield.BoundWidget]]]:
        """Each protocol with the states it can begin in."""
        found: dict[str, tuple[Protocol, list[forms.boundfield.BoundWidget]]] = {}
        for option, (protocol, _state) in zip(self["way"], self.ways.values(), strict=True):
            found.setdefault(protocol.code, (protocol, []))[1].append(option)
        return list(found.values())

    def chosen(self) -> tuple[Protocol, State, UUID] | None:
        if not self.is_valid():
            return None
        return (*self.ways[self.cleaned_data["way"]], self.cleaned_data["about"])


class StepForm(forms.Form):
    """Exactly the evidence a step asks for; `override`: a supervisor says why she goes on without what is missing."""

    occurred_at = forms.DateTimeField(
        label=_("When it happened"), help_text=_("Leave it empty if it was just now."), widget=Moment(), required=False
    )
    because = Quiet(
        label=_("Why you go on although this is missing"),
        help_text=_("It is kept with the step, and the agency's board counts that it happened."),
        lines=2,
        max_length=LONGEST_TEXT,
    )
    marks = forms.TypedMultipleChoiceField(
        label=_("Special protection"), coerce=Mark, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self,
        *args: Any,
        protocol: Protocol,
        way: Transition,
        marks: Iterable[Mark],
        override: bool = False,
        begins: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.asked = {code: protocol.evidence[code] for code in (*way.needs, *way.may)}
        for code, evidence in self.asked.items():
            self.fields[f"given_{code}"] = field_of(evidence, required=code in way.needs)
        self.fields["marks"].choices = [(mark.value, labels.MARKS[mark]) for mark in marks]
        if not self.fields["marks"].choices:
            del self.fields["marks"]
        if not override:
            del self.fields["because"]
        if begins:
            del self.fields["occurred_at"]

    def evidence(self) -> list[forms.BoundField]:
        return [self[f"given_{code}"] for code in self.asked]

    def given(self) -> Facts:
        """What was typed, as a protocol writes it down."""
        found = {code: self.cleaned_data[f"given_{code}"] for code in self.asked}
        return {code: _written(value) for code, value in found.items() if value not in (None, "")}

    def step(self) -> dict[str, Any]:
        """What `tracks.actions` takes of it."""
        kept = {"occurred_at", "because", "marks"} & self.cleaned_data.keys()
        return {"given": self.given()} | {name: self.cleaned_data[name] for name in kept}


class DueForm(forms.Form):
    """What became of something that was due. A no and "not safe now" are answers like any other."""

    how = forms.ChoiceField(
        label=_("What became of it"),
        choices=[(how, labels.HOWS[how]) for how in BY_HAND],
        widget=forms.RadioSelect,
        error_messages={"required": _("Say how it was: done, she declined, or not safe now.")},
    )
    why = Quiet(label=_("Why, if she wants it noted"), lines=2, max_length=LONGEST_WHY, required=False)


def _written(value: str | date | datetime | int) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
