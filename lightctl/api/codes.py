"""The stable names of what can go wrong: HTTP problems carry them, and the command line turns them into exit codes.

Kept free of web imports, so that the command line can read it without loading a server.
"""

from __future__ import annotations

from enum import StrEnum

from lightctl.domain.errors import (
    InvalidInput,
    LightctlError,
    LinkDown,
    NodeRefused,
    NotPermitted,
    SafetyRefused,
    StoreError,
    UnknownTarget,
)


class Code(StrEnum):
    """What went wrong, in a word that scripts may rely on."""

    INVALID_INPUT = "invalid_input"
    TOO_LARGE = "too_large"
    UNKNOWN_TARGET = "unknown_target"
    NO_SUCH_ROUTE = "no_such_route"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    UNAUTHENTICATED = "unauthenticated"
    NOT_PERMITTED = "not_permitted"
    LINK_DOWN = "link_down"
    SAFETY_REFUSED = "safety_refused"
    NODE_REFUSED = "node_refused"
    STORE_ERROR = "store_error"
    INTERNAL = "internal"


STATUS: dict[Code, int] = {
    Code.INVALID_INPUT: 422,
    Code.TOO_LARGE: 413,
    Code.UNKNOWN_TARGET: 404,
    Code.NO_SUCH_ROUTE: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.UNAUTHENTICATED: 401,
    Code.NOT_PERMITTED: 403,
    Code.LINK_DOWN: 503,
    Code.SAFETY_REFUSED: 409,
    Code.NODE_REFUSED: 409,
    Code.STORE_ERROR: 500,
    Code.INTERNAL: 500,
}

TITLES: dict[Code, str] = {
    Code.INVALID_INPUT: "The input is not valid",
    Code.TOO_LARGE: "The request is too large",
    Code.UNKNOWN_TARGET: "Nothing is known by that name",
    Code.NO_SUCH_ROUTE: "There is no such address",
    Code.METHOD_NOT_ALLOWED: "This address does not take that method",
    Code.UNAUTHENTICATED: "A valid token is needed",
    Code.NOT_PERMITTED: "This token may not do that",
    Code.LINK_DOWN: "The link cannot carry this now",
    Code.SAFETY_REFUSED: "A safety rule refuses this",
    Code.NODE_REFUSED: "The node refuses this for good",
    Code.STORE_ERROR: "The store cannot be used",
    Code.INTERNAL: "Something went wrong inside lightctl",
}

_CLASSES: tuple[tuple[type[LightctlError], Code], ...] = (
    (InvalidInput, Code.INVALID_INPUT),
    (UnknownTarget, Code.UNKNOWN_TARGET),
    (NotPermitted, Code.NOT_PERMITTED),
    (LinkDown, Code.LINK_DOWN),
    (SafetyRefused, Code.SAFETY_REFUSED),
    (NodeRefused, Code.NODE_REFUSED),
    (StoreError, Code.STORE_ERROR),
)


def code_of(error: LightctlError) -> Code:
    """Give the stable name of an error."""
    return next((code for kind, code in _CLASSES if isinstance(error, kind)), Code.INTERNAL)
