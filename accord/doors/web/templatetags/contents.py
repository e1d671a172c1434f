"""What an envelope or an entry carries, as a reader sees it: named values in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accord.doors.web import confirming, labels
from accord.records.health import rules as health

register = template.Library()
register.filter(confirming.confirmable)

#: Names of the values that entries carry. A value without a name here is shown under its own, never left out.
FIELDS = {
    "given": _("Given names"),
    "family": _("Family name"),
    "chosen": _("Called"),
    "aliases": _("Other names"),
    "born": _("Born"),
    "pronouns": _("Pronouns"),
    "language": _("Language"),
    "interpreter": _("Interpreter"),
    "interpreter_language": _("Interpreter for"),
    "windows": _("Safe hours"),
    "when": _("Safe to reach"),
    "ways": _("Safe ways"),
    "say": _("Say"),
    "avoid": _("Avoid"),
    "voicemail": _("Voicemail"),
    "danger": _("Word for danger"),
    "paper": _("Paper to take home"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "service": _("Service"),
    "step": _("Where it stands"),
    "why": _("Why not"),
    "channel": _("How"),
    "outcome": _("What happened"),
    "result": _("What came of it"),
    "address": _("Address"),
    "status": _("Status"),
    "day": _("Day"),
    "steps": _("Step by step"),
    "advocate": _("Advocate"),
    "areas": _("Where"),
    "types": _("What"),
    "count": _("How many"),
    "severity": _("Severity"),
    "strangulation": _("Signs of strangulation"),
    "purpose": _("For"),
    "first_day": _("From"),
    "last_day": _("To"),
    "display": _("Name"),
    "code": _("Code"),
    "start": _("Since"),
    "end": _("Until"),
    "details": _("Also said"),
    "value": _("Value"),
    "unit": _("Unit"),
    "text": _("Text"),
    "title": _("Title"),
    "author": _("Written by"),
    "organization": _("Organisation"),
    "items": _("Entries in it"),
    "not_understood": _("Not understood"),
    "media_type": _("Attached"),
    "about": _("About"),
    "age_at_onset": _("Age when it began"),
    "allergy_type": _("Kind of allergy"),
    "as_needed": _("As needed"),
    "body_site": _("Part of the body"),
    "criticality": _("How serious"),
    "disposition": _("Discharged to"),
    "dose": _("Dose"),
    "form": _("Form"),
    "frequency": _("How often"),
    "health_status": _("State of health"),
    "indication": _("Because of"),
    "informant": _("Told by"),
    "instructions": _("Instructions"),
    "interpretation": _("Reading"),
    "location": _("Place"),
    "noted": _("Written down with it"),
    "lot": _("Lot"),
    "manufacturer": _("Maker"),
    "max_dose": _("Most at once"),
    "method": _("Method"),
    "nothing_known": _("Nothing known"),
    "panel": _("Panel"),
    "performer": _("Done by"),
    "priority": _("Priority"),
    "problem_type": _("Kind of condition"),
    "quantity": _("Quantity"),
    "rate": _("Rate"),
    "reaction": _("Reaction"),
    "reaction_severity": _("How severe the reaction"),
    "reason_not_done": _("Why not"),
    "recorded": _("Recorded"),
    "reference_range": _("Usual range"),
    "refills": _("Refills"),
    "route": _("Given"),
    "series": _("Number in series"),
    "specimen": _("Specimen"),
}
_ORDER = {name: place for place, name in enumerate(FIELDS)}
#: Values that are codes of the health room; all others are shown as they were written.
CODED = frozenset(
    {"status", "steps", "advocate", "areas", "types", "severity", "strangulation", "purpose", "as_needed"}
)
#: Values that are codes of the vault.
VAULT_CODED = {
    "language": labels.LANGUAGES,
    "interpreter": labels.INTERPRETER,
    "interpreter_language": labels.LANGUAGES,
    "ways": labels.WAYS,
    "voicemail": labels.ANSWERS,
    "paper": labels.ANSWERS,
    "service": labels.SERVICES,
    "step": labels.STEPS,
    "why": labels.WHY_NOT,
    "channel": labels.WAYS,
    "outcome": labels.OUTCOMES,
    "result": labels.RESULTS,
}
#: Carried so that the partner can keep the original, but nothing to read.
UNREAD = frozenset({"media", "system", "zone", "protocol", "version", "state", "referral"})
#: What reaches her: shown only where she is contacted, after the check (vault.actions.contacting).
REACHING = frozenset({"phone", "email"})


@dataclass(frozen=True, slots=True)
class Fact:
    """One named value: its name and one line, or several."""

    name: str
    lines: tuple[str, ...]


@register.filter
def facts(content: Any, whole: object = True) -> list[Fact]:
    """Every value a content or a detail carries, in words. Safe contact reads as values at summary level too; not
    `whole`, of what reaches her it says only that it came."""
    values: Mapping[str, Any] = content.values or {}
    if getattr(content, "kind", "") == "safe_contact" and not values and content.summary:
        values = content.summary["values"]
    found = []
    for name, value in sorted(values.items(), key=lambda item: _place(item[0])):
        if name in UNREAD or value in ("", None, [], (), {}):
            continue
        if name in REACHING and not whole:
            value = gettext("It came too. You see it when you contact her.")
        found.append(Fact(str(FIELDS.get(name, name)), _lines(name, value)))
    return found


def _place(name: str) -> int:
    """Values travel sorted by their names; they are read in the order of `FIELDS`."""
    return _ORDER.get(name, len(_ORDER))


def _lines(name: str, value: Any) -> tuple[str, ...]:
    if name == "noted":
        return tuple(f"{gettext(title)}: {labels.spoken_day(str(said))}" for title, said in value.items())
    if isinstance(value, Mapping):
        steps = [step for step in health.STEPS if step in value] + [key for key in value if key not in health.STEPS]
        return tuple(f"{_word(name, step)}: {_word(name, value[step])}" for step in steps)
    if name == "windows":
        return tuple(labels.hours(window) for window in value)
    if isinstance(value, (list, tuple)):
        words = tuple(_word(name, each) for each in value)
        return (", ".join(words),) if name in CODED or name in ("aliases", "ways") else words
    return (_word(name, value),)


def _word(name: str, value: Any) -> str:
    if name in VAULT_CODED:
        return str(VAULT_CODED[name].get(value, value))
    if name in CODED and str(value) in health.WORDS:
        return gettext(health.WORDS[str(value)])
    return labels.spoken_day(str(value)) if name in labels.DAYS else str(value)
