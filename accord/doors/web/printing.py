"""Paper: tagged PDF (PDF/UA-1) set by Typst in memory. What is printed comes to the template as data, so that no name
can be read as markup, and no file is ever written."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typst
from django.http import HttpResponse
from django.utils import translation
from django.utils.translation import gettext

from accord.coordination.referrals.queries import ReferralView
from accord.doors.web.labels import EVENTS, SERVICES, URGENCIES, label, spoken_day, summary_text
from accord.doors.web.spoken import Asked, aloud, aloud_blank, last_day
from accord.doors.web.templatetags.contents import facts
from accord.gate.process import Found
from accord.partners.queries import AgencyCard
from accord.policy.words import Element, Instrument, Obligation, Relation
from accord.process.queries import PaperView
from accord.sharing.queries import Signature
from accord.vault.queries import PersonView
from accord.vault.rules import Served, Summary

#: Steps of a service that are over, or were not wanted: they are nobody's next thing.
BEHIND = frozenset({"declined", "done", "ended"})


def releases(
    asked: Sequence[Asked], holder: AgencyCard, about: PersonView, under: Mapping[UUID, Signature], language: str
) -> bytes:
    """One page for each recipient, in the language it is explained in. `under`: who signed, by release; a release that
    is not in it gets lines to sign on."""
    with translation.override(language):
        return pdf("release", language, release_words(asked, holder, about, under))


def card(agencies: Iterable[AgencyCard], services: Iterable[Served], language: str) -> bytes:
    """Who helps, what is offered or pending: small enough for a purse."""
    with translation.override(language):
        pending = [
            summary_text(Summary(template=f"service.{each.step}", values={"service": each.service}))
            for each in services
            if each.step not in BEHIND
        ]
        helping = [
            " · ".join(part for part in (each.short, each.point_person, each.phone) if part) for each in agencies
        ]
        parts = [{"name": gettext("Who helps"), "lines": helping}]
        if pending:
            parts.append({"name": gettext("Offered and pending"), "lines": pending})
        return pdf("card", language, {"say": {"title": gettext("My list")}, "parts": parts})


def reply(paper: PaperView, found: Sequence[Found], holder: AgencyCard, whom: str, language: str) -> bytes:
    """The answer to a paper: to whom, on what law, exactly what left, and how it may be passed on."""
    with translation.override(language):
        laws = dict.fromkeys(each.decision.because[0] for each in found)
        rows = [
            _row("", gettext("From whom"), holder.name),
            _row("", gettext("To whom"), whom),
            _row(
                "", gettext("On what"), " · ".join(part for part in (label(paper.line.kind), paper.reference) if part)
            ),
            _row("", gettext("For what"), label(paper.purpose)),
            _row("", gettext("The law"), *(f"{gettext(each.sentence)} {each.citation}" for each in laws)),
        ]
        things = [{"name": label(each.content.category), "lines": _thing(each)} for each in found]
        notices = [gettext("Nothing else is in this answer.")]
        if any(Obligation.FERPA_NOTICE in each.decision.duties for each in found):
            notices.append(gettext("It may be passed on only with consent (34 CFR 99.33)."))
        say = {"title": gettext("Answer"), "things": gettext("What we tell")}
        return pdf("answer", language, {"say": say, "rows": rows, "things": things, "notices": notices})


def referral(view: ReferralView, holder: AgencyCard, about: PersonView, language: str) -> bytes:
    """The page for somebody who is no partner: who refers, what for, how soon, and what was typed for them."""
    with translation.override(language):
        call = " · ".join(part for part in (holder.point_person, holder.deputy, holder.phone) if part)
        rows = [
            _row("", gettext("From whom"), holder.name, call),
            _row("", gettext("To whom"), *(part for part in (view.outside["name"], view.outside["address"]) if part)),
            _row("", gettext("About"), about.identity.name or gettext("Herself")),
            _row("", gettext("For what"), str(SERVICES[view.service])),
            _row("", gettext("How soon"), str(URGENCIES[view.urgency])),
            _row("", gettext("On the phone say"), view.reference),
        ]
        things = [{"name": gettext("What she needs"), "lines": [view.words]}] if view.words else []
        notices = [gettext("Please call us back: yes, no and why, or whom we should ask instead.")]
        say = {"title": gettext("Referral"), "things": gettext("In words") if things else ""}
        return pdf("answer", language, {"say": say, "rows": rows, "things": things, "notices": notices})


def _thing(found: Found) -> list[str]:
    content = found.content
    known = [f"{fact.name}: {'; '.join(fact.lines)}" for fact in facts(content)]
    return [line for line in (summary_text(content.summary), *known, content.narrative) if line]


def release_words(
    asked: Sequence[Asked], holder: AgencyCard, about: PersonView, under: Mapping[UUID, Signature]
) -> dict[str, Any]:
    """Everything the page says, in the language that is active. Each row and sentence carries the element of the law it
    is there for; a test holds that every element of every release law has its place."""
    return {
        "say": {"title": gettext("Permission to share information"), **release_heads()},
        "pages": [_one(each, holder, about, under.get(each.release.id)) for each in asked],
    }


def release_heads() -> dict[str, str]:
    """What stands over the parts of a release."""
    return {
        "aloud": gettext("Read aloud and talked about"),
        "back": gettext("How to take it back"),
        "signature": gettext("Signature"),
    }


def blank_release() -> dict[str, Any]:
    """A release that nobody has filled in, to annex to an agreement or to fill in by hand."""
    rows = [
        _row(element, name)
        for element, name in (
            ("", gettext("About")),
            (Element.DISCLOSER, gettext("Who may tell")),
            (Element.RECIPIENT, gettext("Who may be told")),
            (Element.DESCRIPTION, gettext("What")),
            ("", ""),
            ("", ""),
            (Element.PURPOSE, gettext("Why")),
            (Element.TIME_LIMITED, gettext("Until")),
        )
    ]
    sentences = aloud_blank()
    return {
        "heading": gettext("Permission to share information"),
        "elements": [*(row["element"] for row in rows if row["element"]), *sentences, *SIGNATURE_ELEMENTS],
        "rows": rows,
        "aloud": list(sentences.values()),
        "back": "",
        "signed": [],
        "fill": _lines(None),
    }


def _one(asked: Asked, holder: AgencyCard, about: PersonView, under: Signature | None) -> dict[str, Any]:
    release = asked.release
    what = [f"{label(category)}: {label(level)}" for category, level in release.grants.items()]
    if release.updates:
        what.append(gettext("And what is added later to these, until the last day."))
    else:
        what.append(gettext("Only what is there today; nothing that is added later."))
    until = gettext("The end of %(day)s") % {"day": spoken_day(last_day(release, holder).isoformat())}
    ends = [until]
    if release.ends_with:
        ends.append(gettext("Earlier, as soon as %(event)s.") % {"event": EVENTS[release.ends_with]})
    if release.fixed_until:
        ends.append(gettext("She cannot take it back before (42 CFR 2.35)."))
    own = [] if release.instrument is Instrument.ORDINARY else [label(release.instrument)]
    rows = [
        *(_row("", gettext("What this is"), line) for line in own),
        _row("", gettext("About"), about.identity.name or gettext("Herself")),
        _row(Element.DISCLOSER, gettext("Who may tell"), holder.name),
        _row(Element.RECIPIENT, gettext("Who may be told"), asked.recipient.name),
        _row(Element.DESCRIPTION, gettext("What"), *what),
        _row(Element.PURPOSE, gettext("Why"), label(release.purpose)),
        _row(Element.TIME_LIMITED, gettext("Until"), *ends),
    ]
    sentences = aloud([asked], holder)
    return {
        "heading": gettext("Permission to share information with %(partner)s") % {"partner": asked.recipient.name},
        "elements": [*(row["element"] for row in rows if row["element"]), *sentences, *SIGNATURE_ELEMENTS],
        "rows": rows,
        "aloud": list(sentences.values()),
        "back": "" if release.fixed_until else _how(holder),
        "signed": [] if under is None else _under(asked, holder, under),
        "fill": _lines(about) if under is None else [],
    }


#: What the block with the signatures is there for.
SIGNATURE_ELEMENTS = (Element.WRITTEN, Element.SIGNED, Element.DATED, Element.AUTHORITY, Element.COPY_OFFERED)


def _lines(about: PersonView | None) -> list[str]:
    """The lines to fill in by hand."""
    beside = gettext("Parent or guardian, and of whom")
    if about is not None and about.relation is not Relation.SELF:
        beside = gettext("The child, where it signs too")
    return [
        gettext("Name"),
        gettext("Signature and date"),
        gettext("If not herself: by what authority"),
        beside,
        gettext("Signature and date"),
        gettext("Witness: name, title, signature"),
        gettext("Copy: given, or safely refused"),
    ]


def _under(asked: Asked, holder: AgencyCard, under: Signature) -> list[dict[str, Any]]:
    release = asked.release
    methods = {
        "screen": gettext("on screen"),
        "paper": gettext("on paper, which we keep"),
        "witnessed": gettext("with a mark, witnessed"),
    }
    assert release.signed_at is not None, "only what is signed has a signature"
    signed = [
        *(
            [_row("", gettext("Allowed for the shelter"), _day(release.responsible_at, holder))]
            if release.responsible_at
            else []
        ),
        _row(Element.SIGNED, gettext("Signed"), f"{under.name}, {methods.get(release.method, '')}"),
        _row(Element.DATED, gettext("On"), _day(release.signed_at, holder)),
    ]
    if under.cosigner:
        signed.append(_row("", gettext("Beside"), under.cosigner))
    if under.witness:
        signed.append(_row("", gettext("Witness"), under.witness))
    if release.withdrawn_at:
        signed.append(_row("", gettext("Taken back"), _day(release.withdrawn_at, holder)))
    return signed


def _day(moment: datetime, holder: AgencyCard) -> str:
    """The day where the holder is."""
    return spoken_day(moment.astimezone(ZoneInfo(holder.timezone)).date().isoformat())


def _how(holder: AgencyCard) -> str:
    how = gettext(
        "Tell anybody at %(holder)s: in person, by phone, or in writing. Ask for %(person)s if you like. You do not "
        "have to say why."
    ) % {"holder": holder.name, "person": holder.point_person}
    return f"{how} {gettext('Phone:')} {holder.phone}" if holder.phone else how


def _row(element: Element | str, name: str, *lines: str) -> dict[str, Any]:
    return {"element": str(element), "name": name, "lines": lines}


def pdf(template: str, language: str, words: Mapping[str, Any]) -> bytes:
    """Set `words` with a template. Letters that no font here has are left as blanks to be written in by hand."""
    data = {"by_hand": False, "language": language, **_clean(words)}
    data["say"] = {**data["say"], "by_hand": gettext("Blanks stand for letters this printer lacks: write them in.")}
    try:
        return _set(template, data)
    except typst.TypstError:
        return _set(template, {**_clean(data, _latin), "by_hand": True})


def answer(data: bytes) -> HttpResponse:
    """To open or print at once, under a name that says nothing."""
    return HttpResponse(
        data, content_type="application/pdf", headers={"Content-Disposition": 'inline; filename="page.pdf"'}
    )


def _set(template: str, data: Mapping[str, Any]) -> bytes:
    made = typst.compile(
        _source(template),
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards="ua-1",
        ignore_system_fonts=True,
    )
    assert isinstance(made, bytes), "without a place to write to it is handed back"
    return made


@cache
def _source(template: str) -> bytes:
    place = Path(__file__).parent / "print"
    return (place / "parts.typ").read_bytes() + (place / f"{template}.typ").read_bytes()


def _visible(text: str) -> str:
    """Without what has no shape: control characters, marks that turn the direction, unassigned code points."""
    return "".join(char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char)[0] != "C")


def _latin(text: str) -> str:
    """Latin letters and common punctuation, which every font here has; a blank for anything else."""
    return "".join(char if ord(char) < 0x180 or char in "–—‘’“”…·›" else "_" for char in text)


def _clean(value: Any, change: Any = _visible) -> Any:
    if isinstance(value, str):
        return change(str(value))
    if isinstance(value, Mapping):
        return {key: _clean(each, change) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(each, change) for each in value]
    return value
