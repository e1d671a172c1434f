"""Every URL of the web door, with the verb the gate is asked. The views name no verbs: they enter with these."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as second_step
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import path

from accord.doors.web.pages import Page
from accord.doors.web.views import (
    agreements,
    board,
    caseload,
    clients,
    consents,
    day,
    gaps,
    glass,
    health,
    intake,
    limits,
    notices,
    oversight,
    partners,
    people,
    picture,
    process,
    protocols,
    referrals,
    releases,
    sharing,
    site,
    staff,
    tasks,
    team,
    ties,
    tracks,
    updates,
    whatif,
)
from accord.policy.words import Purpose, Verb

C = "clients/<uuid:client_id>/"
T = C + "conversations/<uuid:conversation_id>/"
P = C + "papers/<uuid:paper_id>/"
K = C + "tracks/<uuid:track_id>/"
A = "agreements/<uuid:agreement_id>/"
D = "agreements/drafts/<uuid:draft_id>/"
R = "protocols/changes/<uuid:proposal_id>/"
Y = "referrals/<uuid:referral_id>/"
U, E = "caseload/import/<uuid:upload_id>/", "caseload/export/<uuid:export_id>/"
ADMINISTRATION, OVERSIGHT = Purpose.ADMINISTRATION, Purpose.OVERSIGHT
#: What is written down may be sent with the same save.
ADDING = (Verb.ADD_ENTRY, Verb.READ_CLIENT, Verb.SEND_UPDATE)
MOVING = (Verb.MOVE_TRACK, Verb.READ_CLIENT, Verb.SEND_UPDATE)

_TABLE = (
    # the agency's own work
    Page("", site.home, "home"),
    Page(
        "my-day/",
        day.my_day,
        "my_day",
        (Verb.READ_DAY, Verb.FIND_CLIENTS, Verb.READ_ENVELOPE),
        besides=(Verb.WALL_CLIENT, Verb.REVIEW_GLASS),
    ),
    Page("clients/", clients.find, "clients", (Verb.FIND_CLIENTS,)),
    Page("clients/new/", clients.new, "client_new", (Verb.OPEN_CLIENT,)),
    Page(C, clients.client, "client", (Verb.READ_CLIENT, Verb.READ_ENVELOPE)),
    Page("gaps/", gaps.gaps, "gaps", (Verb.ANSWER_GAP, Verb.READ_DAY)),
    Page("gaps/counts/", gaps.counts, "gap_counts", (Verb.READ_BOARD,)),
    Page(C + "gaps/<uuid:gap_id>/", gaps.gap, "gap", (Verb.ANSWER_GAP, Verb.READ_CLIENT, Verb.MOVE_TRACK)),
    Page(C + "gaps/<uuid:gap_id>/tell/", gaps.tell, "gap_tell", (Verb.ANSWER_GAP, *ADDING)),
    Page(C + "entries/", clients.entries, "entries", (Verb.READ_CLIENT,)),
    Page(C + "entries/new/", clients.entry_new, "entry_new", ADDING),
    Page(C + "entries/<uuid:entry_id>/", clients.entry, "entry", (Verb.READ_CLIENT,)),
    Page(C + "about/", clients.about, "about", (Verb.EDIT_CLIENT, Verb.READ_CLIENT)),
    Page(C + "people/new/", clients.person_new, "person_new", (Verb.EDIT_CLIENT, Verb.READ_CLIENT)),
    Page(C + "people/<uuid:person_id>/", people.person, "person", (Verb.READ_CLIENT,)),
    Page(C + "people/<uuid:person_id>/edit/", people.person_edit, "person_edit", (Verb.EDIT_CLIENT, Verb.READ_CLIENT)),
    Page(
        C + "people/<uuid:person_id>/parts/",
        people.person_parts,
        "person_parts",
        (Verb.EDIT_CLIENT, Verb.READ_CLIENT),
    ),
    Page(
        C + "intake/",
        intake.intake,
        "intake",
        (Verb.EDIT_CLIENT, Verb.CONFIRM_VALUE, Verb.READ_ENVELOPE, Verb.READ_CLIENT),
    ),
    # what is told whatever she wants, said before she tells anything
    Page(C + "limits/", limits.limits, "limits", (Verb.ADD_ENTRY, Verb.READ_CLIENT)),
    Page(C + "timeline/", picture.timeline, "timeline", (Verb.READ_CLIENT,)),
    # a privacy officer reads it without seeing the file
    Page(C + "accounting/", picture.accounting, "accounting", (Verb.READ_ACCOUNTING,)),
    Page(C + "services/", people.services, "services", ADDING),
    Page(C + "contact/", people.contact, "contact", (Verb.CONTACT_CLIENT, Verb.READ_CLIENT, Verb.READ_ENVELOPE)),
    # only a supervisor says who reaches her otherwise than her card says
    Page(
        C + "contact/anyway/",
        people.contact_anyway,
        "contact_anyway",
        (Verb.CONTACT_CLIENT, Verb.ASSIGN_CLIENT, Verb.READ_CLIENT, Verb.READ_ENVELOPE),
    ),
    Page(C + "export/", clients.export, "export", (Verb.EXPORT_CLIENT, Verb.READ_CLIENT, Verb.READ_ENVELOPE)),
    Page(C + "delete/", clients.delete, "client_delete", (Verb.DELETE_CLIENT, Verb.WITHDRAW_RELEASE, Verb.READ_CLIENT)),
    # who works with her, who must not, and which files are about one person
    Page(C + "team/", team.team, "team", (Verb.ASSIGN_CLIENT, Verb.WALL_CLIENT, Verb.READ_CLIENT)),
    Page(C + "conflict/", team.conflict, "conflict", (Verb.READ_CLIENT,)),
    Page(C + "same/<uuid:other_id>/", team.same, "same", (Verb.MERGE_CLIENTS, Verb.READ_CLIENT)),
    Page(C + "separate/<uuid:other_id>/", team.separate, "separate", (Verb.MERGE_CLIENTS, Verb.READ_CLIENT)),
    Page("walls/", team.walls, "walls", (Verb.WALL_CLIENT,)),
    Page("walls/<uuid:wall_id>/", team.wall, "wall", (Verb.WALL_CLIENT,)),
    Page("connections/", ties.ties, "ties", (Verb.DECLARE_TIES,)),
    # what is to be done, by whom; how much each carries; when an e-mail says that something is new
    Page("tasks/", tasks.tasks, "tasks", (Verb.KEEP_TASKS,)),
    Page("tasks/new/", tasks.new, "task_new", (Verb.KEEP_TASKS,)),
    Page("tasks/<uuid:task_id>/", tasks.task, "task", (Verb.KEEP_TASKS,)),
    Page(C + "tasks/new/", tasks.new, "task_new_of", (Verb.KEEP_TASKS, Verb.READ_CLIENT)),
    Page(C + "tasks/<uuid:task_id>/", tasks.task, "task_of", (Verb.KEEP_TASKS, Verb.READ_CLIENT)),
    Page(
        "tasks/hand-over/<uuid:member_id>/", tasks.hand_over, "tasks_hand_over", (Verb.KEEP_TASKS, Verb.ASSIGN_CLIENT)
    ),
    Page("board/", board.board, "board", (Verb.READ_BOARD,)),
    Page("board/capacity/", board.capacity, "board_capacity", (Verb.ASSIGN_CLIENT, Verb.READ_BOARD)),
    Page("my-notices/", notices.mine, "my_notices", (Verb.SET_NOTICES,)),
    # emergency access
    Page("emergency/", glass.glasses, "glasses", (Verb.BREAK_GLASS,)),
    Page("emergency/new/", glass.glass_new, "glass_new", (Verb.BREAK_GLASS,)),
    Page("emergency/<uuid:glass_id>/", glass.glass, "glass", (Verb.BREAK_GLASS,)),
    Page(
        "emergency/seconds/",
        glass.seconds,
        "glass_seconds",
        (Verb.SECOND_GLASS, Verb.SECOND_PARTNER, Verb.REVIEW_GLASS),
    ),
    Page("emergency/seconds/<uuid:glass_id>/", glass.second, "glass_second", (Verb.SECOND_GLASS,)),
    Page("emergency/partners/<uuid:seconding_id>/", glass.second_partner, "glass_partner", (Verb.SECOND_PARTNER,)),
    Page("watch/", glass.watch, "watch", (Verb.READ_DAY, Verb.WALL_CLIENT, Verb.REVIEW_GLASS, Verb.SECOND_PARTNER)),
    Page("watch/names/<uuid:wall_id>/", glass.left, "wall_left", (Verb.REVIEW_GLASS,)),
    Page("watch/<uuid:glass_id>/", glass.review, "glass_review", (Verb.REVIEW_GLASS,)),
    # health records
    Page(C + "import/", health.import_document, "import", (Verb.IMPORT_DOCUMENT, Verb.READ_CLIENT, Verb.SEND_UPDATE)),
    Page(C + "consents/new/", consents.bring_in, "consent_new", (Verb.IMPORT_DOCUMENT, Verb.READ_CLIENT)),
    Page(C + "consents/<uuid:consent_id>/", consents.consent, "consent", (Verb.READ_CLIENT,)),
    Page(
        C + "consents/<uuid:consent_id>/drafts/",
        consents.drafts,
        "consent_drafts",
        (Verb.PREPARE_RELEASE, Verb.READ_CLIENT),
    ),
    Page(C + "exam/", health.exam, "exam", ADDING),
    Page(C + "injury/", health.injury, "injury", ADDING),
    Page(C + "visit/", health.visit, "visit", ADDING),
    # her word
    Page(C + "releases/new/", releases.partners, "release_new", (Verb.PREPARE_RELEASE, Verb.READ_CLIENT)),
    Page(T + "partners/", releases.partners, "conversation_partners", (Verb.PREPARE_RELEASE, Verb.READ_CLIENT)),
    Page(T + "terms/", releases.terms, "conversation_terms", (Verb.PREPARE_RELEASE, Verb.READ_CLIENT)),
    Page(T + "preview/", releases.preview, "conversation_preview", (Verb.PREPARE_RELEASE, Verb.READ_CLIENT)),
    Page(T + "sign/", releases.sign, "conversation_sign", (Verb.SIGN_RELEASE, Verb.READ_CLIENT)),
    Page(T, releases.conversation, "conversation", (Verb.READ_CLIENT,)),
    Page(T + "paper/", releases.paper, "conversation_paper", (Verb.READ_CLIENT,)),
    Page(T + "card/", releases.card, "conversation_card", (Verb.READ_CLIENT,)),
    Page(T + "withdraw/", releases.withdraw_all, "conversation_withdraw", (Verb.WITHDRAW_RELEASE,)),
    Page(C + "releases/<uuid:release_id>/", releases.release, "release", (Verb.READ_CLIENT,)),
    Page(
        C + "releases/<uuid:release_id>/renew/",
        releases.renew,
        "release_renew",
        (Verb.PREPARE_RELEASE, Verb.READ_CLIENT),
    ),
    Page(C + "releases/<uuid:release_id>/over/", releases.over, "release_over", (Verb.WITHDRAW_RELEASE,)),
    # whoever is responsible for a shelter allows that its place be told, and sees no file
    Page("shelter/", releases.to_cosign, "cosign_waiting", (Verb.COSIGN_RELEASE,)),
    Page(C + "releases/<uuid:release_id>/allow/", releases.cosign, "release_cosign", (Verb.COSIGN_RELEASE,)),
    Page(
        C + "releases/<uuid:release_id>/consent/",
        consents.written,
        "release_consent",
        (Verb.EXPORT_CLIENT, Verb.READ_CLIENT),
    ),
    # a privacy officer may take the call too, and sees the release but not the file
    Page(C + "releases/<uuid:release_id>/withdraw/", releases.withdraw, "release_withdraw", (Verb.WITHDRAW_RELEASE,)),
    # what came from partners
    Page(
        "arrivals/<uuid:thread>/",
        sharing.arrival,
        "arrival",
        (Verb.ACCEPT_ENVELOPE, Verb.FIND_CLIENTS, Verb.OPEN_CLIENT),
    ),
    Page(C + "envelopes/<uuid:envelope_id>/why/", sharing.why, "why", (Verb.READ_ENVELOPE, Verb.READ_CLIENT)),
    Page(
        C + "envelopes/<uuid:envelope_id>/confirm/",
        sharing.confirm,
        "confirm",
        (Verb.CONFIRM_VALUE, Verb.READ_ENVELOPE, Verb.READ_CLIENT),
    ),
    # what follows, what flows without her release, and what she stops
    Page("updates/", updates.tray, "updates", (Verb.SEND_UPDATE, Verb.READ_DAY)),
    Page(C + "updates/", updates.picked, "updates_of", (Verb.SEND_UPDATE, Verb.READ_DAY)),
    Page(C + "flows/new/", updates.flow_new, "flow_new", (Verb.SEND_UPDATE, Verb.READ_CLIENT)),
    Page(C + "flows/<uuid:flow_id>/end/", updates.flow_end, "flow_end", (Verb.SEND_UPDATE, Verb.READ_CLIENT)),
    # a privacy officer may take this call too
    Page(
        C + "take-back/<uuid:thread>/",
        updates.take_back,
        "take_back",
        (Verb.RELAY_WITHDRAWAL, Verb.READ_DAY),
        lens="relay",
    ),
    Page(C + "relays/<uuid:relay_id>/", updates.relayed, "relayed", (Verb.WITHDRAW_RELEASE, Verb.READ_DAY)),
    Page(C + "never/", updates.never, "never", (Verb.NEVER_SHARE, Verb.READ_CLIENT)),
    Page(C + "never/<uuid:never_id>/lift/", updates.never_lift, "never_lift", (Verb.NEVER_SHARE, Verb.READ_CLIENT)),
    # referrals: made, and that came; before a yes only who, what for and how soon
    Page("referrals/", referrals.listed, "referrals", (Verb.REFER, Verb.ANSWER_REFERRAL, Verb.FIND_CLIENTS)),
    Page("referrals/capacity/", referrals.capacity, "capacity", (Verb.ANSWER_REFERRAL,)),
    Page(C + "referrals/new/", referrals.new, "referral_new", (Verb.REFER, Verb.READ_CLIENT)),
    Page(C + Y, referrals.referral, "referral", (Verb.REFER, Verb.ADD_ENTRY, Verb.READ_CLIENT)),
    Page(C + Y + "print/", referrals.printed, "referral_print", (Verb.REFER, Verb.EXPORT_CLIENT, Verb.READ_CLIENT)),
    Page(C + Y + "package/", referrals.package, "referral_file", (Verb.REFER, Verb.EXPORT_CLIENT, Verb.READ_CLIENT)),
    Page(
        "incoming/<uuid:incoming_id>/",
        referrals.incoming,
        "incoming",
        (Verb.ANSWER_REFERRAL, Verb.ACCEPT_ENVELOPE, Verb.FIND_CLIENTS, Verb.OPEN_CLIENT, Verb.ADD_ENTRY),
        besides=(Verb.ASSIGN_CLIENT,),
    ),
    Page(
        C + "incoming/<uuid:accepted_id>/",
        referrals.accepted,
        "incoming_of",
        (Verb.ANSWER_REFERRAL, Verb.ADD_ENTRY, Verb.READ_CLIENT, Verb.SEND_UPDATE),
        besides=(Verb.ASSIGN_CLIENT,),
    ),
    # papers: what came, what a statute demands, what we found; and breaches
    Page("papers/", process.papers, "papers", (Verb.READ_PROCESS, Verb.NOTE_BREACH)),
    Page(C + "papers/new/", process.paper_new, "paper_new", (Verb.RECEIVE_PROCESS,)),
    Page(C + "findings/new/", process.finding_new, "finding_new", (Verb.RECEIVE_PROCESS, Verb.READ_CLIENT)),
    Page(C + "reports/new/", process.report_new, "report_new", (Verb.RECEIVE_PROCESS, Verb.READ_CLIENT)),
    Page(P, process.paper, "paper", (Verb.READ_PROCESS,)),
    Page(P + "counsel/", process.paper_counsel, "paper_counsel", (Verb.REVIEW_PROCESS,)),
    Page(P + "hold/", process.paper_hold, "paper_hold", (Verb.HOLD_PROCESS,)),
    Page(P + "note/", process.paper_note, "paper_note", (Verb.RECEIVE_PROCESS,)),
    Page(P + "answer/", process.paper_answer, "paper_answer", (Verb.ANSWER_PROCESS,)),
    Page(P + "print/", process.paper_print, "paper_print", (Verb.ANSWER_PROCESS,)),
    Page("breaches/new/", process.breach_new, "breach_new", (Verb.NOTE_BREACH,)),
    Page("breaches/<uuid:breach_id>/", process.breach, "breach", (Verb.NOTE_BREACH,)),
    # cases on their way through a protocol
    Page(C + "tracks/", tracks.tracks, "tracks", (Verb.READ_CLIENT,)),
    Page(C + "tracks/new/", tracks.begin, "track_new", MOVING),
    Page(K, tracks.track, "track", (Verb.READ_CLIENT,)),
    Page(K + "step/", tracks.step, "track_step", MOVING),
    Page(K + "version/", tracks.version, "track_version", (Verb.MOVE_TRACK, Verb.READ_CLIENT)),
    Page(K + "dues/<uuid:due_id>/", tracks.due, "track_due", (Verb.MOVE_TRACK, Verb.READ_CLIENT)),
    Page("deviations/", tracks.deviations, "deviations", (Verb.READ_BOARD,)),
    # a whole caseload, in and out
    Page("caseload/", caseload.start, "caseload", (Verb.IMPORT_CASELOAD, Verb.EXPORT_CASELOAD)),
    Page("caseload/import/", caseload.upload, "caseload_upload", (Verb.IMPORT_CASELOAD,)),
    Page(U, caseload.bringing, "caseload_import", (Verb.IMPORT_CASELOAD,)),
    Page(U + "columns/", caseload.columns, "caseload_columns", (Verb.IMPORT_CASELOAD,)),
    Page(U + "preview/", caseload.preview, "caseload_preview", (Verb.IMPORT_CASELOAD,)),
    Page(U + "faults/", caseload.faults, "caseload_faults", (Verb.IMPORT_CASELOAD,)),
    Page("caseload/export/", caseload.ask, "caseload_export_new", (Verb.EXPORT_CASELOAD,)),
    Page(E, caseload.export, "caseload_export", (Verb.EXPORT_CASELOAD,)),
    Page(E + "file/", caseload.file, "caseload_file", (Verb.EXPORT_CASELOAD, Verb.READ_CLIENT, Verb.READ_ENVELOPE)),
    Page("caseload/seconds/", caseload.seconds, "caseload_seconds", (Verb.APPROVE_EXPORT,)),
    Page("caseload/seconds/<uuid:export_id>/", caseload.second, "caseload_second", (Verb.APPROVE_EXPORT,)),
    # oversight, records, staff, keys
    Page("log/", oversight.log, "log", (Verb.READ_LEDGER,), OVERSIGHT),
    Page("log/export/", oversight.log_export, "log_export", (Verb.READ_LEDGER,), OVERSIGHT),
    Page("log/checkpoint/", oversight.checkpoint, "log_checkpoint", (Verb.READ_LEDGER,), OVERSIGHT),
    Page("try/", whatif.start, "try", (Verb.TRY_LAW,), OVERSIGHT),
    Page("try/rules/", whatif.draft_rules, "try_rules", (Verb.TRY_LAW,), OVERSIGHT),
    Page("try/page/", whatif.page, "try_page", (Verb.TRY_LAW,), OVERSIGHT),
    Page("try/agreements/<uuid:agreement_id>/", whatif.agreement, "try_agreement", (Verb.TRY_LAW,), OVERSIGHT),
    Page("log/releases/", oversight.living_releases, "log_releases", (Verb.WITHDRAW_RELEASE,)),
    Page("kept/", oversight.kept, "kept", (Verb.READ_KEPT,), Purpose.RECORDS_REQUEST, "kept"),
    Page("partners/", partners.partners, "partners", (Verb.READ_PARTNERS,), ADMINISTRATION),
    Page("partners/<uuid:agency_id>/", partners.partner, "partner", (Verb.READ_PARTNERS,), ADMINISTRATION),
    Page("agency/", partners.entry, "entry_own", (Verb.MANAGE_AGENCY,), ADMINISTRATION),
    Page("agency/access/", partners.access, "access", (Verb.MANAGE_AGENCY,), ADMINISTRATION),
    Page("agreements/", partners.agreements, "agreements", (Verb.READ_PARTNERS,), ADMINISTRATION),
    Page("agreements/new/", agreements.begin, "agreement_new", (Verb.MANAGE_AGENCY,), ADMINISTRATION),
    Page(A, partners.agreement, "agreement", (Verb.READ_PARTNERS,), ADMINISTRATION),
    Page(A + "sign/", partners.agreement_sign, "agreement_sign", (Verb.MANAGE_AGENCY,), ADMINISTRATION),
    Page(A + "suspend/", partners.agreement_suspend, "agreement_suspend", (Verb.MANAGE_AGENCY,), ADMINISTRATION),
    Page(A + "resume/", partners.agreement_resume, "agreement_resume", (Verb.MANAGE_AGENCY,), ADMINISTRATION),
    Page(A + "leave/", partners.agreement_leave, "agreement_leave", (Verb.MANAGE_AGENCY,), ADMINISTRATION),
    Page(D, agreements.draft, "draft", (Verb.READ_PARTNERS,), ADMINISTRATION),
    Page(D + "section/", agreements.section, "draft_section", (Verb.READ_PARTNERS,), ADMINISTRATION),
    Page(D + "section/edit/", agreements.section_edit, "draft_section_edit", (Verb.MANAGE_AGENCY,), ADMINISTRATION),
    Page(D + "matrix/", agreements.matrix, "draft_matrix", (Verb.READ_PARTNERS,), ADMINISTRATION),
    Page(D + "matrix/edit/", agreements.flow, "draft_flow", (Verb.MANAGE_AGENCY,), ADMINISTRATION),
    Page(D + "comment/", agreements.comment, "draft_comment", (Verb.COMMENT_AGREEMENT,), ADMINISTRATION),
    Page(D + "compare/", agreements.compare, "draft_compare", (Verb.READ_PARTNERS,), ADMINISTRATION),
    Page(D + "lay/", agreements.lay, "draft_lay", (Verb.MANAGE_AGENCY,), ADMINISTRATION),
    Page(D + "paper/", agreements.paper, "draft_paper", (Verb.READ_PARTNERS,), ADMINISTRATION),
    # what the community has agreed to do, and changes together
    Page("protocols/", protocols.protocols, "protocols", (Verb.READ_PARTNERS,), ADMINISTRATION),
    Page("protocols/changes/new/", protocols.propose, "proposal_new", (Verb.PROPOSE_PROTOCOL,), ADMINISTRATION),
    Page(R, protocols.proposal, "proposal", (Verb.READ_PARTNERS,), ADMINISTRATION),
    Page(R + "edit/", protocols.proposal_edit, "proposal_edit", (Verb.PROPOSE_PROTOCOL,), ADMINISTRATION),
    Page(R + "text/", protocols.proposal_text, "proposal_text", (Verb.PROPOSE_PROTOCOL,), ADMINISTRATION),
    Page(R + "say/", protocols.proposal_say, "proposal_say", (Verb.PROPOSE_PROTOCOL,), ADMINISTRATION),
    Page(R + "lay/", protocols.proposal_lay, "proposal_lay", (Verb.PROPOSE_PROTOCOL,), ADMINISTRATION),
    Page(R + "answer/", protocols.proposal_answer, "proposal_answer", (Verb.ADOPT_PROTOCOL,), ADMINISTRATION),
    Page("protocols/<slug:code>/", protocols.protocol, "protocol", (Verb.READ_PARTNERS,), ADMINISTRATION),
    Page("protocols/<slug:code>/own/", protocols.own_times, "protocol_own", (Verb.KEEP_OWN_TIMES,), ADMINISTRATION),
    Page(
        "protocols/<slug:code>/versions/<int:number>/",
        protocols.version,
        "protocol_version",
        (Verb.READ_PARTNERS,),
        ADMINISTRATION,
    ),
    Page("members/", staff.members, "members", (Verb.MANAGE_MEMBERS,), ADMINISTRATION),
    Page("members/new/", staff.member_new, "member_new", (Verb.MANAGE_MEMBERS,), ADMINISTRATION),
    Page("members/<uuid:member_id>/", staff.member, "member", (Verb.MANAGE_MEMBERS,), ADMINISTRATION),
    Page("members/<uuid:member_id>/roles/", staff.member_roles, "member_roles", (Verb.MANAGE_MEMBERS,), ADMINISTRATION),
    Page("members/<uuid:member_id>/code/", staff.member_code, "member_code", (Verb.MANAGE_MEMBERS,), ADMINISTRATION),
    Page(
        "members/<uuid:member_id>/remove/", staff.member_remove, "member_remove", (Verb.MANAGE_MEMBERS,), ADMINISTRATION
    ),
    Page("keys/", staff.keys, "keys", (Verb.MANAGE_KEYS,), ADMINISTRATION),
    # signing in
    Page("promise/", site.promise, "promise"),
    Page("language/", site.language, "language"),
    Page("enrol/", site.enrol, "enrol"),
    Page("sign-in/", account.login, "account_login"),
    Page("sign-out/", account.logout, "account_logout"),
    Page("sign-up/", account.signup, "account_signup"),
    Page("inactive/", account.account_inactive, "account_inactive"),
    Page("password/", account.password_change, "account_change_password"),
    Page("again/", account.reauthenticate, "account_reauthenticate"),
    Page("second-step/", second_step.index, "mfa_index"),
    Page("second-step/code/", second_step.authenticate, "mfa_authenticate"),
    Page("second-step/again/", second_step.reauthenticate, "mfa_reauthenticate"),
    Page("second-step/on/", totp.activate_totp, "mfa_activate_totp"),
    Page("second-step/off/", totp.deactivate_totp, "mfa_deactivate_totp"),
    Page("second-step/recovery/", recovery_codes.view_recovery_codes, "mfa_view_recovery_codes"),
    Page("second-step/recovery/new/", recovery_codes.generate_recovery_codes, "mfa_generate_recovery_codes"),
    Page("second-step/recovery/download/", recovery_codes.download_recovery_codes, "mfa_download_recovery_codes"),
)

PAGES = {page.name: page for page in _TABLE}
urlpatterns = [path(page.route, page.view, name=page.name) for page in _TABLE]
