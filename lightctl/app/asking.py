"""Asking: who asks, for what, and within which limits. What every operation takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lightctl.domain.errors import NotPermitted


class Role(StrEnum):
    """What a token may do: a viewer reads, a technician also switches and imports nothing, an operator does all."""

    VIEWER = "viewer"
    TECHNICIAN = "technician"
    OPERATOR = "operator"

    def covers(self, needed: Role) -> bool:
        """Say whether this role may do what `needed` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: the name that goes into the audit, the role, and where from (`cli`, `http`, `daemon`)."""

    user: str
    role: Role
    origin: str = "cli"


@dataclass(frozen=True, slots=True)
class Target:
    """What a verb acts on; exactly one of the four is given."""

    id: str | None = None
    group: str | None = None
    select: str | None = None
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guard:
    """What every write takes: try only, why, and how many lamps it may touch (None: the configured limit).

    accept_losses: what nodes cannot do of a plan is accepted, as the plan names it.
    """

    dry_run: bool = False
    reason: str = ""
    max_affected: int | None = None
    accept_losses: bool = False


NO_GUARD = Guard()


def require(actor: Actor, role: Role) -> None:
    """Raise NotPermitted unless somebody has a role, or a higher one."""
    if not actor.role.covers(role):
        raise NotPermitted(
            f"{actor.user!r} has the role {actor.role} and this needs the role {role}. Ask for a token with that role "
            "(`lightctl token create`)."
        )
