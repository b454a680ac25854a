"""The page of all settings, written from the settings themselves.

python -m tests.support.settings_page > docs/settings.md
"""

from __future__ import annotations

import re
from itertools import groupby

from lightctl.files.settings import SettingRow, describe_settings

INTRO = """# Settings

Settings are written in TOML. `lightctl init` writes a file that names every key with its default. They are searched in
this order, and later places only fill what earlier ones leave open:

1. `--config FILE` (or `LIGHTCTL_CONFIG`): with it no other file is read
2. variables: `LIGHTCTL_`, then section and key in capitals with two underscores between, e.g.
   `LIGHTCTL_HTTP__PORT=8481`, `LIGHTCTL_LINKS__MQTT__URL=mqtt://10.0.0.5:1883`
3. `./lightctl.toml`
4. `$XDG_CONFIG_HOME/lightctl/lightctl.toml` (`~/.config/lightctl/lightctl.toml`)
5. `/etc/lightctl/lightctl.toml`

Relative paths start at the folder of the file that says them. An unknown key, a wrong type or an unreadable file ends
every command with exit code 2 and names the file and the key. `NAME` is a name you choose: a
link's is what light points give in their column `link`, a luminaire type's what they give in their tag `luminaire`, a
tariff's or notification's tells it from others. Lists are written as `["critical", "major"]`, in variables too.
"""
ABOUT = {
    "links.NAME (mqtt)": 'A broker, `type = "mqtt"`.',
    "links.NAME (modbus_tcp)": 'A Modbus device or gateway on the network, `type = "modbus_tcp"`.',
    "links.NAME (modbus_rtu)": 'A serial line, `type = "modbus_rtu"`.',
    "notifications.NAME (webhook)": 'A [webhook](notifications.md#webhooks) told about faults, `type = "webhook"`.',
    "notifications.NAME (smtp)": 'People who get [mail](notifications.md#mail) about faults, `type = "smtp"`.',
    "notifications.NAME (mqtt)": 'A [topic](notifications.md#topics) on which faults are told, `type = "mqtt"`.',
    "luminaires.NAME": "A luminaire type: what a lamp of it draws. A light point's own watts go before its type's.",
    "energy": "[Energy](energy.md) says what is counted and how.",
    "tariffs.NAME": (
        "A price, a factor of emissions, or both, from a day on; of each figure the latest that has begun counts. "
        "Without one there is no cost, or no carbon dioxide, in reports."
    ),
    "reports": "[Reports](reports.md) says what is in them.",
    "clock": "For trials: a run on another clock, shared with simulators. Without it the machine's own time counts.",
}
ROW = re.compile(r"(?P<section>.+)\.(?P<key>[a-z0-9_]+)(?P<kind> \(.+\))?")


def settings_page() -> str:
    """Give the page."""
    parts = [INTRO]
    for section, rows in groupby(describe_settings(), _section):
        parts.append(f"\n## `[{section.split(' ')[0]}]`{section.removeprefix(section.split(' ')[0])}\n")
        if section in ABOUT:
            parts.append(f"\n{ABOUT[section]}\n")
        parts.append("\n| key | type | default | what it is |\n|---|---|---|---|\n")
        parts += [
            f"| `{_key(row)}` | {row.type} | {f'`{row.default}`' if row.default else 'none'} | {row.description} |\n"
            for row in rows
        ]
    return "".join(parts)


def _parts(row: SettingRow) -> re.Match[str]:
    match = ROW.fullmatch(row.key)
    assert match is not None, row.key
    return match


def _section(row: SettingRow) -> str:
    return _parts(row)["section"] + (_parts(row)["kind"] or "")


def _key(row: SettingRow) -> str:
    return _parts(row)["key"]


if __name__ == "__main__":
    print(settings_page(), end="")  # noqa: T201 - this is what it is for
