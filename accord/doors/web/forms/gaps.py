"""Forms about gaps: what is answered, and which are listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accord.doors.web.forms.vault import Quiet
from accord.doors.web.gapwords import GAP_ANSWERS
from accord.learning.gaps.rules import AGAIN, LONGEST_AGAIN, LONGEST_WORDS, Answer, Rule


class AnswerForm(forms.Form):
    """Where it stands, in one word; why, if it helps whoever reads it next."""

    answer = forms.TypedChoiceField(
        label=_("Where it stands"),
        choices=[(each.value, words) for each, words in GAP_ANSWERS.items()],
        coerce=Answer,
        widget=forms.RadioSelect,
        help_text=_("Each answer is as good as any other. She may say no, and wait until it is safe."),
        error_messages={"required": _("Say where it stands.")},
    )
    days = forms.IntegerField(
        label=_("Ask again after so many days"),
        required=False,
        min_value=1,
        max_value=LONGEST_AGAIN,
        help_text=_("Only where it is not safe now (14 days unless you say otherwise) or on its way (7)."),
    )
    why = Quiet(
        label=_("Why, if it helps"), required=False, lines=3, max_length=LONGEST_WORDS,
        help_text=_("Stays here, sealed. No partner sees it."),
    )  # fmt: skip

    def days_again(self) -> int | None:
        """After how many days it is asked again, where the answer is one of those that put it off."""
        days: int | None = self.cleaned_data["days"]
        return days if self.cleaned_data["answer"] in AGAIN else None


class ListForm(forms.Form):
    """Which gaps are listed. What it cannot read lists all."""

    all_optional = True

    rule = forms.ChoiceField(label=_("What"), required=False)
    member = forms.TypedChoiceField(label=_("Who works with her"), required=False, coerce=UUID, empty_value=None)

    def __init__(self, data: Any, *, rules: Mapping[str, Rule], members: Mapping[UUID, str]) -> None:
        super().__init__(data, auto_id="list_%s")
        self.fields["rule"].choices = [  # type: ignore[attr-defined]
            ("", _("Everything")),
            *((code, gettext(rule.sentence)) for code, rule in rules.items()),
        ]
        self.fields["member"].choices = [  # type: ignore[attr-defined]
            ("", _("Everybody")),
            *((str(id), name) for id, name in members.items()),
        ]
