"""Access: tokens and who holds them. A secret is shown once; the store keeps only its hash.

Secrets are 32 random bytes, so one fast hash (SHA-256) is enough: nobody can guess them, however quickly he hashes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from lightctl.app.asking import Actor, Guard, Role
from lightctl.app.desk import Desk
from lightctl.app.views import TokenView
from lightctl.domain.assets import ID_PATTERN
from lightctl.domain.errors import InvalidInput, UnknownTarget
from lightctl.store.base import TokenRecord

PREFIX = "lc_"


def create(desk: Desk, actor: Actor, name: str, role: Role, expires_at: dt.datetime | None, guard: Guard) -> TokenView:
    """Make a token; raises InvalidInput when the name is taken or the end has passed."""
    if not ID_PATTERN.fullmatch(name):
        raise InvalidInput("token name", f"{name!r} is no name", hint="Use letters, digits, _ and -, at most 64.")
    if any(known.name == name for known in desk.store.tokens()):
        raise InvalidInput("token name", f"{name!r} is taken", hint="Choose another name; revoked names stay taken.")
    now = desk.now()
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("expires", f"{expires_at:%Y-%m-%dT%H:%M:%SZ} has passed", hint="Give an instant to come.")
    if guard.dry_run:
        return TokenView(name, role, now, expires_at, None, None, None)
    secret = PREFIX + secrets.token_urlsafe(32)
    audit = desk.audit(actor, "token create", name, guard, f"role {role}")
    desk.store.add_token(name, role, hash_of(secret), now, expires_at, audit)
    return TokenView(name, role, now, expires_at, None, None, secret)


def tokens(desk: Desk) -> tuple[TokenView, ...]:
    """Give every token ever made."""
    return tuple(_view(token) for token in desk.store.tokens())


def revoke(desk: Desk, actor: Actor, name: str, guard: Guard) -> TokenView:
    """End a token; raises UnknownTarget. Ending it again changes nothing."""
    known = next((token for token in desk.store.tokens() if token.name == name), None)
    if known is None:
        raise UnknownTarget(f"no token {name!r} is known. `lightctl token list` shows them.")
    if known.revoked_at is None and not guard.dry_run:
        desk.store.revoke_token(name, desk.now(), desk.audit(actor, "token revoke", name, guard))
    return next(_view(token) for token in desk.store.tokens() if token.name == name)


def authenticate(desk: Desk, secret: str, origin: str) -> Actor | None:
    """Give who holds a secret; every use is noted."""
    token = desk.store.token_by_hash(hash_of(secret))
    now = desk.now()
    if token is None or token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now):
        return None
    if token.last_used_at is None or now - token.last_used_at > dt.timedelta(minutes=1):
        desk.store.touch_token(token.name, now)
    return Actor(token.name, Role(token.role), origin)


def hash_of(secret: str) -> str:
    """Give what the store keeps of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _view(token: TokenRecord) -> TokenView:
    return TokenView(
        token.name, token.role, token.created_at, token.expires_at, token.revoked_at, token.last_used_at, None
    )
