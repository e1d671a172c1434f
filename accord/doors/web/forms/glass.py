"""Emergency access: which file, why, who may agree, and what somebody found afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accord.doors.web.forms.vault import Quiet
from accord.doors.web.labels import GLASS_OUTCOMES, GLASS_REASONS
from accord.vault import rules


class FileForm(forms.Form):
    """Which file, by its code."""

    code = forms.CharField(
        label=_("Client code"),
        max_length=16,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Type the code that stands on her file.")},
    )


class WhyForm(forms.Form):
    """Why it cannot wait. `partners` may be asked to agree where the law leaves room; without any, nobody is asked."""

    reason = forms.ChoiceField(
        label=_("Why can it not wait?"),
        choices=[(reason, GLASS_REASONS[reason]) for reason in rules.GLASS_REASONS],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one.")},
    )
    words = Quiet(
        label=_("In your own words"),
        lines=4,
        max_length=rules.LONGEST_LINE * 5,
        help_text=_("Your privacy officer reads this. It is kept sealed with her file."),
        error_messages={"required": _("Write down why.")},
    )
    partner = forms.TypedChoiceField(
        label=_("If a second person is needed, who shall be asked?"), coerce=UUID, empty_value=None, required=False
    )

    def __init__(self, *args: Any, partners: Mapping[UUID, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if partners:
            ours = ("", _("Our own director"))
            self.fields["partner"].choices = [ours, *((str(id), name) for id, name in partners.items())]
        else:
            del self.fields["partner"]


class OutcomeForm(forms.Form):
    """What somebody found who looked at it afterwards."""

    outcome = forms.ChoiceField(
        label=_("What did you find?"),
        choices=[(outcome, GLASS_OUTCOMES[outcome]) for outcome in rules.GLASS_OUTCOMES],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one.")},
    )
