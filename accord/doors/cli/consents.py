"""What a FHIR Consent says, without being anybody: what is understood, what is not, and the answer cell by cell."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from accord.doors.cli.place import Stop
from accord.policy.words import Purpose
from accord.records.consent import fhir, rules
from accord.records.consent.rules import Asked, Cell, Coding, Consent


def consent(
    file: Annotated[str, typer.Argument(help="a FHIR R4 Consent as JSON; - for standard input")],
    actor: Annotated[str, typer.Option(help="who would receive it, as a reference: Organization/1")] = "",
    purpose: Annotated[str, typer.Option(help="for what: a code of v3-ActReason, or a purpose of ours")] = "",
    label: Annotated[list[str] | None, typer.Option(help="how it is labelled: N, R, PSY, SDV ...; may repeat")] = None,
    at: Annotated[str, typer.Option(help="when, as 2026-11-28T10:00:00+00:00; now by default")] = "",
) -> None:
    """Print what a FHIR Consent says: what is understood, what is not and so denies, and the cells.

    With a recipient, purpose or label only what it says to that. Exit codes: 0 something is permitted, 1 nothing is
    permitted, 2 the file or the question cannot be used.
    """
    found = fhir.parse(_read(file))
    moment = _moment(at)
    asked = _asked(found, actor, purpose, label) if actor or purpose or label else _every(found)
    cells = [(one, rules.decide_cell(found, one, moment)) for one in asked]
    typer.echo(json.dumps(_said(found, cells), indent=2, ensure_ascii=False))
    raise typer.Exit(0 if any(cell.permit for _, cell in cells) else 1)


def _every(found: Consent) -> list[Asked]:
    """The whole matrix, a question a cell."""
    who = [*(actor.reference for actor in rules.recipients(found)), ""]
    why = rules.purposes(found) or (None,)
    return [
        Asked(actor=actor, purpose=purpose, labels=kind.labels, kind=kind.kind)
        for actor in who
        for kind in rules.kinds(found)
        for purpose in why
    ]


def _asked(found: Consent, actor: str, purpose: str, labels: list[str] | None) -> list[Asked]:
    """The one question that is put; without a purpose, for each that the consent names."""
    why = [_purpose(purpose)] if purpose else list(rules.purposes(found) or (None,))
    carried = None if labels is None else frozenset(map(_label, labels))
    return [Asked(actor=actor, purpose=each, labels=carried) for each in why]


def _purpose(code: str) -> Coding:
    if code in rules.PURPOSES:
        return Coding(rules.ACT_REASON, code)
    if code in [purpose.value for purpose in Purpose]:
        return rules.purpose_coding(Purpose(code))
    raise Stop(f"There is no purpose {code!r}: one of {', '.join([*rules.PURPOSES, *Purpose])}.")


def _label(code: str) -> Coding:
    if code in rules.RANKS:
        return Coding(rules.CONFIDENTIALITY, code)
    if code in rules.LABELS:
        return Coding(rules.ACT_CODE, code)
    raise Stop(f"There is no label {code!r}: one of {', '.join([*rules.RANKS, *rules.LABELS])}.")


def _moment(text: str) -> datetime:
    if not text:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Stop("Write the moment like 2026-11-28T10:00:00+00:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _said(found: Consent, cells: Iterable[tuple[Asked, Cell]]) -> Mapping[str, Any]:
    return {
        "understood": {
            "status": found.status,
            "patient": found.patient.reference if found.patient else None,
            "dated": found.dated.text if found.dated else None,
            "holders": [holder.reference for holder in found.holders],
            "performers": [performer.reference for performer in found.performers],
            "policies": list(found.policies),
            "verified": found.verified,
            "recipients": [actor.reference for actor in rules.recipients(found)],
            "purposes": [purpose.code for purpose in rules.purposes(found)],
            "remarks": [rules.REMARKS[remark] for remark in found.remarks],
        },
        "not_understood": [
            {"where": gap.path, "what": rules.GAPS[gap.what], "value": gap.value} for gap in found.not_understood
        ],
        "cells": [
            {
                "actor": asked.actor or None,
                "purpose": asked.purpose.code if asked.purpose else None,
                "class": asked.kind.code if asked.kind else None,
                "labels": None if asked.labels is None else sorted(label.code for label in asked.labels),
                "permit": cell.permit,
                "level": cell.level.code,
                "why": rules.SENTENCES[cell.why],
                "rule": cell.where,
            }
            for asked, cell in cells
        ],
    }


def _read(name: str) -> bytes:
    """A little more than the largest consent, so that a larger one is seen to be larger and not read whole."""
    if name == "-":
        return sys.stdin.buffer.read(fhir.MAX_BYTES + 1)
    with Path(name).open("rb") as file:
        return file.read(fhir.MAX_BYTES + 1)
