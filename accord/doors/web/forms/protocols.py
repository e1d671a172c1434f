"""Forms of protocols: one small form for each thing people change in practice, and the whole text for who wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accord.coordination.protocols.changing import (
    LONGEST,
    new_code,
    with_due,
    with_evidence,
    with_head,
    with_state,
    with_step,
    with_told,
    without_due,
)
from accord.coordination.protocols.queries import ProtocolView
from accord.coordination.protocols.rules import Due, Evidence, EvidenceKind, Protocol, Span, Unit
from accord.doors.web.labels import LEVELS
from accord.policy.words import NOT_PARTNERS, AgencyKind, Level

UNITS = {
    Unit.MINUTES: _("minutes"),
    Unit.HOURS: _("hours"),
    Unit.DAYS: _("days"),
    Unit.BUSINESS_DAYS: _("business days"),
}
NO_NAMES = _("Every agency here reads it. Name no client.")
#: Days or moments that a time can count from.
COUNTED = (EvidenceKind.DAY, EvidenceKind.MOMENT)


def _day(**words: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(
        label=_("Applies from"),
        help_text=_("Not before the last agency has said yes. Cases that run go on by the version they began under."),
        widget=widget,
        **words,
    )


class TomlField(forms.CharField):
    """A protocol's text; a browser sends other ends of lines than are signed."""

    def __init__(self) -> None:
        super().__init__(
            label=_("The whole text (TOML)"),
            max_length=LONGEST,
            strip=False,
            widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "maxlength": LONGEST}),
        )

    def to_python(self, value: Any) -> Any:
        return super().to_python(value).replace("\r\n", "\n")


def _line(label: Any, **words: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=400, **words)


class ProposalForm(forms.Form):
    """That somebody proposes a change. `text`: of a protocol the community has not had, to begin from; empty for a
    change of one it has."""

    why = forms.CharField(
        label=_("Why it should change"),
        max_length=600,
        help_text=NO_NAMES,
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": 600}),
    )
    begins_on = _day()
    text = TomlField()

    def __init__(self, *args: Any, text: str, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["begins_on"].initial = today
        self.fields["text"].initial = text
        if not text:
            del self.fields["text"]


class StartForm(forms.Form):
    """From which text a protocol begins that the community has not had."""

    start = forms.ChoiceField(label=_("Begin from the text of"), required=False)
    all_optional = True

    def __init__(self, *args: Any, protocols: Iterable[ProtocolView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        listed = [(view.code, gettext(view.title)) for view in protocols]
        self.fields["start"].choices = [("", _("a small example that says what each line means")), *listed]


class TextForm(forms.Form):
    """The whole text, and the day."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    text = TomlField()
    begins_on = _day()


class PartForm(forms.Form):
    """One thing of a protocol. `changed` is the protocol with it; raises KeyError for a thing it does not have."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    #: Every form of a part says what stands there now, and makes the protocol with what was typed.
    start: Callable[[Protocol, str], Mapping[str, Any]]
    changed: Callable[[], Protocol]

    def __init__(self, *args: Any, protocol: Protocol, code: str, begins_on: date, seen: int, **kwargs: Any) -> None:
        initial = {**self.start(protocol, code), "seen": seen, "begins_on": begins_on}
        super().__init__(*args, initial=initial, **kwargs)
        self.protocol, self.code = protocol, code
        self.arrange()

    @property
    def kind(self) -> AgencyKind | None:
        """The kind of partner it is about."""
        return None

    def arrange(self) -> None:
        """Fields that depend on the protocol."""


class HeadForm(PartForm):
    title = _line(_("What it is called"))
    purpose = _line(_("What it is for"))
    begins_on = _day()

    @staticmethod
    def start(protocol: Protocol, code: str) -> Mapping[str, Any]:
        return {"title": protocol.title, "purpose": protocol.purpose}

    def changed(self) -> Protocol:
        return with_head(self.protocol, self.cleaned_data["title"], self.cleaned_data["purpose"])


class StateForm(PartForm):
    title = _line(_("What standing here is called"))

    @staticmethod
    def start(protocol: Protocol, code: str) -> Mapping[str, Any]:
        return {"title": protocol.states[code].title}

    def changed(self) -> Protocol:
        return with_state(self.protocol, self.code, self.cleaned_data["title"])


class DueForm(PartForm):
    """Something that has to be done: by when, and who notes it."""

    title = _line(_("What has to be done"))
    count = forms.IntegerField(label=_("Time"), min_value=0, max_value=40_000)
    unit = forms.TypedChoiceField(label=_("Unit"), coerce=Unit, choices=list(UNITS.items()), initial=Unit.DAYS)
    side = forms.ChoiceField(
        label=_("Before or after"),
        choices=[("after", _("at the latest this long after")), ("before", _("this long before"))],
        initial="after",
    )
    counts_from = forms.ChoiceField(label=_("It counts from"), required=False)
    by_hand = forms.BooleanField(
        label=_("Somebody notes that it is done"), required=False, help_text=_("Otherwise the next step does it.")
    )
    optional = forms.BooleanField(
        label=_("Optional"), required=False, help_text=_("Nobody is asked why it was not done.")
    )
    citation = _line(
        _("Where this time comes from"), help_text=_("A law, a guideline, or what you agreed among yourselves.")
    )

    @staticmethod
    def start(protocol: Protocol, code: str) -> Mapping[str, Any]:
        due = protocol.due(code)
        return {
            "title": due.title,
            "count": abs(due.within.count),
            "unit": due.within.unit,
            "side": "before" if due.within.count < 0 else "after",
            "counts_from": due.counts_from,
            "by_hand": due.by_hand,
            "optional": due.optional,
            "citation": due.citation,
        }

    def arrange(self) -> None:
        days = [row for row in self.protocol.evidence.values() if row.kind in COUNTED]
        self.fields["counts_from"].choices = [
            ("", pgettext_lazy("a time counts from", "coming here")),
            *((row.code, gettext(row.title)) for row in days),
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("side") == "before" and not given.get("counts_from"):
            raise forms.ValidationError(_("Before what? Choose the day it counts from."))
        return given

    def due(self, old: Due | None, code: str) -> Due:
        """A source that was read says nothing about another time."""
        given = self.cleaned_data
        count = -given["count"] if given["side"] == "before" else given["count"]
        made = Due(
            code=code,
            title=given["title"],
            within=Span(count, given["unit"]),
            counts_from=given["counts_from"],
            by_hand=given["by_hand"],
            optional=given["optional"],
            citation=given["citation"],
        )
        if old is None:
            return made
        same = (old.within, old.counts_from, old.citation) == (made.within, made.counts_from, made.citation)
        kept = {"opens": old.opens, "again": old.again and made.by_hand, "when": old.when, "kinds": old.kinds}
        return replace(made, verified=old.verified and same, **kept)

    def changed(self) -> Protocol:
        state = next(name for name, state in self.protocol.states.items() if self.protocol.due(self.code) in state.dues)
        return with_due(self.protocol, state, self.due(self.protocol.due(self.code), self.code))

    def dropped(self) -> Protocol:
        return without_due(self.protocol, self.code)


class NewDueForm(DueForm):
    """Another thing that has to be done while a case stands in a state."""

    @staticmethod
    def start(protocol: Protocol, code: str) -> Mapping[str, Any]:
        return {"by_hand": protocol.states[code].end}

    def changed(self) -> Protocol:
        code = new_code(self.cleaned_data["title"], self.protocol.dues)
        return with_due(self.protocol, self.code, self.due(None, code))


class StepForm(PartForm):
    title = _line(_("What the step is called"))
    guard = _line(_("What is said when something is missing"), required=False)

    @staticmethod
    def start(protocol: Protocol, code: str) -> Mapping[str, Any]:
        return {"title": protocol.transitions[code].title, "guard": protocol.transitions[code].guard}

    def arrange(self) -> None:
        self.fields["guard"].required = bool(self.protocol.transitions[self.code].when)
        if not self.fields["guard"].required:
            del self.fields["guard"]

    def changed(self) -> Protocol:
        return with_step(self.protocol, self.code, self.cleaned_data["title"], self.cleaned_data.get("guard", ""))


class EvidenceForm(PartForm):
    title = _line(_("What is written down"))
    choice = _line(_("Another choice"), required=False)

    @staticmethod
    def start(protocol: Protocol, code: str) -> Mapping[str, Any]:
        return {"title": protocol.evidence[code].title}

    def arrange(self) -> None:
        row: Evidence = self.protocol.evidence[self.code]
        if row.kind is EvidenceKind.CODE:
            there = ", ".join(gettext(title) for _code, title in row.choices)
            self.fields["choice"].help_text = gettext("There is: %(choices)s") % {"choices": there}
        else:
            del self.fields["choice"]

    def changed(self) -> Protocol:
        return with_evidence(self.protocol, self.code, self.cleaned_data["title"], self.cleaned_data.get("choice", ""))


class ToldForm(PartForm):
    """What one kind of partner is offered to be told, state by state. It opens nothing: her release or a law does."""

    @staticmethod
    def start(protocol: Protocol, code: str) -> Mapping[str, Any]:
        if code not in set(AgencyKind) - NOT_PARTNERS:
            raise KeyError(code)
        kind = AgencyKind(code)
        return {state: protocol.told(state).get(kind, Level.NONE).value for state in protocol.states}

    @property
    def kind(self) -> AgencyKind:
        return AgencyKind(self.code)

    def arrange(self) -> None:
        for code, state in self.protocol.states.items():
            self.fields[code] = forms.TypedChoiceField(
                label=gettext(state.title),
                coerce=lambda value: Level(int(value)),
                choices=[(level.value, words) for level, words in LEVELS.items()],
            )

    def changed(self) -> Protocol:
        levels = {code: self.cleaned_data[code] for code in self.protocol.states}
        return with_told(self.protocol, AgencyKind(self.code), levels)


#: What can be changed by a form.
PARTS: Mapping[str, type[PartForm]] = {
    "head": HeadForm,
    "state": StateForm,
    "due": DueForm,
    "new_due": NewDueForm,
    "step": StepForm,
    "evidence": EvidenceForm,
    "told": ToldForm,
}


class WordForm(forms.Form):
    """What an agency says about a proposal."""

    text = forms.CharField(
        label=_("What you want to say"),
        max_length=600,
        help_text=NO_NAMES,
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": 600}),
    )


class AnswerForm(forms.Form):
    """The yes or no of an agency."""

    signed = forms.CharField(widget=forms.HiddenInput, max_length=64)
    yes = forms.ChoiceField(
        label=_("Does your agency agree to this wording?"),
        choices=[("yes", _("Yes: we will do it so")), ("no", _("No: it goes back to its authors"))],
        widget=forms.RadioSelect,
    )
    words = forms.CharField(
        label=_("What you want to say with it"),
        required=False,
        max_length=600,
        help_text=_("With a no: what should change. Every agency here reads it. Name no client."),
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": 600}),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("yes") == "no" and not given.get("words"):
            self.add_error("words", _("Say what should change."))
        return given
