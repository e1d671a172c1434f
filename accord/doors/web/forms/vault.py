"""What is typed about a client, turned into the vault's values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accord.doors.web import labels
from accord.policy.words import Mark, Relation
from accord.vault import rules
from accord.vault.actions import NewEntry
from accord.vault.queries import PersonView
from accord.vault.rules import Detail, Identity, SafeContact, Summary, Window

#: A court date may lie ahead; a year typed wrong may not push everything else off the page.
FARTHEST_AHEAD = timedelta(days=366)
EARLIEST = date(1900, 1, 1)
IDENTITY = (
    "given", "family", "chosen", "born", "pronouns", "code_name", "interpreter", "interpreter_language", "access_more",
)  # fmt: skip
CARD = ("ways", "when", "say", "avoid", "voicemail", "danger", "paper")
#: What reaches her. It is typed here and shown nowhere but where she is contacted, after the check.
REACHING = ("phone", "email", "address", "through")
#: How many stretches of safe hours a card has room for.
STRETCHES = 3
OTHER = "other"
WAYS = [("in_person", _("In person")), ("phone", _("By phone")), ("written", _("In writing"))]


class Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class Hour(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class Quiet(forms.CharField):
    """A line a browser must not remember or send to a spelling service: it may be her name."""

    def __init__(self, *, lines: int = 1, **kwargs: Any) -> None:
        kept_quiet = {"autocomplete": "off", "spellcheck": "false"}
        if lines > 1:
            kwargs["widget"] = forms.Textarea(attrs=kept_quiet | {"rows": lines})
        else:
            kwargs["widget"] = forms.TextInput(attrs=kept_quiet)
        super().__init__(**kwargs)


class FindForm(forms.Form):
    all_optional = True

    text = Quiet(
        label=_("Name, another name she uses, date of birth, or code"),
        help_text=_("The first three letters are enough. Names that sound alike are found too."),
        max_length=rules.LONGEST_LINE,
        required=False,
    )


class IdentityForm(forms.Form):
    """Who somebody is. Nothing is required: a client can be known by her code alone."""

    all_optional = True

    given = Quiet(label=_("Given name"), max_length=rules.LONGEST_LINE, required=False)
    family = Quiet(label=_("Family name"), max_length=rules.LONGEST_LINE, required=False)
    chosen = Quiet(
        label=_("Name she uses"),
        help_text=_("Shown in place of the others, everywhere."),
        max_length=rules.LONGEST_LINE,
        required=False,
    )
    aliases = Quiet(
        label=_("Other names"), help_text=_("One on each line. She is found by any of them."), lines=2, required=False
    )
    born = forms.DateField(label=_("Date of birth"), widget=Day(), required=False)
    pronouns = Quiet(label=_("Pronouns"), max_length=rules.LONGEST_LINE, required=False)
    code_name = Quiet(
        label=_("Name to say aloud"),
        help_text=_("What colleagues call her on the phone and in the corridor, so that her name is not said."),
        max_length=rules.LONGEST_LINE,
        required=False,
    )
    language = forms.ChoiceField(
        label=_("Language she is at home in"),
        choices=[("", "—"), *labels.LANGUAGES.items(), (OTHER, _("Another one"))],
        required=False,
    )
    language_other = Quiet(label=_("Another language"), max_length=rules.LONGEST_LINE, required=False)
    interpreter = forms.ChoiceField(
        label=_("Interpreter"),
        help_text=_("Never somebody of the family, and never a child."),
        choices=[("", labels.ANSWERS[""]), *labels.INTERPRETER.items()],
        required=False,
    )
    interpreter_language = forms.ChoiceField(
        label=_("Interpreter for"),
        choices=[("", _("Her language")), *labels.LANGUAGES.items()],
        required=False,
    )
    access = forms.MultipleChoiceField(
        label=_("What she needs to take part"),
        choices=list(labels.ACCESS.items()),
        widget=forms.CheckboxSelectMultiple(),
        required=False,
    )
    access_more = Quiet(label=_("Anything else she needs"), max_length=rules.LONGEST_LINE, required=False)

    def clean_born(self) -> date | None:
        born: date | None = self.cleaned_data["born"]
        if born and born > timezone.localdate():
            raise ValidationError(_("This day is still to come."))
        if born and born < EARLIEST:
            raise ValidationError(_("This is before 1900. Check the year."))
        return born

    def clean_aliases(self) -> str:
        aliases: str = self.cleaned_data["aliases"]
        if any(len(alias) > rules.LONGEST_LINE for alias in aliases.splitlines()):
            raise ValidationError(
                _("A name has at most %(most)d characters. One name on each line."), params={"most": rules.LONGEST_LINE}
            )
        return aliases

    def identity(self) -> Identity:
        typed = self.cleaned_data
        # Another language may be typed without choosing "another one" first.
        language = typed["language"] if typed["language"] not in ("", OTHER) else typed["language_other"]
        return Identity(
            aliases=tuple(line.strip() for line in typed["aliases"].splitlines() if line.strip()),
            language=language,
            access=tuple(typed["access"]),
            **{name: typed[name] for name in IDENTITY if name in typed},
        )

    @staticmethod
    def of_identity(identity: Identity) -> dict[str, Any]:
        """Initial values for changing what is there."""
        listed = not identity.language or identity.language in labels.LANGUAGES
        return {name: getattr(identity, name) for name in IDENTITY} | {
            "aliases": "\n".join(identity.aliases),
            "access": list(identity.access),
            "language": identity.language if listed else OTHER,
            "language_other": "" if listed else identity.language,
        }


class ContactForm(forms.Form):
    """How she may be reached without danger. `own` is the card as it is; what reaches her is not shown again here, and
    stays unless something else is typed or it is to be forgotten."""

    all_optional = True

    ways = forms.MultipleChoiceField(
        label=_("Which ways are safe?"),
        help_text=_("What is not ticked is not done."),
        choices=list(labels.WAYS.items()),
        widget=forms.CheckboxSelectMultiple(),
        required=False,
    )
    when = Quiet(
        label=_("What else is there to know about when?"),
        help_text=_("For example: not in the school holidays. Nobody is kept from calling by these words."),
        max_length=rules.LONGEST_LINE * 5,
        required=False,
    )
    say = Quiet(
        label=_("What may the caller say?"),
        help_text=_("For example: you are from the dentist."),
        max_length=rules.LONGEST_LINE * 5,
        required=False,
    )
    avoid = Quiet(
        label=_("What must not happen?"),
        help_text=_("For example: no messages, no texts, no links."),
        max_length=rules.LONGEST_LINE * 5,
        required=False,
    )
    voicemail = forms.ChoiceField(
        label=_("May a message be left on her phone?"), choices=list(labels.ANSWERS.items()), required=False
    )
    danger = Quiet(
        label=_("A word that means she is in danger"),
        help_text=_("If she says it, end the call as if it were a wrong number and do what her safety plan says."),
        max_length=rules.LONGEST_LINE,
        required=False,
    )
    paper = forms.ChoiceField(
        label=_("Is paper safe for her to take home?"), choices=list(labels.ANSWERS.items()), required=False
    )
    phone = Quiet(label=_("Safe number"), max_length=rules.LONGEST_LINE, required=False)
    email = Quiet(label=_("Safe e-mail address"), max_length=rules.LONGEST_LINE, required=False)
    through = Quiet(
        label=_("Somebody she named, and how to reach them"), max_length=rules.LONGEST_LINE * 5, required=False
    )
    address = Quiet(
        label=_("Safe address"),
        help_text=_("Leave it empty unless you need it. It is never sent with how to reach her."),
        lines=3,
        max_length=rules.LONGEST_LINE * 5,
        required=False,
    )

    def __init__(self, *args: Any, own: SafeContact | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = own or SafeContact()
        weekdays = list(WEEKDAYS_ABBR.items())
        for number in range(STRETCHES):
            self.fields[f"days{number}"] = forms.TypedMultipleChoiceField(
                label=_("Safe on these days"),
                choices=weekdays,
                coerce=int,
                widget=forms.CheckboxSelectMultiple(),
                required=False,
            )
            self.fields[f"from{number}"] = forms.TimeField(label=_("From"), widget=Hour(), required=False)
            self.fields[f"to{number}"] = forms.TimeField(label=_("Until"), widget=Hour(), required=False)
        if noted := [name for name in REACHING if getattr(self.own, name)]:
            for name in noted:
                self.fields[name].help_text = _("One is noted. Write here only to put another in its place.")
            self.fields["forget"] = forms.MultipleChoiceField(
                label=_("Forget what is noted"),
                choices=[(name, self.fields[name].label) for name in noted],
                widget=forms.CheckboxSelectMultiple(),
                required=False,
            )

    @property
    def stretches(self) -> list[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        """The fields of each stretch of safe hours: days, from, until."""
        return [(self[f"days{number}"], self[f"from{number}"], self[f"to{number}"]) for number in range(STRETCHES)]

    @property
    def further(self) -> bool:
        """Whether the second stretch has anything in it, so that it is not folded away."""
        return any(field.value() or field.errors for stretch in self.stretches[1:] for field in stretch)

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        for number in range(STRETCHES):
            days, start, end = (typed.get(f"{name}{number}") for name in ("days", "from", "to"))
            if days and (start is None) != (end is None):
                missing = f"from{number}" if start is None else f"to{number}"
                self.add_error(missing, _("Say the other end too, or leave both empty if the whole day is safe."))
            elif not days and (start or end):
                self.add_error(f"days{number}", _("Say on which days these hours are safe."))
            elif start is not None and start == end != time(0):
                self.add_error(f"to{number}", _("This is the hour it begins. Leave both empty for the whole day."))
        return typed

    def contact(self) -> SafeContact:
        """The card as it will be."""
        typed = self.cleaned_data
        forgotten = typed.get("forget", ())
        windows = tuple(
            Window(tuple(typed[f"days{number}"]), typed[f"from{number}"] or time(0), typed[f"to{number}"] or time(0))
            for number in range(STRETCHES)
            if typed[f"days{number}"]
        )
        kept = {name: "" if name in forgotten else getattr(self.own, name) for name in REACHING}
        return SafeContact(
            windows=windows,
            zone=timezone.get_current_timezone_name() if windows else "",
            **{name: typed[name] for name in CARD if name != "ways"},
            **{name: typed[name] or kept[name] for name in REACHING},
            ways=tuple(typed["ways"]),
        )

    @staticmethod
    def of_contact(contact: SafeContact) -> dict[str, Any]:
        """Initial values for changing a card, without what reaches her."""
        values: dict[str, Any] = {name: getattr(contact, name) for name in CARD}
        for number, window in enumerate(contact.windows[:STRETCHES]):
            whole = window.start == window.end
            values |= {
                f"days{number}": list(window.days),
                f"from{number}": None if whole else window.start,
                f"to{number}": None if whole else window.end,
            }
        return values


class AboutForm(IdentityForm, ContactForm):
    """Who she is and how she is reached."""


class ClientForm(AboutForm):
    """A new file."""

    harms = forms.MultipleChoiceField(
        label=_("What brings her here"),
        help_text=_("Tick what she has told you. You can leave it open."),
        choices=[(harm, labels.HARMS[harm]) for harm in rules.HARMS],
        widget=forms.CheckboxSelectMultiple(),
        required=False,
    )


class PersonForm(IdentityForm):
    """Somebody else in her story."""

    relation = forms.ChoiceField(
        label=_("Who is it, seen from her?"),
        choices=[
            (relation.value, labels.RELATIONS[relation])
            for relation in Relation
            if relation not in (Relation.SELF, Relation.NOBODY)
        ],
        widget=forms.RadioSelect(),
    )
    field_order = ("relation",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for hers in ("code_name", "interpreter", "interpreter_language"):
            del self.fields[hers]
        self.fields["access"].label = _("What they need to take part")
        self.fields["access_more"].label = _("Anything else they need")
        self.fields["chosen"].label = _("Name they use")
        self.fields["language"].label = _("Language they are at home in")
        self.fields["aliases"].help_text = _("One on each line.")

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        if not any(typed.get(name) for name in ("given", "family", "chosen", "aliases")) and not self.errors:
            self.add_error("given", _("Write at least one name, even if it is only what she calls them."))
        return typed

    @property
    def who(self) -> Relation:
        return Relation(self.cleaned_data["relation"])


class EntryForm(forms.Form):
    """One thing that happened, in two layers: the summary a partner may see, and the detail."""

    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=[(kind, labels.KINDS[kind]) for kind in rules.KINDS],
        widget=forms.RadioSelect(),
    )
    about = forms.ChoiceField(label=_("About whom?"), required=False)
    day = forms.DateField(label=_("Which day?"), widget=Day())
    hour = forms.TimeField(label=_("At what time?"), widget=Hour(), required=False)
    summary = forms.CharField(
        label=_("Summary"),
        help_text=_(
            "One or two sentences that a partner could read, if she agrees. No more than she would say herself."
        ),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        max_length=rules.LONGEST_LINE * 5,
    )
    narrative = forms.CharField(
        label=_("Detail"),
        help_text=_("What you need to remember. It leaves this agency only if she releases it in full."),
        widget=forms.Textarea(attrs={"rows": 8, "autocomplete": "off", "spellcheck": "false"}),
        max_length=rules.LONGEST_TEXT,
        required=False,
    )

    marks = forms.TypedMultipleChoiceField(
        label=_("What is it, by law?"),
        help_text=_("What is marked opens only with its own permission, whatever else she signs."),
        coerce=Mark,
        widget=forms.CheckboxSelectMultiple(),
        required=False,
    )

    def __init__(
        self, *args: Any, people: tuple[PersonView, ...] = (), marks: Sequence[Mark] = (), **kwargs: Any
    ) -> None:
        """`marks`: those that entries of this agency can need."""
        super().__init__(*args, **kwargs)
        if marks:
            self.fields["marks"].choices = [(mark.value, labels.label(mark)) for mark in marks]  # type: ignore[attr-defined]
        else:
            del self.fields["marks"]
        self.fields["day"].initial = timezone.localdate
        if people:
            others = [
                (str(person.id), f"{person.identity.name} ({labels.label(person.relation)})") for person in people
            ]
            self.fields["about"].choices = [("", labels.label(Relation.SELF)), *others]  # type: ignore[attr-defined]
        else:
            del self.fields["about"]

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if day > timezone.localdate() + FARTHEST_AHEAD:
            raise ValidationError(_("This is more than a year ahead. Check the year."))
        if day < EARLIEST:
            raise ValidationError(_("This is before 1900. Check the year."))
        return day

    @property
    def occurred_at(self) -> datetime:
        """A day without an hour stands at noon UTC, which is the same calendar day from Hawaii to Helsinki."""
        day, hour = self.cleaned_data["day"], self.cleaned_data.get("hour")
        if hour is None:
            return datetime.combine(day, time(12), UTC)
        return timezone.make_aware(datetime.combine(day, hour))

    def entry(self) -> NewEntry:
        """Raises InvalidEntry."""
        typed = self.cleaned_data
        return NewEntry(
            kind=typed["kind"],
            category=rules.KINDS[typed["kind"]],
            occurred_at=self.occurred_at,
            summary=Summary.typed(typed["summary"]),
            detail=Detail(narrative=typed["narrative"]),
            about=UUID(typed["about"]) if typed.get("about") else None,
            marks=frozenset(typed.get("marks", ())),
        )

    def seen(self) -> dict[str, Any]:
        """What is there so far, for the preview. Works before the form is complete."""
        self.is_valid()
        typed = self.cleaned_data
        kind = typed.get("kind", "")
        return {
            "kind": kind,
            "category": rules.KINDS.get(kind),
            "occurred_at": self.occurred_at if "day" in typed and "hour" in typed else None,
            "summary": typed.get("summary", ""),
            "narrative": typed.get("narrative", ""),
        }


class DeleteForm(forms.Form):
    """The code typed by hand, so that nobody deletes the wrong file by a slip."""

    how = forms.ChoiceField(label=_("How did she ask for this?"), choices=WAYS, widget=forms.RadioSelect())
    code = Quiet(label=_("Type her code to confirm"), max_length=20)

    def __init__(self, *args: Any, code: str, living: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = code
        if not living:
            del self.fields["how"]

    def clean_code(self) -> str:
        typed: str = self.cleaned_data["code"].strip().upper()
        if typed != self.expected:
            raise ValidationError(gettext("This is not her code. Her code is %(code)s.") % {"code": self.expected})
        return typed
