"""token create|list|revoke: who else may ask the daemon, and for what."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from lightctl.app.asking import Role
from lightctl.cli import options, output
from lightctl.cli.door import Door, with_door
from lightctl.cli.failures import ExitCode, Failure
from lightctl.cli.output import Column, Format, Json, local_time, show_list, show_one, talk
from lightctl.cli.targets import segment
from lightctl.cli.times import parse_coming, parse_duration, rfc_3339, zone_of
from lightctl.domain.errors import InvalidInput

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the token is called, e.g. the person or machine.")]
RoleOption = Annotated[Role, typer.Option("--role", help="What it may do.")]
Expires = Annotated[
    str | None, typer.Option("--expires", help="When it ends: 90d, or RFC 3339; default never.", metavar="WHEN")
]


def _state(token: Json) -> str:
    if token["revoked_at"]:
        return f"revoked {local_time(token['revoked_at'])}"
    return f"until {local_time(token['expires_at'])}" if token["expires_at"] else "no end"


_LIST = (
    Column("NAME", lambda token: token["name"]),
    Column("ROLE", lambda token: token["role"]),
    Column("CREATED", lambda token: local_time(token["created_at"])),
    Column("VALID", _state),
    Column("LAST USED", lambda token: local_time(token["last_used_at"])),
)
_SHOW = (
    Column("token", lambda token: token["name"]),
    Column("role", lambda token: token["role"]),
    Column("valid", _state),
    Column("secret", lambda token: token["secret"] or ""),
)


def register(app: typer.Typer) -> None:
    """Add the noun."""
    noun = typer.Typer(no_args_is_help=True, help="Tokens: who may ask the daemon over the network.")
    noun.command("create")(token_create)
    noun.command("list")(token_list)
    noun.command("revoke")(token_revoke)
    app.add_typer(noun, name="token", rich_help_panel="Run")


@with_door
def token_create(
    door: Door,
    name: Name,
    *,
    role: RoleOption = Role.VIEWER,
    expires: Expires = None,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    fmt: options.Output = Format.TABLE,
) -> None:
    """Make a token; its secret is shown this once."""
    with door.open() as client:
        body: dict[str, str | bool] = {"name": name, "role": role.value, "dry_run": dry_run, "reason": reason}
        if expires is not None:
            city = client.get("/v1/status")
            end = _end(expires, dt.datetime.fromisoformat(city["now"]), city["time_zone"])
            body["expires_at"] = rfc_3339(end)
        token = client.post("/v1/tokens", body)
    show_one(token, fmt, _SHOW)
    if dry_run:
        talk("tried only: no token was made")
    else:
        talk("keep the secret now: it is not shown again (LIGHTCTL_TOKEN or a file for --token-file)")


@with_door
def token_list(door: Door, *, fmt: options.Output = Format.TABLE) -> None:
    """List tokens, without their secrets."""
    with door.open() as client:
        tokens = [{key: value for key, value in each.items() if key != "secret"} for each in client.get("/v1/tokens")]
    show_list(tokens, fmt, _LIST, empty="no tokens")


@with_door
def token_revoke(
    door: Door,
    name: Name,
    *,
    dry_run: options.DryRun = False,
    reason: options.Reason = "",
    yes: options.Yes = False,
    fmt: options.Output = Format.TABLE,
) -> None:
    """Revoke a token for good."""
    if not (yes or dry_run) and output.interactive() and not output.confirm(f"Revoke {name} for good?"):
        raise Failure(output.CANCELLED, "nothing was changed", exit_code=ExitCode.FAILED)
    with door.open() as client:
        token = client.delete(f"/v1/tokens/{segment(name)}", dry_run=str(dry_run).lower(), reason=reason)
    show_one({key: value for key, value in token.items() if key != "secret"} | {"secret": None}, fmt, _SHOW)


def _end(text: str, now: dt.datetime, time_zone: str) -> dt.datetime:
    try:
        return now + parse_duration(text, where="--expires")
    except InvalidInput:
        return parse_coming(text, now, zone_of(time_zone), where="--expires")
