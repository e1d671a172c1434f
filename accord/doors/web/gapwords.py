"""Gaps as people say them: what can be answered, what comes first, what a partner tells of one."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accord.learning.gaps.facts import rules
from accord.learning.gaps.rules import Answer, Priority

GAP_ANSWERS = {
    Answer.DONE: _("It is done"),
    Answer.SHE_DECLINED: _("She does not want it"),
    Answer.NOT_SAFE_NOW: _("It is not safe now"),
    Answer.ON_ITS_WAY: _("It is on its way"),
    Answer.NOT_OURS: _("It is not for us to do"),
    Answer.ENDED: _("It does not matter any more"),
}
PRIORITIES = {
    Priority.DANGER: _("Danger"),
    Priority.CLOCK: _("Her right, or the law's clock"),
    Priority.CARE: _("Her care"),
}
#: The same in one word, for lists.
PRIORITY_TAGS = {Priority.DANGER: _("Danger"), Priority.CLOCK: _("Clock"), Priority.CARE: _("Open")}
#: What is open, as it stands in what is told of it.
GAPS = {code: _(rule.sentence) for code, rule in rules().items()}
