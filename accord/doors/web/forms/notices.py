"""When an e-mail may say that something is new."""

from __future__ import annotations

from datetime import time
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from accord.coordination.notices.rules import MOST, Wish
from accord.doors.web.forms.vault import Hour
from accord.doors.web.taskwords import NOTICE_HOW
from accord.vault.rules import Window


class HearingForm(forms.Form):
    """How, in which hours, and for one a day at which hour."""

    how = forms.ChoiceField(
        label=_("When may an e-mail say that something is new?"),
        choices=list(NOTICE_HOW.items()),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one.")},
    )
    hour = forms.TimeField(
        label=_("For once a day: at which hour"),
        help_text=_("Empty: when your hours of that day begin."),
        widget=Hour(),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(MOST):
            self.fields[f"days{number}"] = forms.TypedMultipleChoiceField(
                label=_("My hours on these days"),
                choices=list(WEEKDAYS_ABBR.items()),
                coerce=int,
                widget=forms.CheckboxSelectMultiple(),
                required=False,
            )
            self.fields[f"from{number}"] = forms.TimeField(label=_("From"), widget=Hour(), required=False)
            self.fields[f"to{number}"] = forms.TimeField(label=_("Until"), widget=Hour(), required=False)

    @property
    def stretches(self) -> list[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        """The fields of each stretch of hours: days, from, until."""
        return [(self[f"days{number}"], self[f"from{number}"], self[f"to{number}"]) for number in range(MOST)]

    @property
    def further(self) -> bool:
        """Whether the second stretch has anything in it, so that it is not folded away."""
        return any(field.value() or field.errors for stretch in self.stretches[1:] for field in stretch)

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        for number in range(MOST):
            days, start, end = (typed.get(f"{name}{number}") for name in ("days", "from", "to"))
            if days and (start is None) != (end is None):
                missing = f"from{number}" if start is None else f"to{number}"
                self.add_error(missing, _("Say the other end too, or leave both empty for the whole day."))
            elif not days and (start or end):
                self.add_error(f"days{number}", _("Say on which days these hours are."))
        return typed

    def wish(self) -> Wish:
        typed = self.cleaned_data
        windows = tuple(
            Window(tuple(typed[f"days{number}"]), typed[f"from{number}"] or time(0), typed[f"to{number}"] or time(0))
            for number in range(MOST)
            if typed[f"days{number}"]
        )
        return Wish(typed["how"], windows, typed["hour"])

    @staticmethod
    def of_wish(wish: Wish) -> dict[str, Any]:
        """Initial values."""
        values: dict[str, Any] = {"how": wish.how, "hour": wish.hour}
        for number, window in enumerate(wish.windows[:MOST]):
            whole = window.start == window.end
            values |= {
                f"days{number}": list(window.days),
                f"from{number}": None if whole else window.start,
                f"to{number}": None if whole else window.end,
            }
        return values
