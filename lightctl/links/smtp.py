"""E-mail: plain text by SMTP submission, with a Message-ID that stays the same at each attempt."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

import aiosmtplib

from lightctl.domain.errors import InvalidInput
from lightctl.links.notice import Notice, NotTaken

PERMANENT_FROM = 500
LONGEST_SUBJECT = 150


class SmtpCarrier:
    """One mail server and those who get the mail; a connection for each message."""

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        to: Sequence[str],
        *,
        timeout_s: float,
        tls: Literal["starttls", "tls", "none"] = "starttls",
        ca_file: str = "",
        user: str = "",
        password: Callable[[], str] = str,
    ) -> None:
        """Send by `host`; `password` gives it anew each time and may raise InvalidInput."""
        self._host = host
        self._port = port
        self._sender = sender
        self._to = tuple(to)
        self._timeout_s = timeout_s
        self._tls = tls
        self._ca_file = ca_file
        self._user = user
        self._password = password

    async def carry(self, notice: Notice, now: dt.datetime) -> str:
        """Send a mail; taken when the server took it for at least one of the addresses, the others are named."""
        try:
            password = self._password() if self._user else None
            context = ssl.create_default_context(cafile=self._ca_file or None) if self._tls != "none" else None
        except (InvalidInput, OSError) as error:
            raise NotTaken(str(error)) from None
        try:
            refused, answer = await aiosmtplib.send(
                self._mail(notice, now),
                sender=self._sender,
                recipients=list(self._to),
                hostname=self._host,
                port=self._port,
                username=self._user or None,
                password=password,
                timeout=self._timeout_s,
                use_tls=self._tls == "tls",
                start_tls=self._tls == "starttls",
                tls_context=context,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [each.code for each in error.recipients]
            words = "; ".join(f"{each.recipient}: {each.code} {each.message}" for each in error.recipients)
            raise NotTaken(_clean(words), refused=all(code >= PERMANENT_FROM for code in codes)) from None
        except aiosmtplib.SMTPResponseException as error:
            raise NotTaken(_clean(f"{error.code} {error.message}"), refused=error.code >= PERMANENT_FROM) from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise NotTaken(_clean(str(error)) or type(error).__name__) from None
        left = "; ".join(f"not for {address}: {said.code} {said.message}" for address, said in refused.items())
        return _clean("; ".join(filter(None, (answer, left))))

    def _mail(self, notice: Notice, now: dt.datetime) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = ", ".join(self._to)
        mail["Subject"] = _clean(notice.title)[:LONGEST_SUBJECT]
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = f"<{notice.id}@{self._sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(notice.text)
        return mail


def _clean(text: str) -> str:
    """Put a text on one line: what a node or a server says must not become a header of its own."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
