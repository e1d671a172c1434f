"""Bringing a caseload in and taking one out: what is chosen, and what is said about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accord.doors.web.forms.vault import Day, Quiet
from accord.records.caseload import rules
from accord.sealing.age import for_recipient
from accord.sealing.errors import SealingError

FIELDS = {
    "given": _("Given name"),
    "family": _("Family name"),
    "name": _("Whole name, in one column"),
    "chosen": _("Name she uses"),
    "alias": _("Other names"),
    "code_name": _("Code name"),
    "born": _("Date of birth"),
    "pronouns": _("Pronouns"),
    "language": _("Language she is at home in"),
    "phone": _("Safe number"),
    "email": _("Safe e-mail address"),
    "when": _("When it is safe to reach her"),
    "say": _("What may be said"),
    "avoid": _("What must not happen"),
    "address": _("Safe address"),
    "harms": _("What brings her here"),
    "opened": _("Opened on"),
    "closed": _("Closed on"),
    "status": _("Open or closed"),
    "summary": _("Summary"),
    "note": _("Note"),
    "child": _("Children's names"),
    "child_born": _("Birth date of the child before"),
}
FAULTS = {
    "unreadable": _("Holds characters that do not show what they say."),
    "formula_error": _("The spreadsheet could not work this cell out."),
    "too_long": _("Is longer than this field can hold."),
    "not_a_day": _("Is not a day. Write year-month-day, for example 1990-05-17."),
    "two_digit_year": _("Write the year with four digits."),
    "serial_number": _("Is a number, not a day. Give the column a date format in your spreadsheet."),
    "no_such_day": _("There is no such day."),
    "order": _("Say whether the month or the day comes first."),
    "future": _("This day is still to come."),
    "too_early": _("This is before 1900. Check the year."),
    "closed_before_opened": _("Was closed before it was opened."),
    "closed_but_open": _("Has a closing day and is said to be open."),
    "unknown_status": _("Is neither open nor closed."),
    "unknown_harm": _("Is not one of: domestic violence, sexual violence, stalking, elder abuse, trafficking, other."),
    "nobody": _("Says nothing in the columns you bring in."),
    "too_many_cells": _("Has more cells than there are columns."),
}
MAPPINGS = {
    "twice": _("Two columns cannot both be this. Leave one out, or make it a note."),
    "two_names": _("Choose either the whole name in one column, or given and family name."),
    "no_child": _("A child's birth date has to stand to the right of the child's name."),
    "nothing": _("Say of at least one column what it is."),
}
UNREADABLE = {
    "empty": _("There is nothing in this file."),
    "only_headers": _("There is a first row with the names of the columns, and nothing below it."),
    "old_or_locked": _("This is an older Excel file or one with a password. Save it as XLSX without a password."),
    "not_a_workbook": _("This is not a workbook. Save it as XLSX or CSV."),
    "no_sheet": _("There is no such sheet in this workbook."),
    "damaged": _("This workbook is damaged, or written in an unusual way. Open it in a spreadsheet and save it anew."),
    "bomb": _("Unpacked, this workbook is far larger than a caseload can be. It was not read."),
    "too_many_cells_in_sheet": _("This sheet reaches too far to the right or down. Copy what you need into a new one."),
    "too_many_columns": _("There are more than 200 columns."),
    "too_many_rows": _("There are more than 50,000 rows. Bring them in with several files."),
    "cell_too_long": _("A cell holds more than 20,000 characters."),
    "not_text": _("This is neither a workbook nor text."),
    "mixed_encodings": _("Its lines are written in two encodings. Open it in a spreadsheet and save it as XLSX."),
    "quotes": _("A quotation mark opens here and does not close, or stands inside a value."),
}
REASONS = {
    "own_copy": _("A copy of our own for safekeeping"),
    "moving": _("Moving to another system"),
    "asked_by_survivors": _("Survivors asked for their files"),
    "court": _("A court or the law asks for them"),
    "audit": _("An audit or a review"),
    "other": _("Something else; we have talked about it"),
}
SCOPES = {
    "open": _("Open files"),
    "all": _("All files, open and closed"),
    "opened_between": _("Files opened between two days"),
}
STATES = {
    "waiting": _("Waits for a second person"),
    "agreed": _("Ready"),
    "refused": _("Refused"),
    "dropped": _("Taken back"),
    "over": _("Its time is over"),
    "used": _("Used"),
}
STAGES = {
    "columns": _("Columns not named yet"),
    "preview": _("Waits for your go"),
    "running": _("Under way"),
    "done": _("Done"),
}


class UploadForm(forms.Form):
    """One file, and which sheet of it when there are several."""

    table = forms.FileField(
        label=_("Your list"),
        help_text=_("CSV or XLSX, up to 20 MB and 50,000 rows. The first row names the columns."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
        error_messages={
            "required": _("Choose the file to bring in."),
            "empty": _("The file is empty."),
            "invalid": _("Choose the file to bring in."),
        },
    )
    sheet = forms.ChoiceField(label=_("Which sheet?"), widget=forms.RadioSelect(), required=False)

    def __init__(self, *args: Any, sheets: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(sheets) > 1:
            self.fields["sheet"].choices = [(name, name) for name in sheets]  # type: ignore[attr-defined]
            self.fields["sheet"].required = True
        else:
            del self.fields["sheet"]


class ColumnsForm(forms.Form):
    """What each column is."""

    all_optional = True

    def __init__(
        self,
        *args: Any,
        headers: Sequence[str],
        days: Sequence[tuple[bool, str]],
        was: Mapping[int, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.headers, self.days = headers, days
        choices = [("", _("Leave it out")), *FIELDS.items()]
        for column, header in enumerate(headers):
            name = header[:60] or gettext("Column %(letters)s") % {"letters": rules.letters(column)}
            self.fields[f"column_{column}"] = forms.ChoiceField(
                label=name, choices=choices, required=False, initial=was.get(column, "")
            )
        if any(matters for matters, _order in days):
            only = self._only_order(was)
            told = _("Some days in this list can only be read one way, so we chose that. Look whether it is right.")
            asked = _("No day in this list can tell us. Look at your list, or ask who made it.")
            self.fields["order"] = forms.ChoiceField(
                label=_("Days such as 3/4/1990: what comes first?"),
                help_text=told if only else asked,
                choices=[(rules.MONTH_FIRST, _("The month (March 4)")), (rules.DAY_FIRST, _("The day (3 April)"))],
                widget=forms.RadioSelect(),
                required=False,
                initial=only,
            )

    def columns(self) -> list[forms.BoundField]:
        return [self[f"column_{column}"] for column in range(len(self.headers))]

    def mapping(self) -> dict[int, str]:
        chosen = {column: self.cleaned_data.get(f"column_{column}", "") for column in range(len(self.headers))}
        return {column: field for column, field in chosen.items() if field}

    def chosen_order(self) -> str:
        return str(self.cleaned_data.get("order", ""))

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return typed
        mapping = self.mapping()
        try:
            rules.check_mapping(mapping)
        except rules.InvalidMapping as wrong:
            self.add_error(f"column_{wrong.column}" if wrong.code != "nothing" else None, MAPPINGS[wrong.code])
        asked = any(self.days[column][0] for column, field in mapping.items() if field in rules.DATES)
        if asked and not typed.get("order"):
            self.add_error("order", _("Choose one: a wrong guess would change her birthday."))
        return typed

    def _only_order(self, mapping: Mapping[int, str]) -> str:
        """The order that reads every day there is, when only one does."""
        orders = {self.days[column][1] for column, field in mapping.items() if field in rules.DATES} - {""}
        return orders.pop() if len(orders) == 1 else ""


class BeginForm(forms.Form):
    """What becomes of rows that cannot be read, and of rows about somebody who seems to be here already."""

    without_faulty = forms.BooleanField(
        label=_("Leave out the rows that cannot be read"),
        required=False,
        error_messages={"required": _("Tick this, or correct the file and choose it again.")},
    )
    alike = forms.ChoiceField(
        label=_("People who seem to be here already"),
        choices=[("skip", _("Leave them out")), ("bring", _("Bring them in as files of their own"))],
        widget=forms.RadioSelect(),
        initial="skip",
        error_messages={"required": _("Choose what becomes of them.")},
    )
    but = forms.TypedMultipleChoiceField(
        coerce=int, label=_("Except these"), widget=forms.CheckboxSelectMultiple(), required=False
    )

    def __init__(self, *args: Any, faulty: bool, alike: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = list(alike)
        if not faulty:
            del self.fields["without_faulty"]
        else:
            self.fields["without_faulty"].required = True
        if not rows:
            del self.fields["alike"], self.fields["but"]
        else:
            self.fields["but"].choices = rows  # type: ignore[attr-defined]


class ExportForm(forms.Form):
    """Which files, and what for."""

    scope = forms.ChoiceField(label=_("Which files?"), choices=list(SCOPES.items()), widget=forms.RadioSelect())
    since = forms.DateField(label=_("From"), widget=Day(), required=False)
    until = forms.DateField(label=_("To"), help_text=_("This day included."), widget=Day(), required=False)
    reason = forms.ChoiceField(label=_("What for?"), choices=list(REASONS.items()), widget=forms.RadioSelect())

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        if typed.get("scope") != "opened_between" or self.errors:
            return typed
        since, until = typed.get("since"), typed.get("until")
        if not since and not until:
            self.add_error("since", _("Write at least one of the two days."))
        if since and until and until < since:
            self.add_error("until", _("This is before the first day."))
        return typed

    def between(self) -> tuple[datetime | None, datetime | None]:
        """From the first moment of the one day to the first after the other, where the agency is."""
        if self.cleaned_data["scope"] != "opened_between":
            return None, None
        since: date | None = self.cleaned_data["since"]
        until: date | None = self.cleaned_data["until"]
        return _midnight(since), _midnight(until + timedelta(days=1) if until else None)


class LockForm(forms.Form):
    """What the file will open with. It is used once and kept nowhere."""

    lock = forms.ChoiceField(
        label=_("What will open the file?"),
        choices=[("passphrase", _("A passphrase")), ("recipient", _("An age key you have"))],
        widget=forms.RadioSelect(),
        initial="passphrase",
    )
    passphrase = Quiet(
        label=_("Passphrase"),
        help_text=_("At least 20 characters: five or six words nobody would put together. We keep it nowhere."),
        max_length=200,
        required=False,
    )
    again = Quiet(label=_("Once more"), max_length=200, required=False)
    recipient = Quiet(
        label=_("The key's public half"), help_text=_("It begins with age1."), max_length=100, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("passphrase", "again"):
            self.fields[name].widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        if typed.get("lock") == "recipient":
            try:
                for_recipient(typed.get("recipient", ""))
            except SealingError:
                self.add_error("recipient", _("This is not an age recipient. Copy it whole; it begins with age1."))
        elif typed.get("lock"):
            problem = rules.weak(typed.get("passphrase", ""))
            if problem == "short":
                self.add_error("passphrase", _("Use at least 20 characters."))
            elif problem:
                self.add_error("passphrase", _("This repeats itself. Use words that differ."))
            elif typed["passphrase"] != typed.get("again"):
                self.add_error("again", _("The two are not the same."))
        return typed


def unreadable(code: str, where: str) -> str:
    """Why a file cannot be read, and where."""
    if not where or not where[:1].isalnum() or code in ("too_many_columns", "too_many_rows"):
        return gettext(str(UNREADABLE[code]))
    return f"{UNREADABLE[code]} " + gettext("Look at %(where)s.") % {"where": where}


def _midnight(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time.min)).astimezone(UTC) if day else None
