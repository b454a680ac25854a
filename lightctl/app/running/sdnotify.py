"""sd_notify: tell systemd how the daemon is, when it runs under it (protocol: sd_notify(3), one datagram a message)."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping


def sd_notify(environ: Mapping[str, str], message: str) -> bool:
    """Send a message such as READY=1 to $NOTIFY_SOCKET; says whether there was anybody to tell."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(message.encode(), address)
        return True
    return False
