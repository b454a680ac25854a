"""Places: where in a YAML text a key stands, so that an error can point at it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import StreamMark
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from lightctl.domain.errors import InvalidInput

STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]")
UNKNOWN_KEY = re.compile(r"Object contains unknown field `(.*)`")
SEE_BLUEPRINT = "lightctl/devices/profiles/_blueprint.yaml explains every key."


@dataclass(frozen=True, slots=True)
class Places:
    """A YAML text that parses, and the file it stands in. Paths look like `$.modbus.channels.level`."""

    text: str
    file: str

    def error(self, path: str, why: str) -> InvalidInput:
        """Give the error for what stands at a path; an unknown key is pointed at itself."""
        unknown = UNKNOWN_KEY.fullmatch(why)
        if unknown:
            why = f"the key {unknown[1]!r} is unknown"
            path = f"{path or '$'}.{unknown[1]}"
        name = path.removeprefix("$").removeprefix(".")
        return self.error_at(self._mark(path), f"{name}: {why}" if name and not unknown else why)

    def error_at(self, mark: StreamMark | None, why: str) -> InvalidInput:
        """Give the error for what stands at a mark of the YAML reader."""
        where = f"{self.file}:{mark.line + 1}:{mark.column + 1}" if mark else self.file
        return InvalidInput(where, why, hint=SEE_BLUEPRINT)

    def _mark(self, path: str) -> StreamMark | None:
        """Follow a path as far as the text has it."""
        node: Node | None = YAML(typ="safe", pure=True).compose(self.text)
        mark: StreamMark | None = node.start_mark if node else None
        for key, index in STEP.findall(path):
            match node:
                case MappingNode():
                    found = next((pair for pair in _pairs(node) if pair[0].value == key), None)
                    if found is None:
                        return mark
                    mark, node = found[0].start_mark, found[1]
                case SequenceNode() if index and int(index) < len(node.value):
                    node = node.value[int(index)]
                    mark = node.start_mark
                case _:
                    return mark
        return mark


def _pairs(node: Node) -> Iterator[tuple[Node, Node]]:
    """Walk a mapping's own keys, then those deeper down: a path does not name the keys of free mappings."""
    if isinstance(node, MappingNode):
        yield from node.value
        for _, value in node.value:
            yield from _pairs(value)
