"""The e-mail that says that something is new, and nothing else: no name, no code, no agency, no address but the start
page. It goes to staff; nothing here ever goes to a survivor."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import make_msgid

from django.core.mail import EmailMessage, get_connection
from django.utils.translation import gettext as _
from django.utils.translation import override

from accord.config.environment import Environment
from accord.coordination.notices.actions import Letter


class NotSent(Exception):
    """Not every e-mail was taken; how many, and never to whom."""


class Post:
    """One way out for one run of the job."""

    def __init__(self, environment: Environment) -> None:
        self._start, self._from = f"{environment.public_address}/", environment.mail_from
        self._connection = get_connection()

    def open(self) -> None:
        """Raises what the server says when it does not answer."""
        self._connection.open()

    def close(self) -> None:
        self._connection.close()

    def send(self, letters: Iterable[Letter]) -> None:
        """Each of them, whatever becomes of the others. Raises NotSent when the server did not take some."""
        failed = 0
        for letter in letters:
            try:
                self._message(letter).send()
            except OSError:  # what smtplib raises is one, and may repeat the address
                failed += 1
        if failed:
            raise NotSent(f"The mail server did not take {failed}.")

    def _message(self, letter: Letter) -> EmailMessage:
        with override(letter.language):
            subject = _("Something new")
            body = [
                _("You have something new in Accord."),
                self._start,
                _("This message never says more. When it may come, you choose in Accord under “E-mail notices”."),
            ]
        return EmailMessage(
            subject,
            "\n\n".join(body) + "\n",
            self._from,
            [letter.email],
            connection=self._connection,
            headers={  # the name of this machine is nobody's business either
                "Message-ID": make_msgid(domain=self._from.rpartition("@")[2]),
                "Auto-Submitted": "auto-generated",
            },
        )
