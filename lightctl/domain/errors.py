"""The errors of lightctl, sorted by who can put them right. The class docstring is the default message."""

from __future__ import annotations


class LightctlError(Exception):
    """Something went wrong in lightctl."""

    def __init__(self, why: str = "") -> None:
        self.why = why or (type(self).__doc__ or "").strip()
        super().__init__(self.why)


class InvalidInput(LightctlError):  # noqa: N818 - named for what it is, as the operator reads it
    """The input is not valid. Correct it where the message points and try again."""

    def __init__(self, where: str, why: str, *, hint: str = "") -> None:
        self.where = where
        self.hint = hint
        super().__init__(why)

    def __str__(self) -> str:
        text = f"{self.where}: {self.why}" if self.where else self.why
        return f"{text} {self.hint}" if self.hint else text


class UnknownTarget(LightctlError):  # noqa: N818
    """Nothing is known by that name. `lightctl light list` shows what there is."""


class NotPermitted(LightctlError):  # noqa: N818
    """This token may not do that. Ask for a token with a higher role (`lightctl token create`)."""


class SafetyRefused(LightctlError):  # noqa: N818
    """A safety rule refuses this. Narrow the target or raise the limit by name."""


class NodeRefused(LightctlError):  # noqa: N818
    """The node refuses this for good; sending it again will not help."""


class LinkDown(LightctlError):  # noqa: N818
    """The link cannot carry this now; it is tried again."""


class StoreError(LightctlError):
    """The store cannot be used. Check the disk and that no other daemon owns it."""
