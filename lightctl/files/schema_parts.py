"""The pieces the schema of schedule files is made of: mappings, lists, references and patterned texts."""

from __future__ import annotations

from lightctl.domain.assets import ID_PATTERN
from lightctl.files.keys import Keys

Schema = dict[str, object]

# Wherever the readers take a text, YAML may have made a number or a truth value of it: `description: 112`.
ANY_TEXT = ["string", "number", "boolean"]
NAME = "A name has up to 64 of a-z, A-Z, 0-9, - and _."


def mapping(keys: Keys, properties: dict[str, Schema]) -> Schema:
    """Say which keys a mapping has: those its reader knows, all of them and no other."""
    assert properties.keys() == set(keys.known), f"the reader knows {keys.known}"
    shape: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return shape | {"required": list(keys.required)} if keys.required else shape


def named(definition: str, description: str) -> Schema:
    """Say that a mapping goes from names to definitions."""
    return {
        "description": description,
        "type": "object",
        "errorMessage": NAME,
        "patternProperties": {whole(ID_PATTERN.pattern): ref(definition)},
        "additionalProperties": False,
    }


def list_of(definition: str, description: str) -> Schema:
    """Say that a value is a list of a definition."""
    written = "A list: each entry starts with - and a space."
    return {"description": description, "type": "array", "items": ref(definition), "errorMessage": written}


def ref(definition: str, description: str = "") -> Schema:
    """Refer to a definition of the schema."""
    pointer: Schema = {"$ref": f"#/$defs/{definition}"}
    return {"description": description} | pointer if description else pointer


def one_or_list(description: str, item: Schema) -> Schema:
    """Say that a value is one item or a list of them."""
    kind = item["type"]
    types = [*kind, "array"] if isinstance(kind, list) else [kind, "array"]
    return {"description": description} | item | {"type": types, "items": item, "minItems": 1}


def text(pattern: str, explained: str, examples: list[str]) -> Schema:
    """Say how a text is written; editors show the `errorMessage` and not the pattern."""
    return {
        "type": "string",
        "pattern": whole(pattern),
        "errorMessage": explained,
        "examples": examples,
    }


def range_of(end: str) -> str:
    """Give the pattern of one end, or of two with two dots between."""
    return rf"{end}(?:\s*\.\.\s*{end})?"


def whole(pattern: str) -> str:
    """Give the pattern that matches a text from end to end."""
    return f"^(?:{pattern})$"
