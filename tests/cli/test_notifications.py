"""`notification list` and `test` say truthfully who is told, what waits, and what came of a trial."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lightctl.domain.notices import Standing
from lightctl.store.base import Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.brokers import free_port
from tests.support.doors import EVENING, Cli, listening
from tests.support.stores import fault

MAIL = 'type = "smtp"\nsender = "x@y"\nto = ["a@b.c"]'
SECRET = "a secret that is long enough for it"


class Hook:
    """A receiver as an ASGI app: answers with a status and keeps what came."""

    def __init__(self, status: int = 204) -> None:
        self.status = status
        self.bodies: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["method"] == "POST"
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.bodies.append(json.loads(body))
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def name_target(cli: Cli, url: str, more: str = "") -> None:
    (cli.folder / "secret").write_text(SECRET)
    path = cli.folder / "lightctl.toml"
    text = f'[notifications.ops]\ntype = "webhook"\nurl = "{url}"\nsecret_file = "secret"\ntimeout_s = 5.0\n{more}'
    path.write_text(path.read_text() + text)


def test_a_test_that_is_taken_says_so_and_stands_in_the_audit(offline: Cli) -> None:
    hook = Hook()
    with listening(hook) as url:
        name_target(offline, f"{url}/token-in-the-path")
        trial = offline.done("notification", "test", "ops", "--reason", "new secret", "-o", "json").json()
    assert (trial["ok"], trial["said"], trial["where"]) == (True, "HTTP 204 No Content", url)
    assert hook.bodies[0]["type"] == "lightctl.notification.test.v1"
    assert hook.bodies[0]["id"] == trial["id"]
    entry = offline.done("audit", "list", "-o", "json").json()[0]
    assert (entry["verb"], entry["target"], entry["reason"]) == ("notification test", "ops", "new secret")
    assert entry["detail"] == "taken: HTTP 204 No Content"


def test_a_test_that_is_not_taken_says_why_and_fails(offline: Cli) -> None:
    with listening(Hook(401)) as url:
        name_target(offline, url)
        ran = offline("notification", "test", "ops")
    assert ran.code == 1
    assert "NOT taken" in ran.out
    assert "HTTP 401" in ran.out
    entry = offline.done("audit", "list", "-o", "json").json()[0]
    assert entry["detail"].startswith("not taken: HTTP 401")


def test_a_target_that_is_not_there_is_not_taken(offline: Cli) -> None:
    name_target(offline, f"http://127.0.0.1:{free_port()}/")
    ran = offline("notification", "test", "ops", "-o", "json")
    assert (ran.code, json.loads(ran.out)["ok"]) == (1, False)


def test_a_missing_secret_is_said_and_the_secret_never(offline: Cli) -> None:
    name_target(offline, "http://127.0.0.1:1/hook/SECRETPATH")
    (offline.folder / "secret").unlink()
    ran = offline("notification", "test", "ops")
    assert ran.code == 1
    assert "secret file cannot be read" in ran.out
    (offline.folder / "secret").write_text("sesame")
    ran = offline("notification", "test", "ops")
    assert "shorter than 24 bytes" in ran.out
    assert "sesame" not in ran.out + ran.err
    listed = offline.done("notification", "list", "-o", "json").out
    assert "SECRETPATH" not in listed + ran.out


def test_a_try_shows_the_message_and_sends_nothing(offline: Cli) -> None:
    hook = Hook()
    with listening(hook) as url:
        name_target(offline, url)
        trial = offline.done("notification", "test", "ops", "--dry-run", "-o", "json").json()
    assert (trial["ok"], trial["dry_run"], hook.bodies) == (None, True, [])
    assert json.loads(trial["body"])["type"] == "lightctl.notification.test.v1"
    assert offline.done("audit", "list", "-o", "json").json()[0]["verb"] != "notification test"


def test_the_list_tells_what_waits_and_what_is_in_the_way(offline: Cli) -> None:
    name_target(offline, "http://127.0.0.1:1/", 'select = "kind=crossing"\nhours = "06:00-22:00"\n')
    store = SqliteStore(offline.folder / "store")
    store.put_notice_target(Standing("ops", 0, failing_since=EVENING, why="HTTP 500", failures=3, given_up=2))
    store.commit(Recorded(faults=(fault("LP-0003"), fault("LP-0001"))))
    store.close()
    ran = offline.done("notification", "list")
    assert "failing since" in ran.out
    assert "HTTP 500" in ran.out
    assert "nobody is told anything until" in ran.err
    (shown,) = offline.done("notification", "list", "-o", "json").json()
    assert (shown["waiting"], shown["given_up"], shown["hours"]) == (1, 2, "06:00-22:00")
    checks = json.loads(offline("doctor", "-o", "json").out)["checks"]
    (check,) = [each for each in checks if each["name"] == "notification ops"]
    assert (check["state"], "HTTP 500" in check["found"], "2 given up" in check["found"]) == ("fail", True, True)


def test_without_targets_the_list_says_so_and_a_test_of_one_is_not_found(city: Cli) -> None:
    assert "nobody is told" in city.done("notification", "list").err
    assert city("notification", "test", "ops").code == 3


def test_a_city_elsewhere_tries_its_targets_too(hosted: Cli) -> None:
    assert hosted.done("notification", "list", "-o", "json").json() == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('type = "webhook"\nurl = "ftp://x"\nsecret_file = "s"', "notifications.ops.url: must read https://"),
        ('type = "webhook"\nurl = "https://[::1"\nsecret_file = "s"', "must read https://"),
        ('type = "webhook"\nurl = "https://x"', "notifications.ops.secret_file: Field required"),
        ('type = "smtp"\nsender = "x@y"\nto = ["nobody"]', "notifications.ops.to"),
        ('type = "smtp"\nsender = "x@y"\nto = "a@b.c"', "a list is wanted"),
        ('type = "smtp"\nsender = "x@y\\nBcc: z@z"\nto = ["a@b.c"]', "notifications.ops.sender"),
        ('type = "smtp"\nsender = "x@y"\nto = ["a@b.c"]\nuser = "u"', "belong together"),
        (f'{MAIL}\nhost = "mail"\ntls = "none"\nuser = "u"\npassword_file = "p"', "unencrypted"),
        ('type = "mqtt"\nlink = "city"', "no mqtt link is called 'city'"),
        ('type = "pigeon"', "notifications.ops"),
        ('type = "webhook"\nurl = "https://x"\nsecret_file = "s"\nseverity = ["x"]', "Did you mean severities?"),
        ('type = "webhook"\nurl = "https://x"\nsecret_file = "s"\nhours = "late"', "is no window"),
        ('type = "webhook"\nurl = "https://x"\nsecret_file = "s"\nselect = "a=="', "Write one sign"),
        ('type = "webhook"\nurl = "https://x"\nsecret_file = "s"\nevents = []', "notifications.ops.events"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_key_with_what_to_write(offline: Cli, text: str, told: str) -> None:
    path = offline.folder / "lightctl.toml"
    path.write_text(f"{path.read_text()}[notifications.ops]\n{text}\n")
    ran = offline("notification", "list")
    assert (ran.code, told in ran.err) == (2, True), ran.err


def test_topics_of_nodes_are_not_for_notices(offline: Cli) -> None:
    path = offline.folder / "lightctl.toml"
    link = '[links.city]\ntype = "mqtt"\n'
    for topic, fine in (("lightctl/v1/main/N-1/desired", False), ("a/+", False), ("$SYS/x", False), ("city/n", True)):
        target = f'[notifications.ops]\ntype = "mqtt"\nlink = "city"\ntopic = "{topic}"\n'
        before = path.read_text()
        path.write_text(before + link + target)
        assert (offline("notification", "list").code == 0) is fine
        path.write_text(before)
