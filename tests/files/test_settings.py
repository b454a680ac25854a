from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lightctl.domain.errors import InvalidInput
from lightctl.files.settings import (
    ModbusRtuLinkSettings,
    ModbusTcpLinkSettings,
    MqttLinkSettings,
    Settings,
    default_settings_toml,
    describe_settings,
    load_settings,
)


def load(tmp_path: Path, text: str | None = None, **environ: str) -> Settings:
    if text is not None:
        (tmp_path / "lightctl.toml").write_text(text, encoding="utf-8")
    return load_settings(None, {"HOME": str(tmp_path / "home"), **environ}, tmp_path)


def refusal(tmp_path: Path, text: str | None = None, **environ: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, text, **environ)
    return caught.value


def test_without_any_file_the_defaults_hold(tmp_path):
    found = load(tmp_path)
    assert (found.http.host, found.http.port) == ("127.0.0.1", 8480)
    assert (found.delivery.nights, found.delivery.deadline_s, found.delivery.lease_factor) == (7, 900, 2.5)
    assert (found.safety.max_affected, found.safety.max_override_h) == (500, 12)
    assert found.nightly.at == 14 * 3600
    assert found.clock is None
    assert found.links == {}


def test_the_nearest_file_wins_key_by_key(tmp_path):
    xdg = tmp_path / "home" / ".config" / "lightctl" / "lightctl.toml"
    xdg.parent.mkdir(parents=True)
    xdg.write_text('[http]\nport = 1\nhost = "::1"\n', encoding="utf-8")
    assert load(tmp_path).http.port == 1
    here = load(tmp_path, "[http]\nport = 2\n")
    assert (here.http.port, here.http.host) == (2, "::1")


def test_the_environment_wins_over_files_and_config_over_the_environment(tmp_path):
    assert load(tmp_path, "[http]\nport = 2\n", LIGHTCTL_HTTP__PORT="3").http.port == 3
    named = tmp_path / "named.toml"
    named.write_text('[http]\nport = 4\n[site]\nname = "x"\n', encoding="utf-8")
    environ = {"LIGHTCTL_HTTP__PORT": "3", "LIGHTCTL_HTTP__HOST": "::1"}
    found = load_settings(named, environ, tmp_path)
    assert (found.http.port, found.http.host) == (4, "::1")


def test_with_config_no_other_file_is_read(tmp_path):
    (tmp_path / "lightctl.toml").write_text('[site]\nname = "other"\n', encoding="utf-8")
    (tmp_path / "named.toml").write_text("", encoding="utf-8")
    assert load_settings(Path("named.toml"), {}, tmp_path).site.name == ""


def test_links_of_every_kind_are_read(tmp_path):
    links = load(
        tmp_path,
        '[links.city]\ntype = "mqtt"\nurl = "mqtts://broker.example"\nusername = "u"\n'
        '[links.pillar]\ntype = "modbus_tcp"\nhost = "10.0.0.7"\nframer = "rtu"\n'
        '[links.bus]\ntype = "modbus_rtu"\ndevice = "/dev/ttyUSB0"\nparity = "E"\nstopbits = 2\n',
    ).links
    city, pillar, bus = links["city"], links["pillar"], links["bus"]
    assert isinstance(city, MqttLinkSettings)
    assert (city.host, city.port, city.tls) == ("broker.example", 8883, True)
    assert isinstance(pillar, ModbusTcpLinkSettings)
    assert (pillar.host, pillar.port, pillar.framer) == ("10.0.0.7", 502, "rtu")
    assert isinstance(bus, ModbusRtuLinkSettings)
    assert (bus.device, bus.baudrate, bus.parity, bus.stopbits) == ("/dev/ttyUSB0", 9600, "E", 2)


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        ("[http]\nprot = 1\n", "http.prot: unknown key", "port"),
        ("[htp]\nport = 1\n", "htp: unknown key", "http"),
        ('[http]\nport = "8480"\n', "http.port", ""),
        ("[http]\nport = true\n", "http.port", ""),
        ("[http]\nport = 70000\n", "http.port", ""),
        ('[http]\ntls_cert = "c.pem"\n', "belong together", ""),
        ("[delivery]\nnights = 7.0\n", "delivery.nights", ""),
        ("[delivery]\nsettle_s = nan\n", "delivery.settle_s", ""),
        ('[site]\ntime_zone = "Europe/Berln"\n', "Did you mean Europe/Berlin?", ""),
        ('[nightly]\nat = "25:00"\n', "nightly.at", ""),
        ("[clock]\nspeed = 10\n", "clock.start", ""),
        ("[clock]\nstart = 2026-12-01T12:00:00\nmachine_epoch = 0\n", "clock.start", ""),
        ('[links."a b"]\ntype = "mqtt"\n', "cannot be a link's name", ""),
        ('[links.a]\nurl = "mqtt://x"\n', "links.a", ""),
        ('[links.a]\ntype = "mqtt"\nurl = "http://x"\n', "mqtt://host:port", ""),
        ('[links.a]\ntype = "mqtt"\nurl = "mqtt://x:99999"\n', "url", ""),
        ('[links.a]\ntype = "mqtt"\nurl = "mqtt://x"\nport = 1\n', "same thing", ""),
        ('[links.a]\ntype = "mqtt"\nurl = "mqtt://u:secret@x"\n', "credentials", ""),
        ('[links.a]\ntype = "mqtt"\nhosst = "x"\n', "links.a.hosst: unknown key", "host"),
        ('[links.a]\ntype = "modbus_rtu"\n', "links.a.device", ""),
        ("links = 3\n", "links", ""),
        ("x", "not TOML", ""),
    ],
)
def test_a_wrong_setting_is_refused_with_file_and_key(tmp_path, text, key, hint):
    error = refusal(tmp_path, text)
    assert error.where == str(tmp_path / "lightctl.toml")
    assert key in error.why
    assert hint in error.hint


def test_all_wrong_settings_are_named_at_once(tmp_path):
    error = refusal(tmp_path, '[http]\nport = -1\n[log]\nlevel = "loud"\n')
    assert "http.port" in error.why
    assert "log.level" in error.why


def test_a_wrong_variable_is_named_as_the_variable(tmp_path):
    assert refusal(tmp_path, LIGHTCTL_HTTP__PORT="many").where == "LIGHTCTL_HTTP__PORT"
    assert refusal(tmp_path, LIGHTCTL_HTTP__PROT="1").where == "LIGHTCTL_HTTP__PROT"
    error = refusal(tmp_path, LIGHTCTL_HTTP_PORT="1")
    assert (error.where, "LIGHTCTL_HTTP__PORT" in error.hint) == ("LIGHTCTL_HTTP_PORT", True)


def test_variables_of_the_command_line_are_no_settings(tmp_path):
    environ = {"LIGHTCTL_URL": "https://x", "LIGHTCTL_TOKEN": "t", "LIGHTCTL_CONFIG": "c", "OTHER__X": "1"}
    assert load(tmp_path, **environ) == load(tmp_path)


def test_variables_are_read_as_the_type_of_their_key(tmp_path):
    found = load(
        tmp_path,
        LIGHTCTL_SITE__NAME="123",
        LIGHTCTL_DELIVERY__SETTLE_S="2.5",
        LIGHTCTL_NIGHTLY__AT="13:30",
        LIGHTCTL_CLOCK__START="2026-12-01T12:00:00+01:00",
        LIGHTCTL_CLOCK__MACHINE_EPOCH="5",
        LIGHTCTL_LINKS__CITY__TYPE="mqtt",
        LIGHTCTL_LINKS__CITY__PASSWORD="007",
        LIGHTCTL_LINKS__CITY__TLS="true",
    )
    assert (found.site.name, found.delivery.settle_s, found.nightly.at) == ("123", 2.5, 48600)
    assert found.clock is not None
    assert found.clock.start == dt.datetime(2026, 12, 1, 11, tzinfo=dt.UTC)
    city = found.links["city"]
    assert isinstance(city, MqttLinkSettings)
    assert (city.secret(), city.tls) == ("007", True)


def test_variables_that_contradict_each_other_are_refused(tmp_path):
    error = refusal(tmp_path, LIGHTCTL_LINKS__A="x", LIGHTCTL_LINKS__A__TYPE="mqtt")
    assert "LIGHTCTL_LINKS__A" in error.where


def test_paths_start_at_the_file_that_says_them(tmp_path):
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "s.toml").write_text(
        '[store]\ndirectory = "state"\n[links.a]\ntype = "mqtt"\npassword_file = "pw"\n', encoding="utf-8"
    )
    (folder / "pw").write_text("hush\nnot this\n", encoding="utf-8")
    found = load_settings(folder / "s.toml", {}, tmp_path)
    assert found.store.directory == str(folder / "state")
    link = found.links["a"]
    assert isinstance(link, MqttLinkSettings)
    assert link.secret() == "hush"
    assert load(tmp_path, LIGHTCTL_STORE__DIRECTORY="here").store.directory == str(tmp_path / "here")


def test_secrets_stand_in_no_message_and_no_representation(tmp_path):
    text = '[links.a]\ntype = "mqtt"\npassword = "canary-7391"\n'
    found = load(tmp_path, text)
    assert "canary" not in repr(found)
    assert "canary" not in str(refusal(tmp_path, text + "extra = 1\n"))
    assert "canary" not in str(refusal(tmp_path, text.replace('"canary-7391"', '["canary-7391"]')))


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_config_file_that_cannot_be_read_is_named(tmp_path, name):
    with pytest.raises(InvalidInput, match="cannot be read"):
        load_settings(Path(name), {}, tmp_path)


def test_an_unreadable_password_file_is_named(tmp_path):
    link = MqttLinkSettings(type="mqtt", password_file=str(tmp_path / "gone"))
    with pytest.raises(InvalidInput, match="gone"):
        link.secret()


def test_the_default_file_loads_and_changes_nothing_but_what_is_given(tmp_path):
    found = load(tmp_path, default_settings_toml(name="Duisburg", broker="mqtt://127.0.0.1:1883"))
    plain = Settings()
    assert found.site.name == "Duisburg"
    assert (found.http, found.delivery, found.safety, found.log) == (
        plain.http,
        plain.delivery,
        plain.safety,
        plain.log,
    )
    assert set(found.links) == {"mqtt"}
    assert found.clock is None


def test_the_default_file_names_every_key_and_its_comments_are_the_defaults():
    text = default_settings_toml()
    for row in describe_settings():
        section, _, key = row.key.partition(" ")[0].rpartition(".")
        if section == "links.NAME" and not ("(mqtt)" in row.key and key not in ("type", "host", "port", "tls")):
            continue
        line = next(line for line in text.splitlines() if line.removeprefix("# ").startswith(f"{key} ="))
        assert key in line
        if row.default:
            tomllib.loads(line.removeprefix("# "))


def test_every_setting_is_described():
    for row in describe_settings():
        assert row.description.endswith("."), row.key
        assert row.type, row.key


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=100))
def test_no_text_of_a_settings_file_raises_anything_but_invalid_input(tmp_path, text):
    try:
        load(tmp_path, text)
    except InvalidInput as error:
        assert error.why  # noqa: PT017 - any other exception fails the test
