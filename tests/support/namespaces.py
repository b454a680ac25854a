"""Network namespaces for a fire city: broker and harness in one, daemon and nodes in one each, joined by veth.

Nothing is named in the machine's own list: the process that calls `enter` leaves for a namespace without a name, the
others live as long as a process in them, and that ends with us. So everything is gone when we are, however we end, and
no packet can leave the machine: the namespaces have no way out of it. What goes wrong is told to the kernel as nft
rules and tc queues on this end of the veth, and concerns the broker's port alone.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.support.fire_city import Around
from tests.support.orphans import end_with_parent

CLONE_NEWNET = 0x40000000
TOOLS = ("ip", "nft", "tc", "ss", "nsenter", "unshare")
TABLE = "lightctl_fire"
LARGE_BYTES = 300
SLOW = ("rate", "48kbit", "burst", "3kb", "latency", "3s")
LOSSES = (1, 5, 20, 50)
KINDS = (
    "loss of 20 %", "nothing to the broker", "cut", "large packets lost", "half-open", "rejected", "loss of 1 %",
    "nothing from the broker", "slow", "loss of 50 %", "cut for long", "loss of 5 %",
)  # fmt: skip


def unavailable() -> str:
    """Say why no namespaces can be had here; "" where they can."""
    if sys.platform != "linux":
        return "namespaces are Linux's"
    if os.geteuid() != 0:
        return "namespaces and nft need root"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"not installed here: {', '.join(missing)} (apt install nftables iproute2 util-linux)"
    tried = subprocess.run(
        ["unshare", "--net", "sh", "-c", f"nft add table inet {TABLE} && ip link add fire0 type veth peer name fire1"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return "" if tried.returncode == 0 else f"the kernel gives no namespace with nft and veth: {tried.stderr.strip()}"


def enter() -> None:
    """Leave for a namespace of our own; call it before any thread is started."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "no network namespace of our own")
    _run("ip", "link", "set", "lo", "up")


def rules(kind: str, link: str, port: int, open_ports: Sequence[int] = ()) -> list[str]:
    """Give the lines of nft's language that do it to what passes a link to and from the broker's port.

    open_ports: those of the clients that are connected now, for what concerns only them.
    """
    to, back = f"iifname {link} tcp dport {port}", f"oifname {link} tcp sport {port}"
    both = [(f"to_{link}", to), (f"from_{link}", back)]
    match kind:
        case "nothing to the broker":
            lines = [(f"to_{link}", f"{to} drop")]
        case "nothing from the broker":
            lines = [(f"from_{link}", f"{back} drop")]
        case "cut" | "cut for long":
            lines = [(chain, f"{what} drop") for chain, what in both]
        case "rejected":
            lines = [(f"to_{link}", f"{to} reject with tcp reset")]
        case "large packets lost":
            lines = [(chain, f"{what} meta length > {LARGE_BYTES} drop") for chain, what in both]
        case "half-open":
            named = "{ " + ", ".join(map(str, open_ports)) + " }"
            ways = [(f"to_{link}", f"{to} tcp sport {named} drop"), (f"from_{link}", f"{back} tcp dport {named} drop")]
            lines = ways if open_ports else []
        case "slow":
            lines = []
        case _:
            percent = int(kind.removeprefix("loss of ").removesuffix(" %"))
            lines = [(chain, f"{what} numgen random mod 100 < {percent} drop") for chain, what in both]
    return [
        f"add table inet {TABLE}",
        f"add chain inet {TABLE} to_{link} {{ type filter hook input priority 0; }}",
        f"add chain inet {TABLE} from_{link} {{ type filter hook output priority 0; }}",
        *(f"add rule inet {TABLE} {chain} {line}" for chain, line in lines),
    ]


@dataclass(slots=True)
class Side:
    """One of the other namespaces: its link at our end (`name`), our address on it, and its own."""

    name: str
    number: int
    port: int
    _life: subprocess.Popen[bytes] | None = None

    @property
    def ours(self) -> str:
        return f"10.77.{self.number}.1"

    @property
    def theirs(self) -> str:
        return f"10.77.{self.number}.2"

    @property
    def url(self) -> str:
        return f"mqtt://{self.ours}:{self.port}"

    @property
    def listener(self) -> str:
        """The line of Mosquitto's configuration that has it listen here."""
        return f"listener {self.port} {self.ours}"

    @property
    def around(self) -> Around:
        """What starts a process there."""
        assert self._life is not None
        return Around(command=("nsenter", f"--net=/proc/{self._life.pid}/ns/net", "--"), host=self.theirs)

    def __enter__(self) -> Self:
        life = ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"]
        with ExitStack() as undo:
            self._life = subprocess.Popen(life, stdout=subprocess.PIPE, preexec_fn=end_with_parent)  # noqa: PLW1509 - nothing but a system call
            undo.callback(self._end)
            assert self._life.stdout is not None
            assert self._life.stdout.readline() == b"up\n", "the namespace was not made"
            _run("ip", "link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", str(self._life.pid))
            _run("ip", "address", "add", f"{self.ours}/30", "dev", self.name)
            _run("ip", "link", "set", self.name, "up")
            self._inside("ip", "address", "add", f"{self.theirs}/30", "dev", "eth0")
            self._inside("ip", "link", "set", "eth0", "up")
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def be(self, kind: str) -> None:
        """Have the link be bad in a way."""
        ports = _open_ports(self.ours, self.port) if kind == "half-open" else ()
        _run("nft", "-f", "-", told="\n".join(rules(kind, self.name, self.port, ports)))
        if kind == "slow":
            _run("tc", "qdisc", "add", "dev", self.name, "root", "tbf", *SLOW)
            self._inside("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", *SLOW)

    def be_good(self) -> None:
        """Take back whatever made it bad."""
        _run("nft", "-f", "-", told=f"add table inet {TABLE}\ndelete table inet {TABLE}\n")
        for command in (_run, self._inside):
            shown = command("tc", "qdisc", "show", "dev", self.name if command == _run else "eth0")
            if " tbf " in f" {shown}":
                command("tc", "qdisc", "del", "dev", self.name if command == _run else "eth0", "root")

    def _inside(self, *command: str) -> str:
        return _run(*self.around.command, *command)

    def _end(self) -> None:
        if self._life is not None:
            self._life.kill()
            self._life.wait(10)
            if self._life.stdout is not None:
                self._life.stdout.close()
            self._life = None


def _open_ports(address: str, port: int) -> list[int]:
    shown = _run("ss", "-Htn", "state", "established", "src", f"{address}:{port}")
    return sorted(int(line.split()[-1].rpartition(":")[2]) for line in shown.splitlines() if line.strip())


def _run(*command: str, told: str = "") -> str:
    done = subprocess.run(command, input=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}{told}"
    return done.stdout
