"""A mail says the same at each attempt, lets nobody add headers, and says truthfully who did not get it."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult

from lightctl.domain.errors import InvalidInput
from lightctl.links.notice import Notice, NotTaken
from lightctl.links.smtp import SmtpCarrier
from tests.support.brokers import free_port
from tests.support.certificates import certificates
from tests.support.receivers import MailHandler, mail_server, silent_server

NOW = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
NOTICE = Notice("digest-12", "Duisburg: 2 faults", "Zwei Störungen.\n.\nEnde\n", b"{}")
TEAM = ("ops@city.example", "chief@city.example")


def carrier(port: int, **more: object) -> SmtpCarrier:
    given = {"timeout_s": 5.0, "tls": "none"} | more
    return SmtpCarrier("127.0.0.1", port, "lights@city.example", TEAM, **given)


async def test_a_mail_has_text_an_id_that_stays_and_says_that_it_is_automatic():
    handler = MailHandler()
    with mail_server(handler) as port:
        await carrier(port).carry(NOTICE, NOW)
        said = await carrier(port).carry(NOTICE, NOW + dt.timedelta(hours=1))
    first, second = handler.mails
    assert said == "taken"
    assert first["Message-ID"] == second["Message-ID"] == "<digest-12@city.example>"
    assert (first["Subject"], first["To"]) == ("Duisburg: 2 faults", ", ".join(TEAM))
    assert first["Auto-Submitted"] == "auto-generated"
    assert first.get_content().replace("\r\n", "\n") == NOTICE.text
    assert handler.envelopes[0].rcpt_tos == list(TEAM)


async def test_what_a_node_says_makes_no_header_of_its_own():
    handler = MailHandler()
    evil = Notice("n-1", "lampFailure at LP1\r\nBcc: everybody@example.org\x1b[31m", "text\n", b"{}")
    with mail_server(handler) as port:
        await carrier(port).carry(evil, NOW)
    (mail,) = handler.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == "lampFailure at LP1 Bcc: everybody@example.org [31m"


@pytest.mark.parametrize(
    ("handler", "refused", "why"),
    [
        (MailHandler(data="451 try later"), False, "451 try later"),
        (MailHandler(data="550 no such thing"), True, "550 no such thing"),
        (MailHandler(rcpt=dict.fromkeys(TEAM, "550 unknown")), True, "chief@city.example: 550 unknown"),
        (MailHandler(rcpt=dict.fromkeys(TEAM, "450 greylisted")), False, "450 greylisted"),
        (MailHandler(rcpt={TEAM[0]: "550 unknown", TEAM[1]: "450 later"}), False, "450 later"),
    ],
)
async def test_what_the_server_does_not_take_is_told_with_its_words(handler, refused, why):
    with mail_server(handler) as port, pytest.raises(NotTaken) as failure:
        await carrier(port).carry(NOTICE, NOW)
    assert (failure.value.refused, why in failure.value.why) == (refused, True), failure.value.why


async def test_who_was_left_out_is_named_when_the_others_got_it():
    handler = MailHandler(rcpt={TEAM[1]: "550 unknown"})
    with mail_server(handler) as port:
        said = await carrier(port).carry(NOTICE, NOW)
    assert "not for chief@city.example: 550 unknown" in said
    assert len(handler.mails) == 1


async def test_a_wrong_password_is_refused_for_good_and_never_shown():
    def nobody(_server: object, _session: object, _envelope: object, _mechanism: object, _data: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    more = {"authenticator": nobody, "auth_require_tls": False}
    with mail_server(MailHandler(), **more) as port, pytest.raises(NotTaken) as failure:
        await carrier(port, user="ops", password=lambda: "swordfish").carry(NOTICE, NOW)
    assert failure.value.refused
    assert "535" in failure.value.why
    assert "swordfish" not in failure.value.why


async def test_one_without_starttls_is_not_talked_to_in_the_clear():
    handler = MailHandler()
    with mail_server(handler) as port, pytest.raises(NotTaken, match=r"(?i)starttls"):
        await carrier(port, tls="starttls").carry(NOTICE, NOW)
    assert handler.mails == []


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_the_way_to_the_server_is_private_and_the_server_the_one_it_says(tmp_path: Path, tls: str) -> None:
    ca, cert, key = certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    handler = MailHandler()
    how = {"tls_context": context, "require_starttls": True} if tls == "starttls" else {"ssl_context": context}
    with mail_server(handler, **how) as port:
        await carrier(port, tls=tls, ca_file=str(ca)).carry(NOTICE, NOW)
        with pytest.raises(NotTaken, match=r"(?i)certificate") as failure:
            await carrier(port, tls=tls).carry(NOTICE, NOW)
        with pytest.raises(NotTaken, match="No such file"):
            await carrier(port, tls=tls, ca_file=str(tmp_path / "none")).carry(NOTICE, NOW)
    assert not failure.value.refused
    assert len(handler.mails) == 1


async def test_one_that_accepts_and_never_speaks_is_given_no_more_than_its_time():
    async with silent_server() as port, asyncio.timeout(5):
        with pytest.raises(NotTaken):
            await carrier(port, timeout_s=0.2).carry(NOTICE, NOW)


async def test_one_that_is_not_there_is_temporary_and_so_is_a_password_that_cannot_be_read():
    with pytest.raises(NotTaken) as failure:
        await carrier(free_port()).carry(NOTICE, NOW)
    assert not failure.value.refused

    def password() -> str:
        raise InvalidInput("pw", "the password file cannot be read")

    with pytest.raises(NotTaken, match="password file cannot be read"):
        await carrier(1, user="ops", password=password).carry(NOTICE, NOW)
