"""lightctl, the command: puts the nouns together and turns every end into an exit code and a clear word.

Only Typer and the standard library are imported until a command runs, and of our own the noun that was named; what is
heavy is imported inside commands.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Annotated

import typer

from lightctl import __version__
from lightctl.api.codes import Code
from lightctl.cli import output
from lightctl.cli.failures import ExitCode, Failure, failure_of
from lightctl.cli.output import Format, ReaderGone
from lightctl.domain.errors import LightctlError

# The order is that of `lightctl --help`. A new noun is a module with `register(app)` and a place here, with the words
# that lead to it; the module is imported when one of them is said, or when all are to be shown.
NOUNS = {
    "status": ("status",),
    "light": ("light",),
    "node": ("node",),
    "why": ("why",),
    "watch": ("watch",),
    "command": ("command",),
    "fault": ("fault",),
    "energy": ("energy",),
    "audit": ("audit",),
    "work": ("work",),
    "citizen": ("citizen",),
    "report": ("report",),
    "switching": ("on", "off", "dim", "resume", "identify"),
    "override": ("override",),
    "maintenance": ("maintenance",),
    "inventory": ("inventory",),
    "exports": ("export",),
    "settlement": ("settlement",),
    "schedule": ("schedule",),
    "rollout": ("rollout",),
    "demo.command": ("demo",),
    "init": ("init",),
    "serve": ("serve",),
    "doctor": ("doctor",),
    "notification": ("notification",),
    "token": ("token",),
}


def build(nouns: Iterable[str] = tuple(NOUNS)) -> typer.Typer:
    """Put the commands together: of all nouns, or of some."""
    app = typer.Typer(
        name="lightctl",
        help="Street lighting: plan nights, deliver them, and see truthfully which lamps follow.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for noun in nouns:
        import_module(f"lightctl.cli.{noun}").register(app)
    app.command("version", rich_help_panel="Run")(show_version)
    return app


@functools.cache
def _command(nouns: tuple[str, ...]) -> Callable[..., object]:
    return typer.main.get_command(build(nouns))


def _nouns_of(argv: Sequence[str]) -> tuple[str, ...]:
    """Give the nouns that a command line needs: all where none is named by its right word."""
    if argv in (["--version"], ["version"]):
        return ()
    if argv and "_LIGHTCTL_COMPLETE" not in os.environ:
        named = tuple(noun for noun, words in NOUNS.items() if argv[0] in words)
        return named or tuple(NOUNS)
    return tuple(NOUNS)


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(argv: Sequence[str]) -> int:
    """Run one command; gives the exit code, says on stderr what went wrong; raises only under LIGHTCTL_DEBUG."""
    fmt = _asked_format(argv)
    try:
        code = _command(_nouns_of(list(argv)))(list(argv), prog_name="lightctl", standalone_mode=False)
        output.flush()
    except Failure as failure:
        return _failed(failure, fmt)
    except LightctlError as error:
        return _failed(failure_of(error), fmt)
    except (typer.Abort, KeyboardInterrupt):
        return ExitCode.INTERRUPTED
    except typer.TyperException as error:
        return _failed(_usage(error), fmt)
    except ReaderGone:
        # Python must not try to flush the rest at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception as error:
        # The last edge: an operator gets words, not a traceback.
        if os.environ.get("LIGHTCTL_DEBUG"):
            raise
        what = f"a bug in lightctl {__version__}: {type(error).__name__}: {error}"
        return _failed(Failure(Code.INTERNAL, what, hint="Please report it with the output of LIGHTCTL_DEBUG=1."), fmt)
    return code if isinstance(code, int) else ExitCode.OK


def show_version(
    fmt: Annotated[Format, typer.Option("--output", "-o", help="How data is written.")] = Format.TABLE,
) -> None:
    """Show the version."""
    if fmt is Format.TABLE:
        output.write(f"lightctl {__version__}")
    else:
        output.show_one({"version": __version__}, fmt, ())


def _version(asked: bool) -> None:  # noqa: FBT001 - Typer's own shape of a callback
    if asked:
        output.write(f"lightctl {__version__}")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Take the options that stand before any command."""


def _failed(failure: Failure, fmt: Format) -> int:
    if failure.result is not None:
        output.show_one(failure.result, fmt, ())
    output.complain(failure, fmt)
    return failure.exit_code


def _usage(error: typer.TyperException) -> Failure:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "lightctl"
    if type(error).__name__ == "NoArgsIsHelpError":
        return Failure("usage", f"{path} needs a command", hint=error.format_message(), exit_code=ExitCode.USAGE)
    return Failure("usage", error.format_message(), hint=f"`{path} --help` says more.", exit_code=ExitCode.USAGE)


def _asked_format(argv: Sequence[str]) -> Format:
    """Find the format an error shall be written in, also when the arguments cannot be parsed."""
    formats = {each.value: each for each in Format}
    asked = Format.TABLE
    for index, word in enumerate(argv):
        value = ""
        if word in ("-o", "--output") and index + 1 < len(argv):
            value = argv[index + 1]
        elif word.startswith("--output="):
            value = word.removeprefix("--output=")
        elif word.startswith("-o") and not word.startswith("--"):
            value = word[2:].removeprefix("=")
        asked = formats.get(value, asked)
    return asked
