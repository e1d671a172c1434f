"""Who looked at what and why; releases that can be taken back; records that must be kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from accord.doors.web.forms.oversight import KeptForm, LogForm
from accord.doors.web.knocking import entering, roles
from accord.doors.web.labels import label
from accord.gate import Refused, SignInAgain, explain
from accord.ledger import queries as ledger
from accord.ledger.leaves import Happening
from accord.ledger.permits import Permit
from accord.partners import queries as partners
from accord.policy.words import Level, Role, Verb
from accord.sharing import actions
from accord.sharing import queries as sharing
from accord.vault import queries as vault

PAGE = 50

DEEDS = {
    "client_opened": _("a file was opened"),
    "client_deleted": _("a file was deleted"),
    "person_added": _("somebody was added to a file"),
    "person_changed": _("somebody's details were changed"),
    "person_parted": _("somebody was noted as no longer part of the work"),
    "person_rejoined": _("somebody was noted as part of the work again"),
    "contact_checked": _("what reaches her was shown"),
    "contact_withheld": _("what reaches her was withheld: it was not safe"),
    "contact_overridden": _("a supervisor decided to reach her other than her card says"),
    "entry_added": _("an entry was written"),
    "release_prepared": _("a release was prepared"),
    "release_signed": _("a release was signed"),
    "release_cosigned": _("it was allowed that a partner be told where the shelter is"),
    "release_ended": _("a release ended with its event"),
    "release_end_wished": _("it was noted that she wants a release to end that binds her"),
    "limits_told": _("she was told what we must pass on whatever she wants"),
    "release_withdrawn": _("a release was withdrawn"),
    "relied_on": _("a release or a law was relied on"),
    "flow_opened": _("it was begun to tell a partner under a law"),
    "flow_ended": _("telling a partner under a law was ended"),
    "told_her": _("she was told of it"),
    "not_safe_to_tell_her": _("it was not safe to tell her"),
    "put_aside": _("an entry was not sent"),
    "withdrawal_relayed": _("what she takes back was passed on to a partner"),
    "relay_closed": _("what a partner passed on was dealt with"),
    "never_said": _("it was noted whom she never wants told"),
    "never_lifted": _("she took a never back"),
    "disclosed": _("something was disclosed to a partner"),
    "envelope_accepted": _("something from a partner was accepted"),
    "envelopes_destroyed": _("what had ended was destroyed"),
    "thread_tied": _("a partner's word was tied to a file"),
    "kept_for_defence": _("kept records were opened for the defence"),
    "kept_for_court": _("kept records were opened for the court"),
    "kept_for_retention": _("kept records were opened for a retention question"),
    "she_confirmed": _("she confirmed what a partner had said"),
    "team_joined": _("somebody was asked to work with her"),
    "team_left": _("somebody no longer works with her"),
    "handed_over": _("files were handed over"),
    "task_made": _("a task was made"),
    "task_done": _("a task was done"),
    "task_dropped": _("a task was dropped"),
    "task_reopened": _("a task was opened again"),
    "task_snoozed": _("a task was put off"),
    "task_woken": _("a task is no longer put off"),
    "task_handed": _("a task was handed to a colleague"),
    "referral_taken": _("somebody looks after a referral that came"),
    "referral_given": _("a referral that came was given to a colleague"),
    "referral_put_down": _("nobody looks after a referral that came"),
    "capacity_said": _("it was said how many files a person carries"),
    "notices_set": _("somebody said when an e-mail may come"),
    "notice_sent": _("somebody was told by e-mail that something is new"),
    "wall_set": _("a wall was set"),
    "wall_lifted": _("a wall was lifted"),
    "wall_left_to_look_at": _("a name was found and walled nobody off; somebody is to look"),
    "wall_left_seen": _("somebody looked at a name that walled nobody off"),
    "clients_merged": _("two files were merged"),
    "clients_separated": _("a merge was undone"),
    "caseload_uploaded": _("a list was uploaded"),
    "caseload_begun": _("bringing a list in was begun"),
    "caseload_brought": _("a part of a list was brought in"),
    "caseload_cancelled": _("what was uploaded was destroyed"),
    "export_asked": _("it was asked to take files out"),
    "export_seconded": _("a second person agreed to an export"),
    "export_refused": _("a second person refused an export"),
    "export_dropped": _("a request to take files out was taken back"),
    "export_used": _("an export was begun"),
    "caseload_exported": _("files left in an export"),
    "process_received": _("a paper was written down"),
    "counsel_asked": _("counsel was asked"),
    "counsel_reviewed": _("counsel's answer was written down"),
    "process_corrected": _("counsel corrected what a paper is"),
    "process_held": _("a paper was put on hold"),
    "process_resumed": _("a hold was ended"),
    "process_refused": _("a paper was not answered"),
    "process_noted": _("something was written down about a paper"),
    "process_answered": _("a paper was answered"),
    "process_printed": _("the answer to a paper was printed"),
    "process_closed": _("a paper was closed"),
    "given_on_paper": _("something left on a paper"),
    "accounting_suspended": _("an accounting waits, as law enforcement asked"),
    "breach_noted": _("a breach was written down"),
    "breach_told": _("somebody was told of a breach"),
    "gaps_found": _("something was found open past its time"),
    "gaps_closed": _("something open past its time was met or ended"),
    "gap_answered": _("a gap was answered"),
    "gap_told": _("a gap was written down for partners"),
    "gap_over": _("it was written down for partners that a gap is over"),
    "track_begun": _("a case began on its way"),
    "track_moved": _("a case went a step"),
    "guard_overridden": _("a supervisor went on although something was missing"),
    "track_version": _("a case went on by a newer version"),
    "due_done": _("something that was due was done"),
    "due_declined": _("she declined something that was due"),
    "due_not_safe": _("something that was due is not safe now"),
    "member_added": _("a member was let in"),
    "member_code_renewed": _("a member was given a new code"),
    "member_removed": _("a member was removed"),
    "member_roles_changed": _("a member's roles were changed"),
    "directory_changed": _("the agency's entry was changed"),
    "access_everyone": _("files were opened to every worker"),
    "access_team": _("files were kept to those who work with her"),
    "agreement_proposed": _("an agreement was proposed"),
    "agreement_signed": _("an agreement was signed"),
    "agreement_suspended": _("an agreement was suspended"),
    "agreement_resumed": _("an agreement was resumed"),
    "agreement_left": _("an agreement was left"),
    "draft_begun": _("a draft of an agreement was begun"),
    "draft_changed": _("a draft of an agreement was changed"),
    "draft_commented": _("a draft of an agreement was commented on"),
    "draft_settled": _("a comment on a draft was called settled"),
    "draft_laid": _("a version was laid before its parties"),
    "protocol_proposed": _("a change of a protocol was proposed"),
    "protocol_worded": _("a proposed change of a protocol was worded"),
    "protocol_commented": _("something was said about a proposed change of a protocol"),
    "protocol_laid": _("a change of a protocol was laid before the partners"),
    "protocol_agreed": _("a change of a protocol was agreed to"),
    "protocol_refused": _("a change of a protocol was refused"),
    "protocol_adopted": _("a change of a protocol was adopted"),
    "protocol_taken_back": _("a proposed change of a protocol was taken back"),
    "own_time_kept": _("our own time for a protocol was set"),
    "own_time_ended": _("our own time for a protocol was ended"),
    "vault_key_turned": _("the vault key was turned"),
    "keys_rewrapped": _("file keys were wrapped anew"),
    "older_keys_dropped": _("older vault keys were forgotten"),
    "recovery_renewed": _("the paper key was renewed"),
}
#: A request that was allowed to do something and did nothing was a look at the page that offers it.
LOOKED = {
    Verb.OPEN_CLIENT: _("looked at the page for a new file"),
    Verb.EDIT_CLIENT: _("looked at the page to change a file"),
    Verb.DELETE_CLIENT: _("looked at the page to delete a file"),
    Verb.ADD_ENTRY: _("looked at the page for an entry"),
    Verb.CONTACT_CLIENT: _("looked at her safe-contact card"),
    Verb.IMPORT_DOCUMENT: _("looked at the page to import"),
    Verb.PREPARE_RELEASE: _("looked at a release in preparation"),
    Verb.SIGN_RELEASE: _("looked at a release to be signed"),
    Verb.COSIGN_RELEASE: _("looked at what waits for the shelter's word"),
    Verb.WITHDRAW_RELEASE: _("looked at releases in force"),
    Verb.ACCEPT_ENVELOPE: _("looked at what a partner shared"),
    Verb.CONFIRM_VALUE: _("looked at what she could confirm"),
    Verb.RECEIVE_PROCESS: _("looked at the page for a paper"),
    Verb.REVIEW_PROCESS: _("looked at counsel's review"),
    Verb.HOLD_PROCESS: _("looked at the page to hold a paper"),
    Verb.ANSWER_PROCESS: _("looked at what would leave on a paper"),
    Verb.COMMENT_AGREEMENT: _("looked at the page to comment on a draft"),
    Verb.MOVE_TRACK: _("looked at the next step of a protocol"),
    Verb.REFER: _("looked at a referral"),
    Verb.ANSWER_REFERRAL: _("looked at a referral from a partner"),
    Verb.KEEP_TASKS: _("looked at tasks"),
    Verb.ANSWER_GAP: _("looked at a gap"),
    Verb.SET_NOTICES: _("looked at when notices may come"),
    Verb.PROPOSE_PROTOCOL: _("looked at a change of a protocol"),
    Verb.ADOPT_PROTOCOL: _("looked at a change of a protocol that waits"),
    Verb.KEEP_OWN_TIMES: _("looked at our own times"),
    Verb.TRY_LAW: _("asked what a change of law would do"),
    Verb.MANAGE_AGENCY: _("looked at the page for the agency's entry or an agreement"),
    Verb.MERGE_CLIENTS: _("compared two files"),
    Verb.ASSIGN_CLIENT: _("looked at who works with her"),
    Verb.WALL_CLIENT: _("looked at walls"),
    Verb.IMPORT_CASELOAD: _("looked at a list to bring in"),
    Verb.EXPORT_CASELOAD: _("looked at a request to take files out"),
    Verb.APPROVE_EXPORT: _("looked at exports that wait"),
    Verb.MANAGE_MEMBERS: _("looked at members"),
    Verb.MANAGE_KEYS: _("looked at keys"),
}
THINGS = {
    "accounting": _("accounting of disclosures"),
    "client": _("file"),
    "entry": _("entry"),
    "gap": _("gap"),
    "envelope": _("from a partner"),
    "release": _("release"),
    "paper": _("paper"),
    "breach": _("breach"),
    "track": _("protocol of a case"),
    "task": _("task"),
}
JOBS = {
    "system:founding": _("The operator"),
}

trouble = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log as the page shows it. `happening` None: the row no longer says what was once written."""

    id: UUID
    at: datetime
    happening: Happening | None
    who: str
    what: str
    code: str
    deeds: tuple[tuple[str, int], ...]
    shown: tuple[tuple[str, Level, int], ...]
    because: tuple[tuple[str, str], ...]


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """The agency's own ledger, newest first, and what proves that it is whole."""
    with entering(request) as permit:
        names = partners.names(permit=permit)
        form = LogForm(
            request.GET or None,
            members=sorted(((str(id), name) for id, name in names.items()), key=lambda member: member[1]),
        )
        entries, more = _found(permit, form)
        codes = vault.codes(
            permit=permit, client_ids=[e.happening.client for e in entries if e.happening and e.happening.client]
        )
        lines = [_line(entry, names, codes) for entry in entries]
        sealed = ledger.latest_checkpoint(permit=permit)
    older = request.GET.copy()
    if lines:
        older["before"] = str(lines[-1].id)
    return render(
        request,
        "oversight/log.html",
        {
            "form": form,
            "lines": lines,
            "older": older.urlencode() if more else "",
            "narrowed": any(value for name, value in request.GET.items() if name != "before"),
            "first_page": not request.GET.get("before"),
            "sealed": sealed,
            "root": sealed.head.root.hex() if sealed else "",
        },
    )


@require_safe
def log_export(request: HttpRequest) -> HttpResponseBase:
    """Every leaf in order, for the stand-alone verifier. Each batch asks for a permit of its own."""
    first = _batch(request, 0)
    response = StreamingHttpResponse(_lines(request, first), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="log.txt"'
    return response


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest checkpoint as three lines, to be kept somewhere else."""
    with entering(request) as permit:
        sealed = ledger.latest_checkpoint(permit=permit)
        if sealed is None:
            raise Refused
    response = HttpResponse(sealed.head.text(), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="checkpoint-{sealed.head.size}.txt"'
    return response


@require_safe
def living_releases(request: HttpRequest) -> HttpResponse:
    """Signed releases in force by client code, each with the way to take it back."""
    code = request.GET.get("code", "")[:16]
    with entering(request) as permit:
        found = sharing.living(permit=permit, code=code)
        directory = partners.directory(permit=permit)
    return render(
        request,
        "oversight/releases.html",
        {
            "found": found,
            "directory": directory,
            "code": code,
            "most": len(found) == sharing.MOST_LISTED,
            "accountings": Role.PRIVACY_OFFICER in roles(request) or Role.WORKER in roles(request),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def kept(request: HttpRequest) -> HttpResponse:
    """What ended and must be kept: a list of what is there, and one thing opened at a time, each noted in the log."""
    opened = None
    form = KeptForm(request.POST if request.method == "POST" else None)
    with entering(request) as permit:
        lines = sharing.kept(permit=permit)
        directory = partners.directory(permit=permit)
        if form.is_valid():
            asked = form.cleaned_data
            opened = sharing.open_kept(permit=permit, envelope_id=asked["envelope"])
            if opened is None:
                raise Refused
            actions.note_opening(permit=permit, at=permit.at, envelope_id=opened.id, why=asked["why"])
    return render(
        request,
        "oversight/kept.html",
        {
            "lines": lines,
            "form": form,
            "directory": directory,
            "opened": opened,
            "line": next((line for line in lines if opened and line.id == opened.id), None),
            "holder_name": directory[opened.holder_id].name if opened else "",
        },
    )


def _found(permit: Permit, form: LogForm) -> tuple[tuple[ledger.Entry, ...], bool]:
    """One page of what the form asks for, and whether there is more. A code of nobody finds nothing."""
    if not form.is_bound:
        found = ledger.recent(permit=permit, limit=PAGE + 1)
        return found[:PAGE], len(found) > PAGE
    if not form.is_valid():
        return (), False
    asked = form.cleaned_data
    client = vault.coded(permit=permit, code=asked["code"]) if asked["code"] else None
    if asked["code"] and client is None:
        return (), False
    since, until = form.period
    found = ledger.recent(
        permit=permit,
        client=client,
        actor=f"member:{asked['member']}" if asked["member"] else None,
        outcome=False if asked["refused"] else None,
        since=since,
        until=until,
        before=asked["before"],
        limit=PAGE + 1,
    )
    return found[:PAGE], len(found) > PAGE


def _line(entry: ledger.Entry, names: Mapping[UUID, str], codes: Mapping[UUID, str]) -> LogLine:
    it = entry.happening
    if it is None:
        return LogLine(entry.id, entry.at, None, "", "", "", (), (), ())
    kind, _colon, who = it.actor.partition(":")
    shown: dict[tuple[str, Level], int] = {}
    for kind_shown, _thing, level in it.shown:
        named = str(THINGS.get(kind_shown, kind_shown)), level
        shown[named] = shown.get(named, 0) + 1
    deeds: dict[str, int] = {}
    for deed, _thing in it.deeds:
        done = str(DEEDS.get(deed, deed))
        deeds[done] = deeds.get(done, 0) + 1
    return LogLine(
        id=entry.id,
        at=entry.at,
        happening=it,
        who=names.get(UUID(who), "") if kind == "member" else str(JOBS.get(it.actor, _("The system"))),
        what=str(LOOKED[it.verb]) if it.outcome and not it.deeds and it.verb in LOOKED else label(it.verb),
        code=codes.get(it.client, "") if it.client else "",
        deeds=tuple(deeds.items()),
        shown=tuple((thing, level, count) for (thing, level), count in shown.items()),
        because=tuple((sentence, citation) for sentence, citation, _rule in explain(it.rules, Level.NONE).because),
    )


def _batch(request: HttpRequest, start: int) -> ledger.Batch:
    with entering(request) as permit:
        return ledger.export(permit=permit, start=start)


def _lines(request: HttpRequest, batch: ledger.Batch) -> Iterator[str]:
    """The lines of one batch after another. It ends early when she may no longer read; against a checkpoint the
    verifier calls that a cut tail."""
    while True:
        if batch.lines:
            yield "\n".join(batch.lines) + "\n"
        if batch.next is None:
            return
        try:
            batch = _batch(request, batch.next)
        except (Refused, SignInAgain):
            return
        except Exception:
            # The server would print it with its values; our log keeps the kind and the line only.
            trouble.exception("log export")
            return
