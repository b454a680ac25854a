"""A webhook is signed so that anybody can verify it, and says truthfully whether it was taken."""

from __future__ import annotations

import base64
import datetime as dt
import ssl
import subprocess
from pathlib import Path

import pytest

from lightctl.domain.errors import InvalidInput
from lightctl.links.notice import Notice, NotTaken
from lightctl.links.webhook import WebhookCarrier, secret_bytes, signed
from tests.support.brokers import free_port
from tests.support.certificates import certificates
from tests.support.receivers import answer, http_receiver

NOW = dt.datetime(2026, 12, 4, 18, 0, tzinfo=dt.UTC)
NOTICE = Notice("msg_p5jXN8AQM9LWM0D4loKWxJek", "a title", "a text", b'{"test": 2432232314}')
KEY = b"x" * 32


def carrier(url: str, timeout_s: float = 5.0, **more: str) -> WebhookCarrier:
    return WebhookCarrier(url, lambda: KEY, timeout_s=timeout_s, **more)


def test_the_signature_is_that_of_the_published_example():
    # Standard Webhooks' own example: the secret, message and signature of its reference libraries.
    key = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "example")
    headers = signed(NOTICE, key, dt.datetime.fromtimestamp(1614265330, dt.UTC))
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_what_arrives_is_verified_by_another_program_over_id_timestamp_and_body():
    async with http_receiver() as receiver:
        assert await carrier(receiver.url).carry(NOTICE, NOW) == "HTTP 204 No Content"
    (posted,) = receiver.posted
    content = f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.".encode() + posted.body
    mac = subprocess.run(  # noqa: ASYNC221 - nothing else is waiting
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{KEY.hex()}", "-binary"],
        input=content,
        capture_output=True,
        check=True,
    ).stdout
    assert posted.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
    assert posted.headers["webhook-id"] == NOTICE.id
    assert posted.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert posted.body == NOTICE.body
    assert posted.path == "/hook"


async def test_a_changed_body_or_secret_makes_another_signature():
    first = signed(NOTICE, KEY, NOW)["webhook-signature"]
    forged = signed(Notice(NOTICE.id, "", "", NOTICE.body + b" "), KEY, NOW)["webhook-signature"]
    assert len({first, forged, signed(NOTICE, KEY + b"x", NOW)["webhook-signature"]}) == 3


@pytest.mark.parametrize(
    ("said", "refused", "why"),
    [
        (answer("500 Internal Server Error", "out of order"), False, "HTTP 500 Internal Server Error: out of order"),
        (answer("503 Service Unavailable"), False, "HTTP 503"),
        (answer("429 Too Many Requests"), False, "HTTP 429"),
        (answer("408 Request Timeout"), False, "HTTP 408"),
        (answer("401 Unauthorized", "who are you?"), True, "who are you?"),
        (answer("410 Gone"), True, "HTTP 410"),
        (answer("302 Found", "", "location: http://127.0.0.1:1/"), True, "redirects are not followed"),
        (b"SSH-2.0-OpenSSH_9\r\n", False, ""),
        (b"", False, "disconnected"),
        (answer("500 No", "\x1b[31m\n" + "x" * 100_000), False, "HTTP 500 No: "),
    ],
)
async def test_what_is_not_taken_says_why_and_whether_it_would_be_refused_again(said, refused, why):
    async with http_receiver(said) as receiver:
        with pytest.raises(NotTaken) as failure:
            await carrier(receiver.url).carry(NOTICE, NOW)
    assert failure.value.refused is refused
    assert why in failure.value.why
    assert len(failure.value.why) < 400


async def test_a_receiver_may_ask_for_a_pause_but_not_for_ever():
    for asked, given in (("120", 120.0), ("99999999999", 86_400.0), ("soon", None), ("-5", None)):
        async with http_receiver(answer("503 Busy", "", f"retry-after: {asked}")) as receiver:
            with pytest.raises(NotTaken) as failure:
                await carrier(receiver.url).carry(NOTICE, NOW)
        assert failure.value.retry_after_s == given


async def test_one_that_accepts_and_never_answers_is_given_no_more_than_its_time():
    async with http_receiver(None) as receiver:
        with pytest.raises(NotTaken, match=r"no answer within 0\.2 s"):
            await carrier(receiver.url, timeout_s=0.2).carry(NOTICE, NOW)


async def test_one_that_refuses_connections_is_temporary():
    with pytest.raises(NotTaken) as failure:
        await carrier(f"http://127.0.0.1:{free_port()}/").carry(NOTICE, NOW)
    assert not failure.value.refused


async def test_a_secret_that_cannot_be_read_is_told_and_tried_again_and_never_shown(tmp_path):
    def key() -> bytes:
        raise InvalidInput(str(tmp_path / "secret"), "the secret file cannot be read")

    with pytest.raises(NotTaken, match="secret file cannot be read") as failure:
        await WebhookCarrier("http://127.0.0.1:1/", key, timeout_s=1).carry(NOTICE, NOW)
    assert not failure.value.refused


async def test_a_certificate_authority_that_is_not_there_is_told():
    with pytest.raises(NotTaken, match="No such file"):
        await carrier("https://127.0.0.1:1/", ca_file="/nowhere/ca.pem").carry(NOTICE, NOW)


async def test_https_is_verified_by_the_authority_that_settings_name(tmp_path: Path) -> None:
    ca, cert, key = certificates(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    async with http_receiver(context=context) as receiver:
        await carrier(receiver.url, ca_file=str(ca)).carry(NOTICE, NOW)
        with pytest.raises(NotTaken, match="CERTIFICATE_VERIFY_FAILED") as failure:
            await carrier(receiver.url).carry(NOTICE, NOW)
    assert not failure.value.refused
    assert len(receiver.posted) == 1


def test_a_secret_is_base64_after_its_prefix_or_any_long_text():
    assert secret_bytes("whsec_" + base64.b64encode(KEY).decode(), "f") == KEY
    assert secret_bytes("a text that is long enough", "f") == b"a text that is long enough"
    for wrong in ("whsec_???", "whsec_QUFB", "sesame", "whsec_", "whsec_ü", ""):
        with pytest.raises(InvalidInput) as error:
            secret_bytes(wrong, "the-file")
        assert not wrong.removeprefix("whsec_") or wrong.removeprefix("whsec_") not in str(error.value)
