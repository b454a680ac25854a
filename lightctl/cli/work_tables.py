"""The tables of work orders, as people read them at a desk and at a pole."""

from __future__ import annotations

from lightctl.cli.output import Column, Json, local_time


def _state_style(order: Json) -> str:
    return {"open": "red", "assigned": "yellow"}.get(order["state"], "dim")


def _subject(order: Json) -> str:
    return f"{order['subject_kind']} {order['subject']}"


def _where(order: Json) -> str:
    if order["lat"] is None:
        return ""
    plate = f"plate {order['plate']}, " if order["plate"] not in ("", order["subject"]) else ""
    street = f"{order['address']}, " if order["address"] else ""
    return f"{plate}{street}{order['lat']:.5f}, {order['lon']:.5f}"


def _fault(order: Json) -> str:
    if order["fault"] is None:
        return ""
    until = "still open" if order["fault_open"] else f"cleared {local_time(order['fault_cleared_at'])}"
    return f"{order['fault']}, since {local_time(order['fault_opened_at'])}, {until}"


def _closed(order: Json) -> str:
    return f"{local_time(order['closed_at'])} by {order['closed_by']}" if order["closed_at"] else ""


def _repair(order: Json) -> str:
    if order["repair_s"] is None:
        return ""
    span = (
        "the fault's opening to its clearing" if order["repair_by"] == "fault" else "the order's opening to its close"
    )
    return f"{lasting(order['repair_s'])}, from {span}"


def lasting(seconds: float | None) -> str:
    """Show a time as people say it: 45 min, 5 h 10 min, 3 d 4 h."""
    if seconds is None:
        return ""
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


LIST = (
    Column("ID", lambda order: str(order["id"]), right=True),
    Column("STATE", lambda order: order["state"], _state_style),
    Column("EVENT", lambda order: order["event"]),
    Column("SUBJECT", _subject),
    Column("PLACE", _where),
    Column("ASSIGNEE", lambda order: order["assignee"]),
    Column("OPENED", lambda order: local_time(order["opened_at"])),
    Column("FAULT", lambda order: "" if order["fault"] is None else "open" if order["fault_open"] else "cleared"),
    Column("CAUSE", lambda order: order["cause"] or ""),
    Column("REPORTS", lambda order: str(len(order["reports"]) or ""), right=True),
)
SHOW = (
    Column("work", lambda order: str(order["id"] or "")),
    Column("state", lambda order: order["state"], _state_style),
    Column("event", lambda order: order["event"]),
    Column("subject", _subject),
    Column("place", _where),
    Column("lights", lambda order: ", ".join(order["light_points"]) if len(order["light_points"]) > 1 else ""),
    Column("fault", _fault),
    Column("opened", lambda order: f"{local_time(order['opened_at'])} by {order['opened_by']}"),
    Column("assignee", lambda order: order["assignee"]),
    Column("cause", lambda order: order["cause"] or ""),
    Column("closed", _closed),
    Column("repair", _repair),
    Column("reports", lambda order: ", ".join(map(str, order["reports"]))),
)
NOTES = (
    Column("AT", lambda note: local_time(note["at"])),
    Column("USER", lambda note: note["user"]),
    Column("NOTE", lambda note: note["text"]),
    Column("PHOTO", lambda note: note["photo"]),
)
STATS = (
    Column("KEY", lambda row: row["key"]),
    Column("DONE", lambda row: f"{row['orders']:,}", right=True),
    Column("REPAIRED", lambda row: f"{row['repaired']:,}", right=True),
    Column("MEDIAN", lambda row: lasting(row["median_s"]), right=True),
    Column("90 % WITHIN", lambda row: lasting(row["p90_s"]), right=True),
    Column("BY FAULT", lambda row: f"{row['by_fault']:,}", right=True),
    Column("BY ORDER", lambda row: f"{row['by_order']:,}", right=True),
)
