"""Forms about papers: what came, what a statute demands, what we found, counsel, the way out; and breaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accord.doors.web.forms.updates import HOW
from accord.doors.web.forms.vault import Day, Quiet
from accord.doors.web.labels import CATEGORIES, KINDS_OF_AGENCY, PURPOSES
from accord.doors.web.paperwords import ADVICE, BREACH, PROCESS_KINDS, REPRESENTATIONS, SINGLE_FACTS
from accord.partners.queries import AgencyCard
from accord.policy.law import Report
from accord.policy.words import AgencyKind, Category, Field, ProcessKind, Purpose, Representation
from accord.process.queries import PaperLine, PaperView
from accord.process.rules import (
    ARRIVING,
    DERIVED,
    LONGEST_LINE,
    LONGEST_WORDS,
    NEVER,
    REPORTED,
    SENDERS,
    TOLD,
    TYPED,
    USUAL_DAYS,
    NewPaper,
    Whom,
    may_be,
)
from accord.process.rules import PURPOSES as FOR_WHAT
from accord.vault.queries import PersonView

#: What a paper can name: everything that stands in a file under a category.
NAMEABLE = tuple(Category)
#: What is stated on a paper or done with it, and what we find ourselves.
STATED = (
    Representation.SHE_AGREES,
    Representation.INCAPACITATED,
    Representation.NOT_AGAINST_HER,
    Representation.HARM_BY_WAITING,
    Representation.BEST_INTEREST,
    Representation.RELEVANT_AND_LIMITED,
    Representation.SHE_WAS_NOTIFIED,
    Representation.PROTECTIVE_ORDER_SOUGHT,
    Representation.PRIVILEGE_RULED_ON,
    Representation.UNSEALS,
)
FOUND = (
    *STATED[:5],
    *(each for each in Representation if each not in STATED and each not in DERIVED),
)


class Moment(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


def _words(label: Any, *, lines: int = 3, required: bool = True, help_text: Any = "") -> Quiet:
    return Quiet(label=label, lines=lines, required=required, max_length=LONGEST_WORDS, help_text=help_text)


def _many(label: Any, codes: Iterable[Any], said: Mapping[Any, Any], coerce: Any, **more: Any) -> Any:
    choices = [(code.value, said[code]) for code in codes]
    return forms.TypedMultipleChoiceField(
        label=label, choices=choices, coerce=coerce, widget=forms.CheckboxSelectMultiple, **more
    )


def _categories() -> Any:
    return _many(
        _("What it names"),
        NAMEABLE,
        CATEGORIES,
        Category,
        error_messages={"required": _("Say what it names: a paper opens nothing that it does not name.")},
    )


def _represented(codes: Iterable[Representation] = STATED) -> Any:
    return _many(_("What was stated or found"), codes, REPRESENTATIONS, Representation, required=False)


def _purpose(codes: Iterable[Purpose]) -> Any:
    return forms.TypedChoiceField(
        label=_("For what"), choices=[(each.value, PURPOSES[each]) for each in codes], coerce=Purpose
    )


class SenderForm(forms.Form):
    """Who sent it, or who is to be told: a partner, whoever sent another paper about her, or somebody else."""

    sender = forms.ChoiceField(label=_("From whom"), required=False)
    outside = Quiet(
        label=_("If it is no partner: name and address"),
        required=False,
        max_length=LONGEST_LINE,
    )
    outside_kind = forms.TypedChoiceField(
        label=_("And what they are"),
        required=False,
        coerce=AgencyKind,
        empty_value=None,
        choices=[("", "—"), *((kind.value, KINDS_OF_AGENCY[kind]) for kind in SENDERS)],
    )

    def senders(self, partners: Iterable[AgencyCard], papers: Iterable[tuple[PaperLine, str]]) -> None:
        """Offer these partners, and the senders of these papers."""
        beside = [
            (f"paper:{line.id}", gettext("Came together with: %(paper)s") % {"paper": said}) for line, said in papers
        ]
        self.fields["sender"].choices = [  # type: ignore[attr-defined]
            ("", _("Somebody who is no partner")),
            *beside,
            *((f"partner:{card.id}", card.name) for card in partners),
        ]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not values.get("sender") and not self.errors.get("sender"):
            if not values.get("outside", "").strip():
                self.add_error("outside", gettext("Write down the name and the address."))
            if not values.get("outside_kind"):
                self.add_error("outside_kind", gettext("Say what they are: the law asks."))
        return values

    def sent_by(self) -> dict[str, Any]:
        kind, _colon, id = self.cleaned_data["sender"].partition(":")
        if kind == "partner":
            return {"partner": UUID(id)}
        if kind == "paper":
            return {"beside": UUID(id)}
        return {"outside": self.cleaned_data["outside"], "outside_kind": self.cleaned_data["outside_kind"]}


def _ends(last_day: Any, received_at: datetime) -> datetime:
    """The local midnight after the last day; a paper without one is looked at for a month."""
    if last_day is None:
        return received_at + timedelta(days=USUAL_DAYS)
    return timezone.make_aware(datetime.combine(last_day + timedelta(days=1), time.min))


class ReceivedForm(SenderForm):
    """When it came, and what is stated on it."""

    received_at = forms.DateTimeField(label=_("When it came"), widget=Moment())
    last_day = forms.DateField(
        label=_("Its last day, where it names one"),
        required=False,
        widget=Day(),
        help_text=_("Else it counts a month."),
    )
    represented = _represented()
    stated_by = Quiet(label=_("Who stated it, or who here found it"), required=False, max_length=LONGEST_LINE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["received_at"].initial = timezone.localtime()

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if values.get("represented") and not values.get("stated_by", "").strip():
            self.add_error("stated_by", gettext("Write down who stated this, or who here found it."))
        return values

    def stated(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "received_at": given["received_at"].astimezone(UTC),
            "until_at": _ends(given["last_day"], given["received_at"]),
            "represented": given["represented"],
            "stated_by": given["stated_by"],
            **self.sent_by(),
        }


class PaperForm(ReceivedForm):
    """A paper that came."""

    kind = forms.TypedChoiceField(
        label=_("What it says it is"),
        choices=[(kind.value, PROCESS_KINDS[kind]) for kind in ARRIVING],
        coerce=ProcessKind,
        help_text=_("As it calls itself. Counsel says what it is."),
    )
    reference = Quiet(label=_("Its number"), required=False, max_length=LONGEST_LINE)
    purpose = _purpose(each for each in FOR_WHAT if each is not Purpose.MANDATED_REPORT)
    categories = _categories()
    facts = _many(
        _("If it asks only for single facts"),
        [each for each in Field if each not in NEVER],
        SINGLE_FACTS,
        Field,
        required=False,
    )
    due_day = forms.DateField(label=_("The day it wants an answer by"), required=False, widget=Day())
    field_order = (
        "kind", "sender", "outside", "outside_kind", "reference", "received_at", "due_day", "last_day", "purpose",
        "categories", "facts", "represented", "stated_by",
    )  # fmt: skip

    def new(self) -> NewPaper:
        given = self.cleaned_data
        return NewPaper(
            kind=given["kind"],
            purpose=given["purpose"],
            categories=given["categories"],
            fields=given["facts"],
            reference=given["reference"],
            due_at=given["due_day"] and _ends(given["due_day"], given["received_at"]),
            **self.stated(),
        )


def _people(form: forms.Form, people: Sequence[PersonView], herself: str) -> None:
    form.fields["about"].choices = [  # type: ignore[attr-defined]
        ("", herself),
        *((str(each.id), each.identity.name or gettext("A child without a name")) for each in people),
    ]


class FindingForm(ReceivedForm):
    """What we ourselves found: it opens what a law lets out on it, and says who found it and why."""

    about = forms.TypedChoiceField(label=_("About whom"), required=False, coerce=UUID, empty_value=None)
    represented = _represented(FOUND)
    threat = _words(_("What we found, and why"), help_text=_("If it is a threat: what it is, and against whom."))
    purpose = _purpose(FOR_WHAT)
    categories = _categories()
    field_order = (
        "about", "represented", "threat", "stated_by", "received_at", "sender", "outside", "outside_kind", "purpose",
        "categories", "last_day",
    )  # fmt: skip

    def __init__(self, *args: Any, people: Sequence[PersonView], herself: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _people(self, people, herself)
        self.fields["sender"].label = _("Who is to be told")
        self.fields["received_at"].label = _("When we found it")
        self.fields["represented"].label = _("What we found")
        self.fields["represented"].required = True
        self.fields["stated_by"].label = _("Who here found it")
        self.fields["categories"].label = _("What they need to know")
        self.fields["last_day"].label = _("Until when it may be told")

    def new(self) -> NewPaper:
        given = self.cleaned_data
        return NewPaper(
            kind=ProcessKind.FINDING,
            purpose=given["purpose"],
            categories=given["categories"],
            threat=given["threat"],
            **self.stated(),
        )


class ReportForm(SenderForm):
    """A report that a statute demands. It tells what the statute asks and nothing else."""

    statute = forms.ChoiceField(
        label=_("The statute that demands it"),
        widget=forms.RadioSelect,
        error_messages={"required": _("A report rests on one statute: choose which.")},
    )
    about = forms.TypedChoiceField(label=_("About whom"), required=False, coerce=UUID, empty_value=None)
    known_at = forms.DateTimeField(label=_("When we came to know"), widget=Moment())
    field_order = ("statute", "about", "known_at", "sender", "outside", "outside_kind")

    def __init__(
        self, *args: Any, reports: Sequence[Report], people: Sequence[PersonView], herself: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.reports = {report.because.rule: report for report in reports}
        asked = {each for report in reports for each in report.fields}
        self.typed = [each for each in TYPED if each in asked]
        for each in self.typed:
            self.fields[each.value] = _words(SINGLE_FACTS[each], lines=2, required=False)
        self.fields["statute"].choices = [  # type: ignore[attr-defined]
            (rule, gettext(report.because.sentence)) for rule, report in self.reports.items()
        ]
        self.fields["known_at"].initial = timezone.localtime()
        self.fields["sender"].label = _("Who receives it")
        _people(self, people, herself)

    def rows(self) -> list[tuple[forms.boundfield.BoundWidget, Report]]:
        """Each statute with its hours."""
        return list(zip(self["statute"], self.reports.values(), strict=True))

    def said(self) -> list[forms.BoundField]:
        return [self[each.value] for each in self.typed]

    def new(self) -> NewPaper:
        given = self.cleaned_data
        report = self.reports[given["statute"]]
        known = given["known_at"].astimezone(UTC)
        return NewPaper(
            kind=ProcessKind.MANDATED_REPORT,
            purpose=Purpose.MANDATED_REPORT,
            categories=REPORTED,
            statute=given["statute"],
            said={each: given[each.value] for each in self.typed if each in report.fields},
            received_at=known,
            until_at=known + timedelta(days=USUAL_DAYS),
            due_at=known + timedelta(hours=report.written_hours),
            **self.sent_by(),
        )


class AskForm(forms.Form):
    """Counsel is asked."""

    counsel = Quiet(label=_("Name of counsel"), max_length=LONGEST_LINE)


class ReviewForm(forms.Form):
    """What counsel said, and what the paper is."""

    advice = forms.ChoiceField(
        label=_("What does counsel say?"), choices=list(ADVICE.items()), widget=forms.RadioSelect
    )
    said = _words(_("In counsel's words"))
    kind = forms.TypedChoiceField(
        label=_("What it is"),
        coerce=ProcessKind,
        help_text=_("A subpoena is no court order, whatever it calls itself."),
    )
    purpose = _purpose(each for each in FOR_WHAT if each is not Purpose.MANDATED_REPORT)
    categories = _categories()
    represented = _represented()
    stated_by = Quiet(label=_("Who stated it, or who here found it"), required=False, max_length=LONGEST_LINE)
    last_day = forms.DateField(label=_("Until when it counts"), widget=Day())

    def __init__(self, *args: Any, paper: PaperView, **kwargs: Any) -> None:
        super().__init__(*args, initial=self._of(paper), **kwargs)
        kinds = [(kind.value, PROCESS_KINDS[kind]) for kind in may_be(paper.claimed)]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        if paper.claimed is ProcessKind.FINDING:
            stated = [(each.value, REPRESENTATIONS[each]) for each in FOUND]
            self.fields["represented"].choices = stated  # type: ignore[attr-defined]

    @staticmethod
    def _of(paper: PaperView) -> dict[str, Any]:
        """What stands on file, to be corrected."""
        return {
            "kind": paper.line.kind.value,
            "purpose": paper.purpose.value,
            "categories": [each.value for each in paper.categories],
            "represented": [each.value for each in paper.represented],
            "stated_by": paper.stated_by,
            "last_day": timezone.localtime(paper.until_at - timedelta(seconds=1)).date(),
        }

    def reviewed(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        last_day = given.pop("last_day")
        return {**given, "until_at": _ends(last_day, timezone.now())}


class BecauseForm(forms.Form):
    """Why it is held, refused or closed."""

    because = _words(_("Why"))


class WaitForm(forms.Form):
    """Law enforcement asks that an accounting says nothing of it yet."""

    how = forms.ChoiceField(
        label=_("How was it asked?"),
        choices=[("written", _("In writing, with the time it states")), ("oral", _("By word of mouth: thirty days"))],
        widget=forms.RadioSelect,
    )
    official = Quiet(label=_("Which official asked"), max_length=LONGEST_LINE)
    last_day = forms.DateField(label=_("Until which day"), required=False, widget=Day())

    def asked(self) -> dict[str, Any]:
        given = self.cleaned_data
        until = given["last_day"] and _ends(given["last_day"], timezone.now())
        return {"how": given["how"], "official": given["official"], "until": until}


class NoteForm(forms.Form):
    """What was stated since, whether she knows, what was done for her safety. What was stated before stays stated."""

    all_optional = True

    told_how = forms.ChoiceField(
        label=_("She was told"),
        required=False,
        choices=[("", _("Not yet")), *((code, HOW[code]) for code in TOLD)],
        widget=forms.RadioSelect,
    )
    not_told = _words(_("Why it is not safe to tell her"), required=False)
    safety = _words(_("Steps taken to keep her private and safe"), required=False)
    represented = _represented()
    stated_by = Quiet(label=_("Who stated it, or who here found it"), required=False, max_length=LONGEST_LINE)

    def __init__(self, *args: Any, paper: PaperView, **kwargs: Any) -> None:
        before = {name: getattr(paper, name) for name in ("told_how", "not_told", "safety", "stated_by")}
        super().__init__(*args, initial=before, **kwargs)
        self.paper = paper
        self.fields["represented"].choices = [  # type: ignore[attr-defined]
            (each.value, REPRESENTATIONS[each])
            for each in (FOUND if paper.line.kind is ProcessKind.FINDING else STATED)
            if each not in paper.represented
        ]

    def noted(self) -> dict[str, Any]:
        """What differs from what stands on file."""
        given, paper = self.cleaned_data, self.paper
        words = ("told_how", "not_told", "safety")
        found = {name: given[name] for name in words if given[name] and given[name] != getattr(paper, name)}
        if given["represented"]:
            stated = {*given["represented"], *paper.represented} - DERIVED
            found |= {"represented": stated, "stated_by": given["stated_by"]}
        return found


class AnswerForm(forms.Form):
    """How the answer reaches them."""

    way = forms.ChoiceField(label=_("How it goes"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, partner: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sealed = [("accord", _("Sealed, to them alone"))] if partner else []
        self.fields["way"].choices = [*sealed, ("printed", _("On paper, to be printed"))]  # type: ignore[attr-defined]
        self.fields["way"].initial = "accord" if partner else "printed"


class BreachForm(forms.Form):
    """Something got out, or nearly."""

    kind = forms.ChoiceField(label=_("Has it happened?"), choices=list(BREACH.items()), widget=forms.RadioSelect)
    detected_at = forms.DateTimeField(label=_("When it was detected"), widget=Moment())
    what = _words(_("What happened"), help_text=_("Without names: codes of files are enough."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["detected_at"].initial = timezone.localtime()


class NoticeForm(forms.Form):
    """Who was told of a breach."""

    whom = forms.TypedChoiceField(choices=[(whom.value, whom.value) for whom in Whom], coerce=Whom)
