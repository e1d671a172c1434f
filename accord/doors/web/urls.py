"""Every URL of the web door, with the verb the gate is asked. The views name no verbs: they enter with these."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as second_step
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import path

from accord.doors.web.pages import Page
from accord.doors.web.views import clients, day, health, oversight, releases, sharing, site, staff
from accord.policy.words import Purpose, Verb

C = "clients/<uuid:client_id>/"
ADMINISTRATION, OVERSIGHT = Purpose.ADMINISTRATION, Purpose.OVERSIGHT

_TABLE = (
    # the agency's own work
    Page("", site.home, "home"),
    Page("my-day/", day.my_day, "my_day", (Verb.READ_DAY, Verb.FIND_CLIENTS, Verb.READ_ENVELOPE)),
    Page("clients/", clients.find, "clients", (Verb.FIND_CLIENTS,)),
    Page("clients/new/", clients.new, "client_new", (Verb.OPEN_CLIENT,)),
    Page(C, clients.client, "client", (Verb.READ_CLIENT, Verb.READ_ENVELOPE)),
    Page(C + "entries/", clients.entries, "entries", (Verb.READ_CLIENT,)),
    Page(C + "entries/new/", clients.entry_new, "entry_new", (Verb.ADD_ENTRY, Verb.READ_CLIENT)),
    Page(C + "entries/<uuid:entry_id>/", clients.entry, "entry", (Verb.READ_CLIENT,)),
    Page(C + "about/", clients.about, "about", (Verb.EDIT_CLIENT, Verb.READ_CLIENT)),
    Page(C + "people/new/", clients.person_new, "person_new", (Verb.EDIT_CLIENT, Verb.READ_CLIENT)),
    Page(C + "export/", clients.export, "export", (Verb.EXPORT_CLIENT, Verb.READ_CLIENT, Verb.READ_ENVELOPE)),
    Page(C + "delete/", clients.delete, "client_delete", (Verb.DELETE_CLIENT, Verb.WITHDRAW_RELEASE, Verb.READ_CLIENT)),
    # health records
    Page(C + "import/", health.import_document, "import", (Verb.IMPORT_DOCUMENT, Verb.READ_CLIENT)),
    Page(C + "exam/", health.exam, "exam", (Verb.ADD_ENTRY, Verb.READ_CLIENT)),
    Page(C + "injury/", health.injury, "injury", (Verb.ADD_ENTRY, Verb.READ_CLIENT)),
    Page(C + "visit/", health.visit, "visit", (Verb.ADD_ENTRY, Verb.READ_CLIENT)),
    # her word
    Page(C + "releases/new/", releases.prepare, "release_new", (Verb.PREPARE_RELEASE, Verb.READ_CLIENT)),
    Page(
        C + "releases/<uuid:release_id>/preview/",
        releases.preview,
        "release_preview",
        (Verb.PREPARE_RELEASE, Verb.READ_CLIENT),
    ),
    Page(C + "releases/<uuid:release_id>/sign/", releases.sign, "release_sign", (Verb.SIGN_RELEASE, Verb.READ_CLIENT)),
    Page(C + "releases/<uuid:release_id>/", releases.release, "release", (Verb.READ_CLIENT,)),
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
    # oversight, records, staff, keys
    Page("log/", oversight.log, "log", (Verb.READ_LEDGER,), OVERSIGHT),
    Page("log/export/", oversight.log_export, "log_export", (Verb.READ_LEDGER,), OVERSIGHT),
    Page("log/checkpoint/", oversight.checkpoint, "log_checkpoint", (Verb.READ_LEDGER,), OVERSIGHT),
    Page("log/releases/", oversight.living_releases, "log_releases", (Verb.WITHDRAW_RELEASE,)),
    Page("kept/", oversight.kept, "kept", (Verb.READ_KEPT,), Purpose.RECORDS_REQUEST, "kept"),
    Page("partners/", staff.partners, "partners", (Verb.READ_PARTNERS,), ADMINISTRATION),
    Page("members/", staff.members, "members", (Verb.MANAGE_MEMBERS,), ADMINISTRATION),
    Page("members/new/", staff.member_new, "member_new", (Verb.MANAGE_MEMBERS,), ADMINISTRATION),
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
