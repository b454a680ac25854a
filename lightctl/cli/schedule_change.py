"""schedule plan|apply|undo|approve: what files would change, and the ways to put it in force or take it back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lightctl.api.codes import Code
from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.failures import ExitCode, Failure
from lightctl.cli.output import Format, Json, count, talk
from lightctl.cli.schedule import Files, refuse, show_findings
from lightctl.cli.sheets import read_text, schedule_texts
from lightctl.cli.targets import segment
from lightctl.domain.errors import InvalidInput

if TYPE_CHECKING:
    from lightctl.cli.client import Client

PLAN_FORMAT = 1
Out = Annotated[
    Path | None, typer.Option("--out", help="Write the plan to a file that `schedule apply` takes.", metavar="FILE")
]
Sheets = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Schedule files, folders of them, -, or one plan of --out.")
]
To = Annotated[int | None, typer.Option("--to", min=1, help="Which version; without it the one before this.")]
PlanId = Annotated[str, typer.Argument(metavar="PLAN", help="Its name, from `schedule proposals`.")]


def register(noun: typer.Typer) -> None:
    """Add the commands to the noun `schedule`."""
    noun.command("plan")(plan)
    noun.command("apply")(apply)
    noun.command("undo")(undo)
    noun.command("approve")(approve)


@with_door
def plan(
    door: Door,
    files: Files,
    *,
    out: Out = None,
    max_affected: options.MaxAffected = None,
    accept_losses: options.AcceptLosses = False,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Show what schedule files would change: words, lamps, darkness, energy, losses, doubts; changes nothing."""
    texts = schedule_texts(files)
    body: dict[str, Any] = {"files": texts, "accept_losses": accept_losses}
    body |= {} if max_affected is None else {"max_affected": max_affected}
    with door.open() as client:
        view = client.post("/v1/schedules/plan", body)
    if not view["ok"]:
        refuse("the schedules have errors", view, fmt)
    if out is not None:
        _write_plan(out, view, texts)
    if fmt is not Format.TABLE:
        output.show_one(view, fmt, ())
        return
    show_plan(view)
    if out is not None:
        talk(f"{view['plan']['id']} written to {out}; `lightctl schedule apply {out}` puts it in force")


@with_door
def apply(
    door: Door,
    files: Sheets,
    *,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    max_affected: options.MaxAffected = None,
    accept_losses: options.AcceptLosses = False,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Put schedule files, or a plan made of them, in force: together they replace the schedules there are."""
    body = plan_or_files(files) | {"accept_losses": accept_losses}
    body |= options.guard(dry_run=dry_run, reason=reason, max_affected=max_affected)
    with door.open() as client:
        _change(client, "/v1/schedules/apply", body, yes=yes, fmt=fmt)


@with_door
def undo(
    door: Door,
    *,
    to: To = None,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    max_affected: options.MaxAffected = None,
    accept_losses: options.AcceptLosses = False,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Put the version before (or another earlier one) in force again; undoing an undo brings the later one back."""
    body: dict[str, Any] = {"accept_losses": accept_losses} | ({} if to is None else {"to": to})
    body |= options.guard(dry_run=dry_run, reason=reason, max_affected=max_affected)
    with door.open() as client:
        _change(client, "/v1/schedules/undo", body, yes=yes, fmt=fmt)


@with_door
def approve(
    door: Door,
    plan_id: PlanId,
    *,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Say yes to another person's plan that a guard rail stopped; who proposed it can then apply it."""
    path = f"/v1/schedules/proposals/{segment(plan_id)}/approve"
    with door.open() as client:
        found = client.post(path, {"dry_run": True})
        if fmt is Format.TABLE:
            _show_summary(found["summary"])
        if not dry_run and not yes and output.interactive() and not output.confirm(f"Approve {found['plan']}?"):
            raise Failure(output.CANCELLED, "nothing was approved", exit_code=ExitCode.FAILED)
        if not dry_run:
            found = client.post(path, {"reason": reason})
    if fmt is not Format.TABLE:
        output.show_one(found, fmt, ())
    elif dry_run:
        talk("nothing was approved (--dry-run)")
    else:
        output.write(f"{found['plan']} of {found['user']} approved by {found['approved_by']}")


def _change(client: Client, path: str, body: dict[str, Any], *, yes: bool, fmt: Format) -> None:
    """Show what a change does and ask, then make it."""
    if not body["dry_run"] and not yes and output.interactive():
        first = client.post(path, body | {"dry_run": True})
        if first["ok"]:
            show_plan(first)
            if not output.confirm(f"Put this in force for {count(first['affected'], 'lamp')}?"):
                raise Failure(output.CANCELLED, "nothing was changed", exit_code=ExitCode.FAILED)
    view = post_or_explain(client, path, body, fmt)
    if not view["ok"]:
        refuse("the schedules have errors; nothing was changed", view, fmt)
    if fmt is not Format.TABLE:
        output.show_one(view, fmt, ())
        return
    show_plan(view)
    if view["dry_run"]:
        talk("nothing was changed (--dry-run)")
    else:
        talk(f"version {view['version']} in force; nodes get their nights as links allow")


def post_or_explain(client: Client, path: str, body: dict[str, Any], fmt: Format) -> Json:
    """Ask for a change of schedules; where it is refused, show people the errors or the plan before the refusal."""
    try:
        found: Json = client.post(path, body)
    except Failure as failure:
        if failure.result is None or fmt is not Format.TABLE:
            raise
        if failure.code == Code.INVALID_INPUT:
            refuse(failure.message, failure.result)
        show_plan(failure.result)
        raise Failure(failure.code, failure.message, exit_code=failure.exit_code) from None
    return found


def plan_or_files(files: list[str]) -> dict[str, Any]:
    """Read schedule files, or the one plan that `schedule plan --out` wrote."""
    if len(files) == 1 and files[0].endswith(".json"):
        return _read_plan(files[0])
    return {"files": schedule_texts(files)}


def _write_plan(path: Path, view: Json, texts: dict[str, str]) -> None:
    content = {"lightctl_plan": PLAN_FORMAT, **view, "files": texts}
    try:
        path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InvalidInput("--out", f"{path} cannot be written: {error.strerror or error}") from error


def _read_plan(name: str) -> dict[str, Any]:
    hint = "Give a plan of `lightctl schedule plan FILE... --out plan.json`, or schedule files."
    try:
        found = json.loads(read_text(name, where="the FILE argument"))
        known, plan_id, files = found["lightctl_plan"], found["plan"]["id"], found["files"]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(name, "it is no plan", hint=hint) from error
    if known != PLAN_FORMAT:
        raise InvalidInput(name, f"it is a plan of format {known!r}, which this version cannot read", hint=hint)
    return {"files": files, "plan": plan_id}


def show_plan(view: Json) -> None:
    """Show a plan to people."""
    show_findings((), view["warnings"])
    _show_summary(view["summary"])
    plan_of = view["plan"]
    for finding in plan_of["findings"]:
        place = f"{finding['file']}:{finding['line']}: " if finding["file"] else ""
        output.write(output.clean(f"doubt [{finding['code']}] {place}{finding['message']}"))
    if plan_of["approved_by"]:
        output.write(f"approved by {output.clean(plan_of['approved_by'])}")
    output.write(
        f"{count(view['programs'], 'program')}, {count(view['calendars'], 'calendar')}, "
        f"{count(view['affected'], 'lamp')} affected"
    )


def _show_summary(summary: list[str]) -> None:
    for line in summary:
        style = "yellow" if line.startswith("needs a second person") else ""
        output.write(output.coloured(output.clean(line), style))
