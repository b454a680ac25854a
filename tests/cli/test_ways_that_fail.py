"""Wrong addresses, lost daemons, busy stores, broken settings: clean words, the right exit code, never a traceback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightctl.cli import wire
from lightctl.cli.failures import ExitCode
from lightctl.store.lock import StoreLock
from tests.support.doors import Cli, listening, write_settings


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is ours and that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    write_settings(tmp_path / "city")
    return Cli(tmp_path / "city", "store")


def test_a_daemon_that_is_not_there_is_exit_code_5(cli: Cli, closed_port: int) -> None:
    ran = cli("status", "--url", f"http://127.0.0.1:{closed_port}")
    assert (ran.code, ran.out) == (ExitCode.UNREACHABLE, "")
    assert "lightctl serve" in ran.err
    assert "Traceback" not in ran.err


def test_an_address_that_is_none_is_exit_code_2(cli: Cli) -> None:
    for url in ("127.0.0.1:8480", "ftp://host", "http://", "http://host:notaport"):
        assert cli("status", "--url", url).code == ExitCode.USAGE, url


def test_a_server_that_is_not_lightctl_is_exit_code_5(cli: Cli) -> None:
    async def stranger(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<html>"})

    with listening(stranger) as url:
        ran = cli("status", "--url", url)
    assert ran.code == ExitCode.UNREACHABLE
    assert "not as lightctl does" in ran.err


def test_a_daemon_asked_without_a_token_is_exit_code_4(hosted: Cli, tmp_path: Path) -> None:
    url = json.loads((hosted.folder / "store" / "daemon.json").read_text())["url"]
    elsewhere = Cli(tmp_path, "url")
    assert elsewhere("status", "--url", url).code == ExitCode.NOT_PERMITTED
    (tmp_path / "token").write_text("lc_wrong\n")
    assert elsewhere("status", "--url", url, "--token-file", "token").code == ExitCode.NOT_PERMITTED
    token = hosted.folder / "store" / "operator.token"
    assert elsewhere("status", "--url", url, "--token-file", str(token)).code == ExitCode.OK


def test_a_token_file_that_is_none_is_exit_code_2(cli: Cli, closed_port: int) -> None:
    (cli.folder / "empty").write_text("\n")
    for name in ("empty", "missing", "lightctl.toml"):
        ran = cli("status", "--url", f"http://127.0.0.1:{closed_port}", "--token-file", name)
        assert ran.code == ExitCode.USAGE, name


def test_a_token_sent_in_the_clear_to_another_machine_is_warned_of(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "CONNECT_TIMEOUT_S", 0.05)
    ran = cli("status", "--url", "http://192.0.2.1:8480", environ={"LIGHTCTL_TOKEN": "lc_secret"})
    assert ran.code == ExitCode.UNREACHABLE
    assert "unencrypted" in ran.err
    assert "lc_secret" not in ran.err


def test_the_file_of_a_killed_daemon_does_not_stop_commands(offline: Cli, closed_port: int) -> None:
    stale = {"url": f"http://127.0.0.1:{closed_port}", "pid": os.getpid()}
    (offline.folder / "store" / "daemon.json").write_text(json.dumps(stale))
    assert offline.done("status", "-o", "json").json()["daemon"] is False


def test_a_store_that_another_process_keeps_is_named_with_its_process(
    offline: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lightctl.cli.client.LOCK_PATIENCE_S", 0.2)
    lock = StoreLock(offline.folder / "store")
    try:
        ran = offline("status")
    finally:
        lock.release()
    assert ran.code == ExitCode.FAILED
    assert f"process {os.getpid()}" in ran.err


def test_a_store_that_is_busy_for_a_moment_is_waited_for(offline: Cli) -> None:
    script = (
        "import sys, time; from pathlib import Path; from lightctl.store.lock import StoreLock\n"
        "lock = StoreLock(Path(sys.argv[1])); print('held', flush=True); time.sleep(0.5)"
    )
    store = str(offline.folder / "store")
    with subprocess.Popen([sys.executable, "-c", script, store], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert offline("status").code == ExitCode.OK


def test_a_store_folder_that_cannot_be_made_is_a_clean_failure(cli: Cli) -> None:
    (cli.folder / "store").write_text("a file stands here")
    ran = cli("status")
    assert (ran.code, ran.out) == (ExitCode.FAILED, "")
    assert "store" in ran.err


def test_settings_that_are_wrong_are_exit_code_2_and_name_the_key(cli: Cli) -> None:
    (cli.folder / "lightctl.toml").write_text("[site]\ntime_zoen = 'Europe/Berlin'\n")
    ran = cli("status")
    assert ran.code == ExitCode.USAGE
    assert "time_zoen" in ran.err
    assert cli("status", "--config", "nowhere.toml").code == ExitCode.USAGE


def test_files_that_are_not_there_are_exit_code_2(cli: Cli) -> None:
    for argv in (
        ("schedule", "check", "nowhere.yaml"),
        ("schedule", "apply", "nowhere.yaml"),
        ("inventory", "import", "nowhere.csv"),
        ("on", "--ids", "nowhere.txt"),
    ):
        ran = cli(*argv)
        assert (ran.code, ran.out) == (ExitCode.USAGE, ""), argv
        assert "nowhere" in ran.err


def test_a_file_that_is_not_text_is_exit_code_2(cli: Cli) -> None:
    (cli.folder / "photo.csv").write_bytes(b"\xff\xd8\xff\xe0")
    ran = cli("inventory", "import", "photo.csv")
    assert ran.code == ExitCode.USAGE
    assert "UTF-8" in ran.err


@pytest.mark.parametrize(
    "argv",
    [
        ("lihgt",),
        ("light", "show"),
        ("light", "list", "--nope"),
        ("light", "list", "-o", "yaml"),
        ("dim", "LP-0001"),
        ("dim", "LP-0001", "120"),
        ("dim", "LP-0001", "bright"),
        ("on",),
        ("on", "LP-0001", "-l", "*"),
        ("on", "LP 0001"),
        ("on", "group:"),
        ("on", "group:a", "LP-0001"),
        ("on", "LP-0001", "--for", "soon"),
        ("on", "LP-0001", "--for", "10m", "--until", "23:00"),
        ("on", "LP-0001", "--until", "25:00"),
        ("why", "LP-0001", "--at", "yesterday"),
        ("on", "--ids", "-"),
        ("watch", "-o", "csv"),
        ("token", "create", "vera", "--expires", "soon"),
        ("token", "create", "vera", "--role", "god"),
        ("schedule", "preview", "x.yaml", "--place", "here"),
    ],
)
def test_what_cannot_be_understood_is_exit_code_2_and_says_what_to_do(cli: Cli, argv: tuple[str, ...]) -> None:
    ran = cli(*argv)
    assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    first, *rest = ran.err.splitlines()
    assert first.startswith("error: ")
    assert rest, "no word on what to do"
    as_json = cli(*argv, "-o", "json") if "-o" not in argv else None
    if as_json is not None:
        assert json.loads(as_json.err)["error"]["exit_code"] == 2


def test_a_bug_is_words_for_people_and_a_traceback_only_when_asked_for(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_settings: object) -> None:
        raise ZeroDivisionError("a slip")

    monkeypatch.setattr("lightctl.cli.local.running_daemon", broken)
    ran = cli("status")
    assert ran.code == ExitCode.FAILED
    assert "ZeroDivisionError" in ran.err
    assert "Traceback" not in ran.err
    with pytest.raises(ZeroDivisionError):
        cli("status", environ={"LIGHTCTL_DEBUG": "1"})
