"""Codes of papers as people say them: what came, what was stated, which single facts, where it stands."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accord.policy.words import About, Field, ProcessKind, Representation
from accord.process.rules import State, Whom

PROCESS_KINDS = {
    ProcessKind.SUBPOENA: _("Subpoena"),
    ProcessKind.COURT_ORDER: _("Court order"),
    ProcessKind.WARRANT: _("Warrant"),
    ProcessKind.PART2_ORDER: _("Court order under 42 CFR Part 2"),
    ProcessKind.MANDATED_REPORT: _("Report the law demands"),
    ProcessKind.ADMINISTRATIVE_REQUEST: _("Administrative request"),
    ProcessKind.LAW_ENFORCEMENT_REQUEST: _("Request of law enforcement"),
    ProcessKind.RECORDS_REQUEST: _("Request for records"),
    ProcessKind.FINDING: _("Our own finding"),
}
REPRESENTATIONS = {
    Representation.SHE_AGREES: _("She agrees"),
    Representation.INCAPACITATED: _("She cannot agree, or it is an emergency"),
    Representation.NOT_AGAINST_HER: _("It is about somebody else's violation and will not be used against her"),
    Representation.HARM_BY_WAITING: _("Waiting until she can agree would do harm"),
    Representation.BEST_INTEREST: _("It is in her best interest, as we judge it"),
    Representation.PREVENTS_SERIOUS_HARM: _("It is needed to prevent serious harm"),
    Representation.IMMINENT_THREAT: _("There is a serious and imminent threat"),
    Representation.THREAT_WRITTEN_DOWN: _("The threat is written down"),
    Representation.MEDICAL_EMERGENCY: _("There is a medical emergency"),
    Representation.RELEVANT_AND_LIMITED: _("It is relevant, specific and limited, and nothing less will do"),
    Representation.SHE_WAS_NOTIFIED: _("She was notified in time"),
    Representation.PROTECTIVE_ORDER_SOUGHT: _("A qualified protective order was sought"),
    Representation.PRIVILEGE_RULED_ON: _("The court has ruled on the privilege"),
    Representation.UNSEALS: _("The order unseals it"),
    Representation.NO_SUCH_THREAT: _("Nothing suggests that this person abuses her"),
    Representation.CELLS_SUPPRESSED: _("Small numbers are left out"),
    Representation.HIGH_RISK: _("The risk is high"),
    Representation.TO_PREVENT_DEATHS: _("The review is to prevent deaths"),
    Representation.IDENTITY_PROTECTED: _("Its protocol protects identities"),
    Representation.RELEASE_SOUGHT: _("A release was sought from her representative and children"),
    Representation.STAFF_OR_PREMISES: _("It is a crime on our premises or against our staff"),
    Representation.TEAM_BY_STATUTE: _("A statute lets the team see it"),
    Representation.AUTHORISED_BY_STATUTE: _("A statute expressly allows it"),
    Representation.FAVOURABLE_MATERIAL: _("It is favourable to the defence and material"),
    Representation.SHE_HAS_DIED: _("She has died"),
    Representation.INFORMING_UNSAFE: _("Telling her would put her in danger"),
}
SINGLE_FACTS = {
    Field.NAME_ADDRESS: _("Name and address"),
    Field.BIRTH: _("Date and place of birth"),
    Field.SSN: _("Social security number"),
    Field.BLOOD_TYPE: _("Blood type"),
    Field.INJURY_TYPE: _("Type of injury"),
    Field.TREATED_AT: _("Date and time of treatment"),
    Field.DIED_AT: _("Date and time of death"),
    Field.DISTINGUISHING_MARKS: _("Distinguishing marks"),
    Field.DNA: _("DNA"),
    Field.DENTAL: _("Dental records"),
    Field.TISSUE: _("Samples of fluids or tissue"),
    Field.WHEREABOUTS: _("Where the person is"),
    Field.WHAT_HAPPENED: _("What happened"),
    Field.RESPONSIBLE: _("Who is believed to be responsible"),
    Field.REPORTER: _("Who reports it"),
    Field.TREATMENT_PROGRAM: _("That the person is in a substance-use programme"),
}
STATES = {
    State.RECEIVED: _("Received"),
    State.COUNSEL_ASKED: _("Counsel is asked"),
    State.COUNSEL_REVIEWED: _("Counsel has answered"),
    State.HOLD: _("On hold"),
    State.ANSWERED: _("Answered"),
    State.REFUSED: _("Not answered"),
    State.CLOSED: _("Dealt with"),
}
#: Steps of a path that are no state.
MOVES = {
    **{state.value: said for state, said in STATES.items()},
    "resumed": _("The hold ended"),
    "noted": _("Something was written down"),
    "told_orally": _("Reported by word of mouth"),
    "accounting_suspended": _("The accounting waits"),
}
ADVICE = {"answer": _("Answer it"), "refuse": _("Do not answer it")}
WHOM = {
    Whom.GRANT_MANAGER: _("The grant manager"),
    Whom.INDIVIDUALS: _("The people it is about"),
    Whom.COMMISSIONER: _("The Information Commissioner"),
}
ABOUTS = {
    About.CHILD: _("a child"),
    About.ELDER: _("an elder"),
    About.VULNERABLE_ADULT: _("a vulnerable adult"),
    About.INJURY: _("a wound"),
}
BREACH = {"actual": _("It has happened"), "imminent": _("It threatens")}
