"""Faults for people: the columns and lines in which they are shown."""

from __future__ import annotations

from lightctl.cli.output import Column, Json, count, local_time
from lightctl.cli.times import said_s

SHOWN_IDS = 20
_STYLES = {"open": "red", "acknowledged": "yellow", "silenced": "dim", "suppressed": "dim", "cleared": "dim"}


def _style(fault: Json) -> str:
    return _STYLES[fault["state"]]


def _state(fault: Json) -> str:
    match fault["state"]:
        case "acknowledged":
            return f"acknowledged by {fault['acknowledged_by']}"
        case "silenced":
            return f"silenced until {local_time(fault['silenced_until'])}"
        case "suppressed":
            return f"no alarm: {fault['suppressed_by']}"
        case state:
            return str(state)


def _number(value: float | None, unit: str = "", digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f}{unit}"


def _some(ids: list[str]) -> str:
    more = len(ids) - SHOWN_IDS
    return ", ".join(ids[:SHOWN_IDS]) + (f" and {more:,} more (-o json lists all)" if more > 0 else "")


LIST = (
    Column("ID", lambda fault: str(fault["id"]), right=True),
    Column("FAULT", lambda fault: fault["event"], _style),
    Column("SUBJECT", lambda fault: f"{fault['subject_kind']} {fault['subject']}"),
    Column("SEVERITY", lambda fault: fault["severity"]),
    Column("STATE", _state, _style),
    Column("OPENED", lambda fault: local_time(fault["opened_at"])),
    Column("CLEARED", lambda fault: local_time(fault["cleared_at"])),
    Column("AGE", lambda fault: said_s(fault["age_s"]), right=True),
    Column("MEMBERS", lambda fault: _number(fault["members"] or None), right=True),
    Column("WATTS", lambda fault: _number(fault["watts"]), right=True),
    Column("COST", lambda fault: _number(fault["cost"], digits=2), right=True),
    Column("DETAIL", lambda fault: fault["detail"]),
)
DETAIL = (
    Column("fault", lambda fault: f"{fault['id']}, {fault['event']}", _style),
    Column("subject", lambda fault: f"{fault['subject_kind']} {fault['subject']}"),
    Column("severity", lambda fault: fault["severity"]),
    Column("state", _state, _style),
    Column("opened", lambda fault: f"{local_time(fault['opened_at'])}, lasting {said_s(fault['age_s'])}"),
    Column("cleared", lambda fault: local_time(fault["cleared_at"])),
    Column("detail", lambda fault: fault["detail"]),
    Column("draws", lambda fault: _number(fault["watts"], " W for nothing")),
    Column("energy so far", lambda fault: _number(fault["kwh"], " kWh", 1)),
    Column("cost so far", lambda fault: _number(fault["cost"], digits=2)),
    Column("explains", lambda fault: _some(fault["explains"])),
    Column("light points", lambda fault: _some(fault["light_points"])),
    Column("kept quiet by", lambda fault: ", ".join(each["id"] for each in fault["silences"])),
    Column("work order", lambda fault: f"{fault['work_order']} is under way" if fault["work_order"] else ""),
    Column("what to do", lambda fault: "" if fault["cleared_at"] else fault["remedy"]),
)
MARKS = (
    Column("SAID", lambda mark: mark["kind"]),
    Column("AT", lambda mark: local_time(mark["at"])),
    Column("BY", lambda mark: mark["user"]),
    Column("UNTIL", lambda mark: local_time(mark["until"])),
    Column("NOTE", lambda mark: mark["note"]),
)
SILENCES = (
    Column("ID", lambda each: each["id"], lambda each: "yellow" if each["running"] else "dim"),
    Column("EVENT", lambda each: each["event"]),
    Column("TARGET", lambda each: each["target"]),
    Column("LIGHTS", lambda each: f"{each['light_points']:,}", right=True),
    Column("FROM", lambda each: local_time(each["start"])),
    Column("UNTIL", lambda each: local_time(each["until"])),
    Column("ENDED", lambda each: f"{local_time(each['ended_at'])} by {each['ended_by']}" if each["ended_at"] else ""),
    Column("QUIET NOW", lambda each: count(len(each["faults"]), "fault")),
    Column("USER", lambda each: each["user"]),
    Column("REASON", lambda each: each["reason"]),
)
