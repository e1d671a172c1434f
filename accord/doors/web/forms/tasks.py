"""What is typed about tasks: what is to be done, by when, by whom; and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accord.coordination.protocols.rules import Span
from accord.coordination.tasks import rules
from accord.coordination.tasks.actions import MOST_FILES, NewTask
from accord.coordination.tasks.rules import REPEATS, Filter
from accord.doors.web.forms.vault import FARTHEST_AHEAD, Day, Hour, Quiet
from accord.doors.web.taskwords import TASK_DROPPED, TASK_KINDS, TASK_REPEATS, TASK_SNOOZED, TASK_WHEN, TASK_WHOSE

CHOOSE = ("", _("Choose"))
#: For how long something is put off, as the list offers it.
REST = ((1, _("Until tomorrow")), (3, _("3 days")), (7, _("A week")), (14, _("Two weeks")), (30, _("30 days")))


def zone() -> ZoneInfo:
    """Where her agency is: the zone of this request."""
    return ZoneInfo(timezone.get_current_timezone_name())


class NewTaskForm(forms.Form):
    """Something to be done; `colleagues` are those who can be given it, `me` among them."""

    words = Quiet(label=_("What is to be done"), lines=3, max_length=rules.LONGEST_WORDS)
    kind = forms.ChoiceField(label=_("What kind of task"), choices=list(TASK_KINDS.items()), initial="follow_up")
    day = forms.DateField(label=_("By which day"), widget=Day())
    hour = forms.TimeField(label=_("By which hour"), widget=Hour(), required=False)
    owner = forms.TypedChoiceField(label=_("Who does it"), coerce=UUID)
    repeats = forms.ChoiceField(label=_("Comes again"), choices=[("", _("No")), *TASK_REPEATS.items()], required=False)

    def __init__(self, *args: Any, colleagues: Mapping[UUID, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [(str(id), name) for id, name in colleagues.items()]

    def clean_day(self) -> Any:
        day, today = self.cleaned_data["day"], timezone.localdate()
        if day < today:
            raise forms.ValidationError(_("This day is over."))
        if day > today + FARTHEST_AHEAD:
            raise forms.ValidationError(_("This is more than a year ahead."))
        return day

    def task(self) -> NewTask:
        typed = self.cleaned_data
        day, hour = typed["day"], typed["hour"]
        span: Span | None = REPEATS.get(typed["repeats"])
        due = rules.due_at(day, hour, zone()) if hour else rules.due_on(day, zone())
        return NewTask(typed["kind"], typed["words"], due, span)


class WorkForm(forms.Form):
    """What becomes of tasks: put off, handed over or dropped. Each needs its own fields and no other."""

    days = forms.TypedChoiceField(label=_("Put off for how long"), choices=REST, coerce=int, required=False)
    rest = forms.ChoiceField(label=_("Why it waits"), choices=[CHOOSE, *TASK_SNOOZED.items()], required=False)
    to = forms.TypedChoiceField(label=_("Who does it from now on"), coerce=UUID, required=False, empty_value=None)
    note = Quiet(label=_("What she needs to know"), lines=3, max_length=rules.LONGEST_NOTE, required=False)
    why = forms.ChoiceField(
        label=_("Why nothing more is done"), choices=[CHOOSE, *TASK_DROPPED.items()], required=False
    )

    def __init__(self, *args: Any, colleagues: Mapping[UUID, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [CHOOSE, *((str(id), name) for id, name in colleagues.items())]

    def value(self, name: str, empty: Any = "") -> Any:
        """What was chosen, or `empty`."""
        return self.cleaned_data.get(name) or empty


class FilterForm(forms.Form):
    """What a list shows. What cannot be read is the usual."""

    all_optional = True

    whose = forms.ChoiceField(label=_("Whose"), choices=list(TASK_WHOSE.items()), required=False)
    when = forms.ChoiceField(label=_("Due"), choices=list(TASK_WHEN.items()), required=False)
    kind = forms.ChoiceField(
        label=_("What kind of task"), choices=[("", _("Every kind")), *TASK_KINDS.items()], required=False
    )
    code = Quiet(label=_("Client code"), max_length=16, required=False)
    owner = forms.UUIDField(widget=forms.HiddenInput, required=False)

    @property
    def view(self) -> Filter:
        read = self.cleaned_data if self.is_valid() else getattr(self, "cleaned_data", {})
        return Filter(read.get("whose") or "mine", read.get("when") or "open", read.get("kind") or "")

    @property
    def wanted(self) -> dict[str, Any]:
        """What the list is narrowed to beside that: a client's code, one colleague."""
        read = self.cleaned_data if self.is_valid() else getattr(self, "cleaned_data", {})
        return {"code": read.get("code") or "", "owner_id": read.get("owner")}


class HandOverForm(forms.Form):
    """To whom everything goes, and what the colleague needs to know."""

    to = forms.TypedChoiceField(
        label=_("Who works with them from now on"), coerce=UUID, error_messages={"required": _("Choose a colleague.")}
    )
    note = Quiet(
        label=_("What she needs to know"),
        help_text=_("It stands with every task that is handed over, sealed."),
        lines=4,
        max_length=rules.LONGEST_NOTE,
        required=False,
    )

    def __init__(self, *args: Any, colleagues: Mapping[UUID, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [CHOOSE, *((str(id), name) for id, name in colleagues.items())]


class CapacityForm(forms.Form):
    """How many files one person carries."""

    files = forms.IntegerField(
        label=_("Open files one person carries at most"),
        help_text=_("Nothing is refused because of it. The board shows who is above it and how much room is left."),
        min_value=1,
        max_value=MOST_FILES,
    )


class BoardForm(forms.Form):
    """How the board is laid out."""

    all_optional = True

    first = forms.ChoiceField(
        label=_("First"),
        choices=[("name", _("By name")), ("late", _("Who has most late")), ("files", _("Who has most files"))],
        required=False,
    )
    late = forms.BooleanField(label=_("Only with something late"), required=False)
