"""The page of all commands, written from the commands themselves and from the views they answer with.

python -m tests.support.cli_page > docs/cli.md
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer

from lightctl.app import views
from lightctl.app.citizens import views as citizen_views
from lightctl.app.crews import views as crew_views
from lightctl.app.energy import views as energy_views
from lightctl.app.faults import views as fault_views
from lightctl.app.notices import views as notice_views
from lightctl.app.overrides import views as override_views
from lightctl.app.reasons import views as why_views
from lightctl.app.rollouts import views as rollout_views
from lightctl.app.schedules import views as schedule_views
from lightctl.app.work import views as work_views
from lightctl.cli.main import build

INTRO = Path(__file__).with_name("cli_intro.md")
# Which shape a command's JSON has; a list of it where the text ends in [].
ANSWERS = {
    "status": "StatusView",
    "light list": "LightView[]",
    "light show": "LightView",
    "node list": "NodeView[]",
    "light nodes": "MountingView[]",
    "node show": "NodeDetail",
    "node unclaimed": "NodeView[]",
    "node claim": "ChangeView",
    "node replace": "ChangeView",
    "node self-test": "SelfTestView",
    "maintenance start": "ChangeView",
    "maintenance list": "MaintenanceView[]",
    "maintenance stop": "ChangeView",
    "why": "WhyView",
    "command list": "CommandView[]",
    "fault list": "FaultView[]",
    "fault show": "FaultDetailView",
    "fault ack": "MarkedView",
    "fault silence": "MarkedView",
    "fault unsilence": "MarkedView",
    "fault silences": "SilenceView[]",
    "notification list": "NotificationView[]",
    "notification test": "TrialView",
    "energy report": "EnergyView",
    "energy balance": "BalanceView",
    "energy profile": "ProfileView",
    "energy forecast": "ForecastView",
    "energy estimate": "EstimateView",
    "energy indicators": "IndicatorsView",
    "audit list": "AuditView[]",
    "audit verify": "AuditVerdict",
    "on": "ChangeView",
    "off": "ChangeView",
    "dim": "ChangeView",
    "resume": "ChangeView",
    "override list": "OverrideView[]",
    "override show": "OverrideDetailView",
    "override clear": "ChangeView",
    "identify": "ChangeView",
    "inventory import": "ImportView",
    "schedule plan": "ApplyView",
    "schedule apply": "ApplyView",
    "schedule undo": "ApplyView",
    "schedule approve": "ProposalView",
    "schedule history": "VersionView[]",
    "schedule proposals": "ProposalView[]",
    "schedule export": "SchedulesView",
    "rollout start": "RolloutView",
    "rollout list": "RolloutView[]",
    "rollout status": "RolloutView",
    "rollout pause": "RolloutView",
    "rollout resume": "RolloutView",
    "rollout undo": "RolloutView",
    "work open": "WorkOrderView",
    "work list": "WorkOrderView[]",
    "work show": "WorkOrderView",
    "work assign": "WorkOrderView",
    "work note": "WorkOrderView",
    "work close": "WorkOrderView",
    "work cancel": "WorkOrderView",
    "work stats": "WorkStatsView",
    "work export": "WorkOrderView[]",
    "citizen list": "CitizenReportView[]",
    "citizen show": "CitizenReportView",
    "citizen accept": "CitizenReportView[]",
    "citizen close": "CitizenReportView",
    "citizen link": "CitizenReportView",
    "token create": "TokenView",
    "token list": "TokenView[]",
    "token revoke": "TokenView",
}
COMMON = {"Where", "Writing"}
VIEWS = {
    name: shape
    for module in (
        views,
        schedule_views,
        rollout_views,
        override_views,
        crew_views,
        why_views,
        fault_views,
        notice_views,
        energy_views,
        work_views,
        citizen_views,
    )
    for name, shape in vars(module).items()
    if dataclasses.is_dataclass(shape)
}


def cli_page() -> str:
    """Give the page."""
    parts = [INTRO.read_text()]
    parts.append("\n## Commands\n")
    for name, command in _leaves(typer.main.get_command(build())):
        parts += _command(name, command)
    parts.append(
        "\n## Shapes\n\nInstants are RFC 3339 UTC; `null` stands where nothing is known. Further keys may come.\n"
    )
    parts += [_shape(name) for name in _shapes()]
    return "".join(parts)


def _leaves(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, sub in command.commands.items():
        if hasattr(sub, "commands"):
            yield from _leaves(sub, f"{path}{name} ")
        else:
            yield f"{path}{name}", sub


def _command(name: str, command: Any) -> Iterator[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and each.name != "help"]
    panels = {panel for each in options if (panel := getattr(each, "rich_help_panel", None)) in COMMON}
    usage = " ".join(["lightctl", name, *(each.metavar or each.name.upper() for each in arguments)])
    yield f"\n### `{usage}`\n\n{_prose(command.help)}\n"
    rows = [(each.metavar or each.name.upper(), each.help) for each in arguments if each.help]
    for each in options:
        if getattr(each, "rich_help_panel", None) not in COMMON and "--output" not in each.opts:
            metavar = f" {each.metavar}" if each.metavar else ""
            rows.append((", ".join(sorted(each.opts, key=len)) + metavar, each.help))
    if rows:
        yield "\n| | |\n|---|---|\n" + "".join(
            f"| `{_cell(left)}` | {_cell(_prose(right))} |\n" for left, right in rows
        )
    notes = ["`-o`"] if any("--output" in each.opts for each in options) else []
    notes += [f"options of *{panel}*" for panel in sorted(panels)]
    if name in ANSWERS:
        shape = ANSWERS[name].removesuffix("[]")
        of = "a list of " if ANSWERS[name].endswith("[]") else ""
        notes.append(f"JSON: {of}[{shape}](#{shape.lower()})")
    if notes:
        yield f"\nTakes {'; '.join(notes)}.\n"


def _shapes() -> list[str]:
    """Give every shape an answer has, and those inside them, in the order of the views."""
    wanted = {each.removesuffix("[]") for each in ANSWERS.values()}
    for _ in range(3):
        for name in tuple(wanted):
            for annotation in get_type_hints(VIEWS[name]).values():
                wanted |= {
                    each.__name__ for each in (annotation, *_inside(annotation)) if dataclasses.is_dataclass(each)
                }
    return [name for name in VIEWS if name in wanted]


def _inside(annotation: Any) -> Iterator[Any]:
    for each in get_args(annotation):
        yield each
        yield from _inside(each)


def _shape(name: str) -> str:
    shape = VIEWS[name]
    hints = get_type_hints(shape)
    keys = ", ".join(f"`{each.name}` {_type(hints[each.name])}" for each in dataclasses.fields(shape))
    return f"\n### {name}\n\n{_prose(shape.__doc__)}\n\n{keys}\n"


def _type(annotation: Any) -> str:
    arguments = get_args(annotation)
    if type(None) in arguments:
        return f"{_type(next(each for each in arguments if each is not type(None)))} or null"
    name = getattr(annotation, "__origin__", annotation).__name__
    if name == "tuple":
        return f"[{_type(arguments[0])}]"
    if name == "Mapping":
        return f"{{{_type(arguments[0])}: {_type(arguments[1])}}}"
    if dataclasses.is_dataclass(annotation):
        return f"[{name}](#{name.lower()})"
    return {
        "str": "text",
        "int": "integer",
        "float": "number",
        "bool": "true or false",
        "datetime": "instant",
        "date": "date",
    }.get(name, "text")


def _prose(text: str) -> str:
    return re.sub(r"\s+", " ", text or "").strip()


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(cli_page(), end="")  # noqa: T201 - this is what it is for
