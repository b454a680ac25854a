"""Pages that are run: the console blocks of a Markdown file as one session, what they show against what comes.

    ```console              lines that start with "$ " are commands; the lines below one are what it shows
    ```console exit=2       every command of the block ends with this exit code (0 where none is given)
    ```console background   the command keeps running until the page is through; the next block starts once the lines
                            shown below it have come
    ```console needs=NAME   run only where the test offers NAME; the tests say which
    ```console by=ci        run by .ci/run, not here
    ```yaml file=PATH       any language: the block is written to this file when the page comes to it

In shown lines "..." stands for anything, the spaces around it included. Runs of spaces count as one, so that columns
may be aligned for the eye.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.orphans import end_with_parent

COMMAND_S = 120.0
READY_S = 60.0
STOP_S = 30.0
FENCE = re.compile(r"^```(?P<language>\w*)(?P<words>[^`]*)$")
FLAGS = {"exit", "needs", "by", "background"}


@dataclass(frozen=True, slots=True)
class Command:
    """One command line of a page and the lines the page shows below it; "" when it shows none."""

    line: int
    text: str
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its language, its flags (`background` or `key=value`) and its body."""

    line: int
    language: str
    flags: Mapping[str, str]
    body: str

    def commands(self) -> Iterator[Command]:
        """Read the commands of a console block; a line ending in a backslash goes on in the next."""
        lines = self.body.splitlines()
        assert lines, f"line {self.line}: an empty block"
        assert lines[0].startswith("$ "), f"line {self.line}: a console block starts with a command"
        at = 0
        while at < len(lines):
            first = at
            text = lines[at].removeprefix("$ ")
            while text.endswith("\\"):
                at += 1
                text += "\n" + lines[at]
            at += 1
            shown = []
            while at < len(lines) and not lines[at].startswith("$ "):
                shown.append(lines[at])
                at += 1
            yield Command(self.line + 1 + first, text, "\n".join(shown))


def blocks(markdown: str) -> list[Block]:
    """Give every fenced block of a page; an unknown flag of a console block is an error."""
    found: list[Block] = []
    opened: tuple[int, str, dict[str, str]] | None = None
    body: list[str] = []
    for number, line in enumerate(markdown.splitlines(), 1):
        fence = FENCE.match(line)
        if opened is None and fence:
            flags = dict(word.partition("=")[::2] for word in fence["words"].split())
            unknown = set(flags) - (FLAGS if fence["language"] == "console" else {"file"})
            assert not unknown, f"line {number}: unknown flags {unknown}"
            opened, body = (number, fence["language"], flags), []
        elif opened is not None and line == "```":
            found.append(Block(*opened, "\n".join(body)))
            opened = None
        elif opened is not None:
            body.append(line)
    assert opened is None, f"line {opened and opened[0]}: a block that never ends"
    return found


def shows(shown: str, came: str) -> bool:
    """Say whether output is what a page shows; "..." stands for anything, runs of spaces count as one."""
    pattern = ".*".join(re.escape(part) for part in re.split(r"[ ]*\.\.\.[ ]*", _spaced(shown)))
    return re.fullmatch(pattern, _spaced(came), re.DOTALL) is not None


def _spaced(text: str) -> str:
    return "\n".join(re.sub(r"[ \t]+", " ", line).strip() for line in text.strip().splitlines())


@dataclass(slots=True)
class Running:
    """A background command: its process and where its output goes."""

    command: Command
    process: subprocess.Popen[bytes]
    log: Path


@dataclass(slots=True)
class Session:
    """A person at a shell: the folder and the exported variables last from command to command.

    Leaving it ends each background command by its own process group, with Ctrl-C as a person would, and asserts that it
    ended well.
    """

    folder: Path
    environ: dict[str, str]
    running: list[Running] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        codes = {running.command.text: self._stop(running) for running in reversed(self.running)}
        if kind is None:
            assert set(codes.values()) <= {0}, codes

    def write(self, block: Block) -> None:
        """Write a block to the file it names, as a person with an editor would."""
        path = Path(self._cwd()) / block.flags["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.body + "\n")

    def run(self, block: Block) -> None:
        """Run a block and assert its exit codes and all it shows."""
        wanted = int(block.flags.get("exit", "0"))
        for command in block.commands():
            if "background" in block.flags:
                self._start(command)
            else:
                code, came = self._run(command)
                told = f"line {command.line}: $ {command.text}\nexit code {code}, wanted {wanted}; what came:\n{came}"
                assert code == wanted, told
                assert not command.shown or shows(command.shown, came), f"{told}\nwhat the page shows:\n{command.shown}"

    def _run(self, command: Command) -> tuple[int, str]:
        state = self.folder / ".session"
        keep = f'\ncode=$?; {{ pwd; env -0; }} > "{state}"; exit $code'
        done = subprocess.run(
            ["/bin/bash", "-c", command.text + keep],
            cwd=self._cwd(),
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=COMMAND_S,
            check=False,
        )
        if state.exists():
            cwd, _, variables = state.read_text().partition("\n")
            self.environ = dict(each.partition("=")[::2] for each in variables.split("\0") if "=" in each)
            self.environ["PWD"] = cwd
        return done.returncode, done.stdout.decode()

    def _start(self, command: Command) -> None:
        log = self.folder / f".background-{len(self.running)}"
        with log.open("wb") as out:
            process = subprocess.Popen(
                ["/bin/bash", "-c", f"exec {command.text}"],
                cwd=self._cwd(),
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - one thread, and nothing but a system call
            )
        self.running.append(Running(command, process, log))
        deadline = time.monotonic() + READY_S
        while not shows(command.shown, log.read_text()):
            told = f"line {command.line}: $ {command.text}\nwhat came:\n{log.read_text()}"
            assert process.poll() is None, f"{told}\nended with {process.returncode}"
            assert time.monotonic() < deadline, f"{told}\nwhat the page shows:\n{command.shown}"
            time.sleep(0.1)

    def _cwd(self) -> str:
        return self.environ.get("PWD", str(self.folder))

    def _stop(self, running: Running) -> int:
        if running.process.poll() is None:
            os.killpg(running.process.pid, signal.SIGINT)
        try:
            return running.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(running.process.pid, signal.SIGKILL)
            return running.process.wait(STOP_S)
