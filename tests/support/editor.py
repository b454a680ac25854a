"""A schedule file as an editor sees it before JSON Schema looks: unquoted scalars get the types of YAML 1.2's core."""

from __future__ import annotations

import re

from ruamel.yaml import YAML
from ruamel.yaml.composer import ComposerError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

# YAML 1.2.2, chapter 10.3.2.
_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BEYOND_JSON = re.compile(r"[-+]?(?:\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN")


def as_an_editor_reads(text: str) -> Json:
    """Give the document as JSON; raises ruamel's errors where an editor would show a syntax error."""
    root = YAML(typ="safe", pure=True).compose(text)
    return None if root is None else _value(root)


def _value(node: Node) -> Json:
    match node:
        case MappingNode():
            entries = {key.value if isinstance(key, ScalarNode) else "?": _value(value) for key, value in node.value}
            if len(entries) < len(node.value):
                raise ComposerError(problem="a key is used twice", problem_mark=node.start_mark)
            return entries
        case SequenceNode():
            return [_value(item) for item in node.value]
        case ScalarNode():
            return _plain(node.value) if node.style is None else node.value
        case _:
            raise TypeError(node)


def _plain(text: str) -> Json:
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INTEGER.fullmatch(text):
        return int(text, 0 if text[:2] in ("0o", "0x") else 10)
    if _FLOAT.fullmatch(text):
        return float(text)
    return 1e308 if _BEYOND_JSON.fullmatch(text) else text
