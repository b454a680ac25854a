"""Export operations: the street in open formats. A part of `Operations`."""

from __future__ import annotations

from lightctl.app.asking import Actor, Role, require
from lightctl.app.desk import Desk
from lightctl.app.exports import exporting
from lightctl.app.exports.exporting import Export, OpenFormat
from lightctl.domain.selectors import parse_selector


class ExportOperations:
    """Documents for other programs, in parts."""

    _desk: Desk

    def export_begin(self, actor: Actor, format: OpenFormat, select: str = "*") -> Export:  # noqa: A002 - the CLI's word
        """Begin a document of the light points a selector names, as they are now."""
        require(actor, Role.VIEWER)
        return exporting.begin(self._desk, format, parse_selector(select))

    def export_part(self, actor: Actor, export: Export, start: int) -> bytes:
        """Write one part of a document that began."""
        require(actor, Role.VIEWER)
        return exporting.part(self._desk, export, start)
