"""The table of supported devices on docs/nodes.md, written from the profiles: python -m tests.support.support_table"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lightctl.devices.maps import ChannelMap, JsonReadings, RegisterMap
from lightctl.devices.profile import Profile, shipped_profiles
from lightctl.devices.topics import COMMAND_ACTIONS
from lightctl.domain.assets import Capabilities, Dates
from lightctl.domain.states import ActionKind

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "nodes.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
COLUMNS = (
    "profile", "title", "wire", "nights", "levels", "ramp", "channels", "confirmed_by", "readings", "faults",
    "actions", "caveats",
)  # fmt: skip
WIRES = {"native": "MQTT, native contract v1", "mqtt": "MQTT, JSON", "modbus": "Modbus"}


def page_with_table() -> str:
    """Give the page with the table as the profiles have it now."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    head = "| " + " | ".join(name.replace("_", " ") for name in COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|\n"
    rows = ("| " + " | ".join(row[name].replace("|", "\\|") for name in COLUMNS) + " |\n" for row in support_table())
    return f"{before}{BEGIN}{head}{''.join(rows)}{END}{after}"


def support_table(profiles: Mapping[str, Profile] | None = None) -> list[dict[str, str]]:
    """Give one row per profile (None: the shipped ones), every column a text; `COLUMNS` is their order."""
    chosen = shipped_profiles() if profiles is None else profiles
    return [_row(chosen[name]) for name in sorted(chosen)]


def _row(profile: Profile) -> dict[str, str]:
    able = profile.capabilities
    levels = f"{able.min_level or 1}..100" if not able.levels else ", ".join(map(str, able.levels))
    return {
        "profile": profile.name,
        "title": profile.title,
        "wire": WIRES[profile.kind],
        "nights": nights_of(able),
        "levels": levels if able.channels else "-",
        "ramp": "yes" if able.ramp else "no",
        "channels": str(able.channels),
        "confirmed_by": profile.confirmation.replace("_", "-") if able.channels else "-",
        "readings": _listed(_readings(profile)),
        "faults": _listed(_faults(profile)),
        "actions": _listed(_actions(profile)),
        "caveats": " ".join(profile.caveats) or "-",
    }


def nights_of(able: Capabilities) -> str:
    """Say in a few words what nights a node can hold."""
    if not able.carries_nights:
        return "live"
    table = "" if able.dates is Dates.ABSOLUTE else f", {able.dates} table" + (" by the sun" if able.sun else "")
    return f"{able.nights} ({able.slots} switches{table})"


def _readings(profile: Profile) -> list[str]:
    names = JsonReadings.__struct_fields__
    if profile.mqtt:
        return [name for name in names if getattr(profile.mqtt.readings, name) is not None]
    if profile.modbus:
        channels: ChannelMap | None = profile.modbus.channels
        return [name for name in names if getattr(channels, name, None) is not None] + list(profile.modbus.readings)
    return list(names)


def _faults(profile: Profile) -> list[str]:
    if profile.mqtt:
        return [fault.value for fault in profile.mqtt.faults]
    if profile.modbus:
        modbus: RegisterMap = profile.modbus
        return [fault.value for fault in (modbus.channels.faults if modbus.channels else ())] + list(modbus.flags)
    return ["whatever it names"]


def _actions(profile: Profile) -> list[str]:
    known = profile.mqtt or profile.modbus
    if known is None:
        return list(COMMAND_ACTIONS.values())
    return [kind.value for kind in known.actions] + ([ActionKind.SET_CLOCK.value] if known.clock else [])


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "-"


if __name__ == "__main__":
    PAGE.write_text(page_with_table())
