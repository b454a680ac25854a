"""Export operations: the street in open formats. A part of `Operations`."""

from __future__ import annotations

from collections.abc import Iterator

from lightctl.app.asking import Actor, Role, require
from lightctl.app.desk import Desk
from lightctl.app.exports import exporting
from lightctl.app.exports.exporting import OpenFormat
from lightctl.domain.selectors import parse_selector


class ExportOperations:
    """Documents for other programs, in parts."""

    _desk: Desk

    def export(self, actor: Actor, format: OpenFormat, select: str = "*") -> Iterator[bytes]:  # noqa: A002 - the CLI's word
        """Write the light points a selector names as they are now, each part when it is asked for."""
        require(actor, Role.VIEWER)
        return exporting.document(self._desk, format, parse_selector(select))
