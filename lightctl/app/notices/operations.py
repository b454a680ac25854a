"""Notification operations: how targets fare, and a trial of one. A part of `Operations`."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from lightctl.app.asking import NO_GUARD, Actor, Guard, Role, require
from lightctl.app.desk import Desk
from lightctl.app.notices import cloudevents
from lightctl.app.notices.carriers import carrier_of
from lightctl.app.notices.courier import Outcome, attempt
from lightctl.app.notices.sorting import Sorting
from lightctl.app.notices.views import NotificationView, TrialView
from lightctl.domain.errors import UnknownTarget
from lightctl.files.settings_notifications import NotificationSettings
from lightctl.links.notice import Carrier, Notice


@dataclass(frozen=True, slots=True)
class Trial:
    """A test message that is ready, and the way it is to go; sending it is no work for the store's thread."""

    name: str
    carrier: Carrier
    notice: Notice
    timeout_s: float


class NotificationOperations:
    """Targets of notifications: viewers look, operators try them."""

    _desk: Desk

    def notification_list(self, actor: Actor) -> tuple[NotificationView, ...]:
        """Give every target that settings name, with how it fares."""
        require(actor, Role.VIEWER)
        return tuple(_shown(self._desk, name, target) for name, target in self._desk.settings.notifications.items())

    def notification_trial(self, actor: Actor, name: str) -> Trial:
        """Make a test message ready; raises UnknownTarget."""
        require(actor, Role.OPERATOR)
        target, now, site = _found(self._desk, name), self._desk.now(), self._desk.settings.site.name
        trial_id = f"test-{secrets.token_hex(12)}"
        text = f"This is a test of lightctl's notifications, sent by {actor.user}. Nothing is wrong.\n"
        title = f"{site}: test of notifications" if site else "Test of notifications"
        body = cloudevents.trial(trial_id, site, name, actor.user, now)
        notice = Notice(trial_id, title, text, body.encode())
        return Trial(name, carrier_of(target, self._desk.settings), notice, target.timeout_s)

    async def notification_send(self, trial: Trial) -> Outcome:
        """Send a test message and say what came of it; touches no store."""
        return await attempt(trial.carrier, trial.notice, self._desk.now(), trial.timeout_s)

    def notification_tried(
        self, actor: Actor, trial: Trial, outcome: Outcome | None, guard: Guard = NO_GUARD
    ) -> TrialView:
        """Take down what came of a test message (None: it was not sent), and show it."""
        require(actor, Role.OPERATOR)
        target = _found(self._desk, trial.name)
        ok = None if outcome is None else outcome.failure is None
        said = "not sent" if outcome is None else outcome.said
        if outcome is not None:
            result = f"{'taken' if ok else 'not taken'}: {said}"
            self._desk.store.note(self._desk.audit(actor, "notification test", trial.name, guard, result))
        return TrialView(
            name=trial.name,
            type=target.type,
            where=target.where,
            id=trial.notice.id,
            ok=ok,
            said=said,
            refused=outcome is not None and outcome.failure is not None and outcome.failure.refused,
            body=trial.notice.body.decode(),
            dry_run=outcome is None,
        )


def _found(desk: Desk, name: str) -> NotificationSettings:
    target = desk.settings.notifications.get(name)
    if target is None:
        known = ", ".join(desk.settings.notifications) or "none"
        raise UnknownTarget(f"no notification target is called {name!r} (settings name: {known}).")
    return target


def _shown(desk: Desk, name: str, target: NotificationSettings) -> NotificationView:
    standing = desk.store.notice_target(name)
    waiting = 0
    if standing is not None:
        waiting = Sorting(name, target, desk.settings, desk.store, lambda: desk.fleet).waiting(standing)
    return NotificationView(
        name=name,
        type=target.type,
        where=target.where,
        events=target.events,
        severities=target.severities,
        select=target.select,
        hours=target.hours,
        digest_minutes=target.digest_minutes,
        waiting=waiting,
        last_success_at=None if standing is None else standing.last_success_at,
        failing_since=None if standing is None else standing.failing_since,
        why="" if standing is None else standing.why,
        next_at=None if standing is None else standing.next_at,
        given_up=0 if standing is None else standing.given_up,
    )
