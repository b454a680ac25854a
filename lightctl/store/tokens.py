"""Tokens: who may ask for what. The store sees only hashes of their secrets."""

from __future__ import annotations

import datetime as dt

from lightctl.domain.errors import InvalidInput, UnknownTarget
from lightctl.store.base import AuditDraft, TokenRecord
from lightctl.store.codec import to_instant, to_instant_or_none, to_text
from lightctl.store.connection import Row
from lightctl.store.room import Room

_TOKENS = "SELECT name, role, secret_hash, created_at, expires_at, revoked_at, last_used_at FROM tokens"
_USE_GRAIN = dt.timedelta(seconds=60)


class TokenRoom(Room):
    """Tokens by name and by the hash of their secret."""

    def add_token(
        self,
        name: str,
        role: str,
        secret_hash: str,
        created_at: dt.datetime,
        expires_at: dt.datetime | None,
        audit: AuditDraft,
    ) -> None:
        """Add a token; InvalidInput where the name was ever used, so that the audit stays clear about who it was."""
        with self._changing(audit):
            if self._main.row("SELECT 1 FROM tokens WHERE name = ?", (name,)):
                raise InvalidInput(f"token {name}", "a token of this name exists or existed", hint="Use another name.")
            row = (name, role, secret_hash, to_text(created_at), to_text(expires_at))
            self._main.run(
                "INSERT INTO tokens (name, role, secret_hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?)", row
            )

    def revoke_token(self, name: str, at: dt.datetime, audit: AuditDraft) -> None:
        """End a token for good; UnknownTarget where there is none. One revoked already keeps its first instant."""
        with self._changing(audit):
            if not self._main.row("SELECT 1 FROM tokens WHERE name = ?", (name,)):
                raise UnknownTarget(f"No token is named {name}. `lightctl token list` shows what there is.")
            self._main.run(
                "UPDATE tokens SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL", (to_text(at), name)
            )

    def tokens(self) -> tuple[TokenRecord, ...]:
        """Give all tokens ever made, oldest first."""
        return tuple(_token(row) for row in self._main.rows(_TOKENS + " ORDER BY rowid"))

    def token_by_hash(self, secret_hash: str) -> TokenRecord | None:
        """Give the token whose secret has this hash; whether it is still good is the caller's question."""
        row = self._main.row(_TOKENS + " WHERE secret_hash = ?", (secret_hash,))
        return None if row is None else _token(row)

    def touch_token(self, name: str, at: dt.datetime) -> None:
        """Note that a token was used; to the minute, so that busy tokens do not write at every request."""
        known = self._main.row("SELECT last_used_at FROM tokens WHERE name = ?", (name,))
        if known is None or (known[0] is not None and to_instant(known[0]) > at - _USE_GRAIN):
            return
        with self.transaction():
            self._main.run("UPDATE tokens SET last_used_at = ? WHERE name = ?", (to_text(at), name))


def _token(row: Row) -> TokenRecord:
    name, role, secret_hash, created_at, *rest = row
    expires_at, revoked_at, last_used_at = (to_instant_or_none(text) for text in rest)
    return TokenRecord(name, role, secret_hash, to_instant(created_at), expires_at, revoked_at, last_used_at)
