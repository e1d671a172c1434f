"""Words and rows a draft begins with, so that nobody starts from an empty page. The parties make them their own. Values
only. A text marked with `_` is translated by whoever shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from itertools import permutations
from typing import Any
from uuid import UUID

from accord.agreements.rules import BREACH_HOURS, BY_ID, SMALLEST_COUNT, Flow, Ground, Parties, speaking
from accord.partners.rules import needs_release
from accord.policy.law import Tables
from accord.policy.words import AgencyKind, Category, Purpose


def _(text: str) -> str:
    """Marks a sentence that doors translate."""
    return text


#: Words to begin with, section by section; the parties make them their own.
MODEL: Mapping[str, Mapping[str, str]] = {
    "purpose": {
        "why": _(
            "So that a survivor does not have to tell her story again to each of us, so that danger is seen "
            "early, and so that "
            "what each of us does fits together."
        )
    },
    "principles": {
        "text": _(
            "Each of us keeps its own legal and ethical duties. The survivor decides when and how something "
            "about her is told. "
            "She has confidentiality between us, too. Telling helps only when she knows what it means and has "
            "agreed to it."
        )
    },
    "powers": {
        "text": _(
            "Each row of the matrix cites the rule it rests on. Where two laws bind a party, the stricter one decides."
        )
    },
    "informing": {
        "how": _(
            "Before anything is told she hears who learns what, why and until when, in her language, and gets a "
            "copy where paper is safe."
        ),
        "unsafe": _(
            "Nobody informs or answers the person who did the harm, or anybody near, without asking the party "
            "that works with her."
        ),
    },
    "consent": {
        "how": _(
            "By a release of her own: written, informed, signed, for one recipient, with an end. It is never a "
            "condition of any help."
        ),
        "refused": _(
            "A refusal changes nothing in how she is served. She can take a release back at any time and in any "
            "way; from then on nothing more is told."
        ),
    },
    "access": {"roles": _("Only who works with her, a supervisor, and who must answer for the records.")},
    "security": {
        "text": _(
            "Everything is encrypted where it lies and on its way. Nothing is sent by open e-mail or kept on a "
            "private device."
        )
    },
    "requests": {
        "text": _(
            "Each party answers for what it holds, in writing. Before it answers a subpoena or a request about "
            "what another party told, it asks that party."
        )
    },
    "breach": {
        "told": _(
            "The party where it happened tells every affected party and its funder; the party that works with "
            "her tells her."
        )
    },
    "disputes": {
        "ladder": _(
            "First the point persons, then the directors, then the next meeting of all parties. Nothing more "
            "flows about what is disputed until it is settled."
        )
    },
    "training": {
        "text": _(
            "Everybody who takes part learns confidentiality and releases, danger, and what each party may and "
            "may not do; again every year."
        )
    },
    "leaving": {
        "fate": _("What was told before stays where the law makes somebody keep it, sealed; the rest is destroyed.")
    },
    "retention": {"destroyed": _("The key is destroyed; paper is shredded.")},
    "protecting_data": {
        "text": _(
            "Lock the screen when you leave it. Tell nobody your passphrase. No names in the subject of a message, in "
            "a file name or in a calendar. Speak of her where nobody listens. Print only what is needed, and shred "
            "it. What is lost or seen by somebody else is reported at once."
        )
    },
    "contingency": {
        "text": _(
            "When Accord cannot be reached, the focal points phone each other; only what is needed for somebody's "
            "safety is told, on her release or under the law of whoever tells it, and noted afterwards. Where a focal "
            "point is away, the deputy decides. Paper is locked away until it can be entered, and then shredded."
        )
    },
}
#: Forms and counts that begin with everything they can say.
WHOLE = (
    ("meetings", "rules"),
    ("form_release", "says"),
    ("form_referral", "asks"),
    ("monthly_report", "counts"),
    ("external_request", "asks"),
)
#: How long each kind of record is kept, to begin with.
KEPT: Mapping[str, str] = {
    "received": _("Until the release ends, or as long as its recipient's law says"),
    "releases": _("Six years after the end"),
    "referrals": _("Until it is closed, then one year"),
    "minutes": _("One year, apart from every file"),
    "log": _("Six years"),
}


def beginning(
    parties: Parties,
    categories: Iterable[Category],
    purposes: Iterable[Purpose],
    mechanism: str,
    first_day: date,
    review_day: date,
    tables: Tables,
    say: Callable[[str], str],
    focal: Mapping[UUID, str],
) -> tuple[dict[str, dict[str, Any]], tuple[Flow, ...]]:
    """The sections, the annexes and the matrix a draft begins with; `say` translates, `focal` says whom to ask at each
    party. Who signs is left to the parties."""
    sections: dict[str, dict[str, Any]] = {name: {} for name in BY_ID}
    for section, texts in MODEL.items():
        sections[section] |= {item: say(text) for item, text in texts.items()}
    survivors = [str(id) for id, agency in parties.facts.items() if agency.kind is AgencyKind.VICTIM_SERVICES]
    sections["purpose"]["never"] = ["eligibility", "immigration", "research"]
    sections["identifying"]["keys"] = ["herself", "number"]
    sections["consent"]["provider"] = "released"
    sections["mechanisms"]["ways"] = [mechanism]
    for section, item in WHOLE:
        options = next(each.options for each in BY_ID[section].items if each.id == item)
        sections[section][item] = sorted(code for code, _words in options)
    sections["meetings"]["keeper"] = say(_("The coordinator"))
    sections["focal_points"]["people"] = {str(party): focal[party] for party in parties.facts}
    sections["monthly_report"]["below"] = SMALLEST_COUNT
    sections["access"]["days"], sections["breach"]["hours"], sections["leaving"]["days"] = 1, BREACH_HOURS, 30
    sections["retention"]["periods"] = {kind: say(text) for kind, text in KEPT.items()}
    sections["governance"] = {
        "leads": sorted(survivors or [str(id) for id in parties.facts][:1]),
        "decides": "majority",
        "quorum": say(_("More than half of the parties")),
        "meets": 4,
    }
    sections["review"] = {"first_day": first_day.isoformat(), "review_day": review_day.isoformat()}
    sections["signatures"]["how"] = "accord"
    return sections, first_rows(parties, tuple(categories), tuple(purposes), mechanism, tables)


def first_rows(
    parties: Parties, categories: tuple[Category, ...], purposes: tuple[Purpose, ...], mechanism: str, tables: Tables
) -> tuple[Flow, ...]:
    """What the law lets the parties tell each other about these things: without her release where it says so, on her
    release otherwise."""
    found: list[Flow] = []
    for sender, recipient in permutations(parties.facts, 2):
        for category in categories:
            lawful = [
                row
                for purpose in purposes
                if (row := row_of(parties, tables, sender, recipient, category, purpose, Ground.LAW, mechanism))
            ]
            released = row_of(parties, tables, sender, recipient, category, purposes[0], Ground.RELEASED, mechanism)
            found += lawful or ([released] if released else [])
    return tuple(found)


def row_of(
    parties: Parties,
    tables: Tables,
    sender: UUID,
    recipient: UUID,
    category: Category,
    purpose: Purpose,
    ground: Ground,
    mechanism: str,
) -> Flow | None:
    """A row that cites the first rule that speaks for it; None when none does, or a victim service provider would tell
    without her release."""
    holder = parties.facts[sender]
    if ground is Ground.LAW and needs_release(holder.duties):
        return None
    row = Flow(sender, recipient, category, purpose, ground, mechanism, "")
    rules = speaking(tables, holder, parties.facts[recipient], row)
    return Flow(sender, recipient, category, purpose, ground, mechanism, rules[0]) if rules else None
