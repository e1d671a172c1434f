"""A draft of an agreement in the reader's language: as lines, as rows, as paper, and as what differs between two
versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any
from uuid import UUID

from django.utils.translation import get_language, gettext

from accord.agreements.queries import DraftView, VersionView
from accord.agreements.rules import (
    ANNEXES,
    BY_ID,
    SECTIONS,
    WITHOUT,
    Content,
    Finding,
    Flow,
    Item,
    Kind,
    Section,
    day_of,
)
from accord.doors.web import labels, printing
from accord.partners.queries import AgencyCard

Cards = Mapping[UUID, AgencyCard]
#: How a paper counts its sections and its annexes.
MARKS = {each.id: str(number) for number, each in enumerate(SECTIONS, 1)} | {
    each.id: chr(ord("A") + place) for place, each in enumerate(ANNEXES)
}


@dataclass(frozen=True, slots=True)
class Said:
    """One item of a section: what it is called, and what stands there, line by line."""

    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One line that differs between two versions; `was` None: it is new, `now` None: it is gone."""

    was: str | None
    now: str | None


def said(section: Section, content: Content, cards: Cards) -> list[Said]:
    """What stands in a section, item by item; empty lines where nothing does. An annex says what it says, or why it is
    left out."""
    without = bool(content.value(section.id, WITHOUT.id))
    return [
        Said(gettext(item.label), tuple(_lines(item, content.value(section.id, item.id), content, cards)))
        for item in section.items
        if section not in ANNEXES or (item is WITHOUT) is without
    ]


def _lines(item: Item, value: Any, content: Content, cards: Cards) -> Iterable[str]:
    options = {code: gettext(words) for code, words in item.options}
    if value in (None, "", [], {}):
        return []
    match item.kind:
        case Kind.ONE:
            return [options.get(value, str(value))]
        case Kind.MANY:
            return [words for code, words in options.items() if code in value]
        case Kind.PARTIES:
            return [cards[party].name for party in content.parties if str(party) in value]
        case Kind.EACH_PARTY:
            return [f"{cards[party].name}: {value.get(str(party), '')}" for party in content.parties]
        case Kind.EACH_OPTION:
            return [f"{words}: {value.get(code, '')}" for code, words in options.items()]
        case Kind.DAY:
            return [labels.spoken_day(str(value))] if day_of(value) else [str(value)]
        case _:
            return [line for line in str(value).splitlines() if line.strip()]


def row(flow: Flow, cards: Cards) -> list[str]:
    """A row of the matrix, cell by cell: from, to, about what, for what, on what ground, how, by which rule."""
    return [
        cards[flow.sender].short,
        cards[flow.recipient].short,
        labels.label(flow.category),
        labels.label(flow.purpose),
        str(labels.GROUNDS[flow.ground.value]),
        str(labels.MECHANISMS.get(flow.mechanism, flow.mechanism)),
        flow.rule,
    ]


def heads() -> list[str]:
    """What stands over the rows."""
    return [
        gettext("From"),
        gettext("To"),
        gettext("About"),
        gettext("For"),
        gettext("On what ground"),
        gettext("How"),
        gettext("Rule"),
    ]


def sentence(finding: Finding) -> str:
    """What is wrong, in the reader's language."""
    names = {name: gettext(text) if name == "item" else text for name, text in finding.names.items()}
    return gettext(finding.sentence) % names if names else gettext(finding.sentence)


def compared(before: Content, after: Content, cards: Cards) -> list[tuple[str, list[Change]]]:
    """What differs between two versions, section by section; sections that say the same are left out."""
    found = [(gettext("Title"), changes([before.title], [after.title]))]
    found += [
        (gettext(section.title), changes(_all(section, before, cards), _all(section, after, cards)))
        for section in BY_ID.values()
    ]
    return [(title, differing) for title, differing in found if differing]


def _all(section: Section, content: Content, cards: Cards) -> list[str]:
    if section.id == "matrix":
        return [" · ".join(row(flow, cards)) for flow in sorted(content.flows)]
    return [f"{each.label}: {line}" for each in said(section, content, cards) for line in each.lines]


def changes(before: list[str], after: list[str]) -> list[Change]:
    """What differs between two lists of lines, in order; lines in the same place stand beside each other."""
    found: list[Change] = []
    for tag, a, b, c, d in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if tag != "equal":
            gone, come = before[a:b], after[c:d]
            found += [
                Change(gone[place] if place < len(gone) else None, come[place] if place < len(come) else None)
                for place in range(max(len(gone), len(come)))
            ]
    return found


def paper(draft: DraftView, version: VersionView, stage: str, cards: Cards) -> bytes:
    """One version as a tagged PDF, its hash on every page."""
    content = version.content
    parts = []
    for section in SECTIONS:
        part = _part(section, content, cards)
        if section.id == "parties":
            bound = [f"{cards[party].name} ({_duties(cards[party])})" for party in content.parties]
            part["lines"] = bound + part["lines"]
        if section.id == "matrix":
            part["lines"] = [gettext("The rows stand after the sections.")]
        parts.append(part)
    words = {
        "say": {
            "title": gettext("Agreement between agencies"),
            "matrix": gettext("What may flow"),
            "signatures": gettext("Signatures"),
            "hash": gettext("SHA-256 of version %(number)s:") % {"number": version.number},
            "annex": gettext("Annex"),
            **printing.release_heads(),
        },
        "heading": content.title,
        "hash": version.hash,
        "notes": [
            stage,
            gettext("Nothing in it opens what a victim service provider holds: that takes her own release, each time."),
        ],
        "parts": parts,
        "heads": heads(),
        "rows": [row(flow, cards) for flow in content.flows],
        "signed": _signed(version, cards),
        "annexes": [_part(annex, content, cards) for annex in ANNEXES],
        "form": None if content.value("form_release", WITHOUT.id) else printing.blank_release(),
    }
    return printing.pdf("agreement", get_language() or "en", words)


def _part(section: Section, content: Content, cards: Cards) -> dict[str, Any]:
    lines = [f"{each.label}: {line}" for each in said(section, content, cards) for line in each.lines]
    return {"mark": MARKS[section.id], "name": gettext(section.title), "lines": lines}


def _duties(card: AgencyCard) -> str:
    return "; ".join(labels.label(duty) for duty in card.duties)


def _signed(version: VersionView, cards: Cards) -> list[str]:
    if version.agreement is None:
        return [gettext("Nobody has signed this version.")]
    return [
        f"{cards[line.agency_id].name}: {line.signed_by}, {labels.spoken_day(line.part.signed_at.isoformat())}"
        if line.part.signed_at
        else gettext("%(party)s: not signed") % {"party": cards[line.agency_id].name}
        for line in version.agreement.parties
    ]
