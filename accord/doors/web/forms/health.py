"""Forms of the health room: a document to bring in, an exam step by step, injuries, a visit. All choices are codes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accord.records.health import rules

#: The steps of an exam in the order a nurse goes through them.
GROUPS = (
    (_("Talking and looking"), ("history", "clothing", "head_to_toe", "strangulation_check", "photographs")),
    (
        _("Samples and evidence"),
        ("oral_swabs", "body_swabs", "genital_exam", "anal_exam", "blood_sample", "urine_sample", "evidence_kit"),
    ),
    (
        _("Medicines and vaccines"),
        (
            "sti_treatment", "hiv_prevention", "emergency_contraception", "hepatitis_b_vaccine", "hpv_vaccine",
            "tetanus_vaccine",
        ),
    ),
)  # fmt: skip


def words(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Codes with their words, as the choices of a field."""
    return [(code, _said(code)) for code in codes]


def _said(code: str) -> str:
    said = gettext(rules.WORDS[code])
    return said[:1].upper() + said[1:]


def _choice(label: Any, codes: Iterable[str], **kwargs: Any) -> forms.ChoiceField:
    """One tap among few; the words are looked up when the form is made, in the reader's language."""
    codes = tuple(codes)
    return forms.ChoiceField(label=label, choices=lambda: words(codes), **kwargs)


def _day(label: Any, **kwargs: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)


class ImportForm(forms.Form):
    """One C-CDA document. The box is asked for only when a computer cannot tell whose document it is."""

    document = forms.FileField(
        label=_("C-CDA document"),
        help_text=_("One XML file, up to 20 MB. It is read once and not stored as a file."),
        widget=forms.FileInput(attrs={"accept": ".xml,application/xml,text/xml"}),
        error_messages={
            "required": _("Choose the file to bring in."),
            "empty": _("The file is empty."),
            "invalid": _("Choose the file to bring in."),
        },
    )
    checked = forms.BooleanField(label=_("I have checked that this document is hers"), required=False)


class CodedForm(forms.Form):
    """A form whose coded values the health rules check once more, and say by field what they do not allow."""

    kind: str

    narrative = forms.CharField(
        label=_("In words"),
        help_text=_("Stays here unless she releases the full entry. The summary is made from the choices above."),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def values(self) -> dict[str, Any]:
        """The coded fields as `rules.check` takes them; one left empty is not there."""
        given = {name: self.cleaned_data.get(name) for name in rules.FIELDS[self.kind]}
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in given.items() if value}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                rules.check(self.kind, self.values())
            except rules.NotCoded as error:
                self.add_error(error.field if error.field in self.fields else None, gettext(str(error)))
        return values


class ExamForm(CodedForm):
    """A forensic exam. She is asked about each step alone, and may refuse or stop any of them."""

    kind = "exam"

    day = _day(_("Day of the exam"))
    status = _choice(_("How far it is"), rules.EXAM)
    advocate = forms.ChoiceField(
        label=_("Advocate"),
        choices=lambda: [("", gettext("Not noted")), *words(rules.ADVOCATE)],
        required=False,
        widget=forms.RadioSelect,
    )
    follow_ups = forms.BooleanField(
        label=_("Plan the usual follow-up visits"),
        help_text=_("After 3 to 7 days, two weeks, four to six weeks, and three months, counted from the exam."),
        required=False,
    )

    field_order = ("day", "status", "advocate")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for step in rules.STEPS:
            self.fields[step] = forms.ChoiceField(
                label=_said(step),
                choices=[("", gettext("Not asked")), *words(rules.ANSWERS)],
                required=False,
                widget=forms.RadioSelect,
            )

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        return [(title, [self[step] for step in steps]) for title, steps in GROUPS]

    def values(self) -> dict[str, Any]:
        return super().values() | {
            "steps": {step: self.cleaned_data[step] for step in rules.STEPS if self.cleaned_data[step]}
        }


class InjuryForm(CodedForm):
    """One finding: where, what, how many, how severe, and the signs of strangulation, asked every time."""

    kind = "injury"

    day = _day(_("Seen on"))
    areas = forms.MultipleChoiceField(
        label=_("Where"),
        choices=lambda: words(rules.AREAS),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one part of the body.")},
    )
    types = forms.MultipleChoiceField(
        label=_("What"),
        choices=lambda: words(rules.INJURIES),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one kind of injury.")},
    )
    count = forms.IntegerField(
        label=_("How many"),
        min_value=1,
        max_value=99,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": _("Enter how many injuries, as a number from 1 to 99.")},
    )
    severity = _choice(
        _("How severe"),
        rules.SEVERITY,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how severe it is.")},
    )
    strangulation = _choice(
        _("Signs of strangulation"),
        rules.STRANGULATION,
        widget=forms.RadioSelect,
        help_text=_("No mark is no proof: many who were strangled show none."),
        error_messages={"required": _("Choose whether there are signs of strangulation.")},
    )

    field_order = ("day", "areas", "types", "count", "severity", "strangulation", "narrative")


class VisitForm(CodedForm):
    """A visit that should happen, is booked, or was."""

    kind = "visit"

    purpose = _choice(_("What for"), rules.PURPOSES)
    first_day = _day(_("First day"))
    last_day = _day(_("Last day"), help_text=_("The same day when it is booked."))
    status = _choice(_("Where it stands"), rules.VISIT, initial="due", widget=forms.RadioSelect)

    field_order = ("purpose", "first_day", "last_day", "status", "narrative")
