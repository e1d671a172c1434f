"""Forms about consents from other systems: the file, and which of our partners its recipients are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accord.partners.queries import AgencyCard


class ConsentForm(forms.Form):
    """One FHIR Consent. Whose it is only a person can tell: it names her by a number of another system."""

    document = forms.FileField(
        label=_("FHIR Consent"),
        help_text=_("One JSON file, up to 5 MB. It is kept sealed in her file, as it came."),
        widget=forms.FileInput(attrs={"accept": ".json,application/json,application/fhir+json"}),
        error_messages={
            "required": _("Choose the file to bring in."),
            "empty": _("The file is empty."),
            "invalid": _("Choose the file to bring in."),
        },
    )
    checked = forms.BooleanField(
        label=_("I have checked that this consent is hers"),
        error_messages={"required": _("Compare it with her, or with whoever sent it, and say so here.")},
    )


class DraftsForm(forms.Form):
    """For each recipient of a consent the partner here that is meant, or nobody."""

    language = forms.ChoiceField(label=_("Explained in"), choices=settings.LANGUAGES)

    def __init__(
        self, *args: Any, names: Iterable[str], cards: Iterable[AgencyCard], language: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = language
        choices = [("", gettext("Nobody here")), *((str(card.id), card.name) for card in cards)]
        self.to = []
        for number, name in enumerate(names):
            self.fields[f"to_{number}"] = forms.TypedChoiceField(
                label=name, choices=choices, coerce=UUID, required=False, empty_value=None
            )
            self.to.append(f"to_{number}")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        chosen = [values[name] for name in self.to if values.get(name)]
        if not self.errors and not chosen:
            raise forms.ValidationError(gettext("Choose at least one partner."))
        if len(set(chosen)) < len(chosen):
            raise forms.ValidationError(gettext("The same partner is chosen twice: a draft names each once."))
        return values

    def chosen(self) -> list[tuple[int, UUID]]:
        """(number of the recipient, the partner that is meant), of those that are somebody here."""
        return [(number, self.cleaned_data[name]) for number, name in enumerate(self.to) if self.cleaned_data.get(name)]

    def fields_of(self) -> list[forms.BoundField]:
        return [self[name] for name in self.to]
