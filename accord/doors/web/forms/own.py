"""What an agency holds itself to beyond what was agreed: one field for each thing that has to be done, and one for each
step that can ask for more."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accord.coordination.protocols.own import Own, numbers, ours, span, unit
from accord.coordination.protocols.rules import Due, Protocol, State, Transition
from accord.doors.web.forms.protocols import UNITS
from accord.doors.web.states import times_said
from accord.policy.words import AgencyKind


class OwnForm(forms.Form):
    """What is left empty stays as it is. `standing`: what the agency asks of itself already."""

    all_optional = True

    def __init__(
        self, *args: Any, agreed: Protocol, kind: AgencyKind, standing: Collection[Own], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.agreed = agreed
        self.asked = {each.about for each in standing if each.asked}
        self.dues = {code: due for code, due in agreed.dues.items() if ours(due, kind)}
        self.ways = {
            code: way for code, way in agreed.transitions.items() if way.may and (not way.kinds or kind in way.kinds)
        }
        for due in self.dues.values():
            self._due(due)
        for way in self.ways.values():
            self._way(way)
        self.fields["why"] = forms.CharField(
            label=_("Why"),
            max_length=300,
            help_text=_("Your colleagues read it. Name no client."),
            widget=forms.Textarea(attrs={"rows": 3, "maxlength": 300}),
        )

    def _due(self, due: Due) -> None:
        title = gettext(due.title)
        if range_ := numbers(due):
            words = {"agreed": times_said(due), "unit": UNITS[unit(due)]}
            said = gettext("Agreed: %(agreed)s. Yours, in %(unit)s:")
            if due.counts_from:
                words["since"] = gettext(self.agreed.evidence[due.counts_from].title)
                said = gettext("Agreed: %(agreed)s, counted from “%(since)s”. Yours, in %(unit)s:")
            if due.within.count <= 0:
                said = gettext("Agreed: %(agreed)s, counted from “%(since)s”. Yours, in %(unit)s before:")
            self.fields[f"time_{due.code}"] = forms.IntegerField(
                label=title, help_text=said % words, min_value=range_[0], max_value=range_[-1], required=False
            )
        if due.optional and (due.code, "", "") not in self.asked:
            self.fields[f"asked_{due.code}"] = forms.BooleanField(
                label=gettext("For us a duty: %(title)s") % {"title": title}, required=False
            )

    def _way(self, way: Transition) -> None:
        left = [code for code in way.may if ("", way.code, code) not in self.asked]
        if left:
            self.fields[f"with_{way.code}"] = forms.MultipleChoiceField(
                label=gettext(way.title),
                choices=[(code, gettext(self.agreed.evidence[code].title)) for code in left],
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    def times(self) -> list[tuple[State, list[forms.BoundField]]]:
        """The fields of what has to be done, under the state in which it is first waited for."""
        left, found = dict(self.dues), []
        for state in self.agreed.states.values():
            names = [
                f"{part}_{due.code}" for due in state.dues if left.pop(due.code, None) for part in ("time", "asked")
            ]
            fields = [self[name] for name in names if name in self.fields]
            if fields:
                found.append((state, fields))
        return found

    def evidence(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("with_")]

    @property
    def opened(self) -> bool:
        """Whether something was chosen where it is folded away."""
        return any(field.value() for field in self.evidence())

    def wanted(self) -> list[Own]:
        """What was asked for."""
        given = self.cleaned_data
        found = []
        for code, due in self.dues.items():
            number, asked = given.get(f"time_{code}"), given.get(f"asked_{code}", False)
            if number is not None or asked:
                found.append(Own(due=code, within=span(due, number) if number is not None else None, asked=asked))
        for code in self.ways:
            found += [Own(step=code, evidence=each, asked=True) for each in given.get(f"with_{code}", ())]
        return found
