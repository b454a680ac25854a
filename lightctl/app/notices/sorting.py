"""Sorting: which news a target hears, and what it is told of it. Reads and writes the store; called on its thread."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

from lightctl.app.faults.whereabouts import Whereabouts
from lightctl.app.notices import cloudevents, words
from lightctl.app.notices.cloudevents import Told
from lightctl.app.notices.timing import Manner, Tell, Wait, next_move
from lightctl.domain.assets import Fleet
from lightctl.domain.faults import FaultState, Silence
from lightctl.domain.notices import News, NewsKind, Parcel, Standing
from lightctl.domain.selectors import EVERYTHING
from lightctl.files.settings import Settings
from lightctl.files.settings_notifications import NotificationSettings
from lightctl.store.sqlite import SqliteStore

READ = 500
MOST_AT_ONCE = 5000
KNOWN_SEVERITIES = frozenset({"critical", "major", "minor"})
NOWHERE, SEVERAL = "elsewhere", "several areas"


def manner_of(target: NotificationSettings, settings: Settings) -> Manner:
    """Give how a target wants to be told."""
    digest = dt.timedelta(minutes=target.digest_minutes)
    return Manner(digest, target.per_minute, target.window, settings.site.time_zone)


class Sorting:
    """One target's view of the news."""

    def __init__(
        self,
        name: str,
        target: NotificationSettings,
        settings: Settings,
        store: SqliteStore,
        fleet: Callable[[], Fleet],
    ) -> None:
        """Sort for the target of a name; `fleet` gives the inventory as it is."""
        self._name = name
        self._target = target
        self._settings = settings
        self._store = store
        self._fleet = fleet

    def standing(self) -> Standing:
        """Give how far telling it got; a target that is new hears nothing of what happened before."""
        found = self._store.notice_target(self._name)
        if found is None:
            found = Standing(self._name, self._store.newest_news())
            self._store.put_notice_target(found)
        return found

    def waiting(self, standing: Standing) -> int:
        """Count what it has yet to be told, the parcel in hand included; up to MOST_AT_ONCE."""
        return len(self._heard(standing.settled)[0])

    def look(self, now: dt.datetime, sent: Sequence[dt.datetime]) -> Standing | Wait:
        """Give the standing with the parcel that is to be sent now, stored; or say how long to wait.

        A parcel that was refused for good is told anew with what came since; its age counts on.
        """
        standing = self.standing()
        if standing.next_at is not None and now < standing.next_at:
            return Wait(standing.next_at)
        in_hand = standing.parcel
        if in_hand is not None:
            window = next_move((now,), replace(manner_of(self._target, self._settings), digest=dt.timedelta()), (), now)
            if isinstance(window, Wait):
                return window
            if not standing.refused or self._store.newest_news() <= in_hand.up_to:
                return standing
        heard, read = self._heard(standing.settled)
        if in_hand is not None:
            move: Wait | Tell = Tell(digest=True)
        else:
            move = next_move([news.at for news in heard], manner_of(self._target, self._settings), sent, now)
        if isinstance(move, Wait):
            if not heard and read > standing.settled:
                self._store.put_notice_target(replace(standing, settled=read))
            return move
        if not heard:  # what was refused is of no concern any more
            self._store.put_notice_target(replace(standing, settled=read, parcel=None, refused=False))
            return Wait(None)
        parcel = self._digest(heard, read, now) if move.digest else self._one(heard[0], now)
        if in_hand is not None:
            parcel = replace(parcel, since=in_hand.since)
        formed = replace(standing, parcel=parcel, refused=False)
        self._store.put_notice_target(formed)
        return formed

    def _heard(self, after: int) -> tuple[list[News], int]:
        """Give the news after a number that the target hears, and the number up to which all was read."""
        silences = self._store.silences()
        places = Whereabouts(self._fleet())
        heard: list[News] = []
        while len(heard) < MOST_AT_ONCE:
            page = self._store.news(after, READ)
            heard += [news for news in page if self._hears(news, places, silences)]
            after = page[-1].id if page else after
            if len(page) < READ:
                break
        return heard, after

    def _hears(self, news: News, places: Whereabouts, silences: Sequence[Silence]) -> bool:
        fault = news.record.fault
        if news.kind not in self._target.events or fault.suppressed_by:
            return False
        if fault.severity in KNOWN_SEVERITIES and fault.severity not in self._target.severities:
            return False
        selector = self._target.selector
        if selector != EVERYTHING and not places.concerns(fault, selector):
            return False
        about = tuple(each for each in silences if places.silenced(fault, each))
        record = replace(news.record, silences=about)
        quiet = record.silenced_until(news.at) is not None
        if news.kind is NewsKind.CLEARED:  # who was told of its opening is told of its end
            return not (quiet and record.silenced_until(fault.opened_at) is not None)
        return not quiet

    def _told(self, news: Sequence[News], places: Whereabouts, now: dt.datetime) -> Told:
        fault = news[-1].record.fault
        lamps = places.lamps(fault)
        areas = sorted({value for point in lamps for value in point.values_of(self._target.area_by)[:1]})
        area = NOWHERE if not areas else areas[0] if len(areas) == 1 else SEVERAL
        state = news[-1].record.state(now)
        return Told(tuple(news), lamps, area, FaultState.CLEARED if fault.cleared_at is not None else state)

    def _one(self, news: News, now: dt.datetime) -> Parcel:
        told, site = self._told((news,), Whereabouts(self._fleet()), now), self._settings.site
        return Parcel(
            id=news.uid,
            type=f"lightctl.fault.{news.kind}.v1",
            subject=news.record.fault.subject,
            up_to=news.id,
            at=news.at,
            since=now,
            title=words.title_of_one(told, site.name),
            text=words.text_of_one(told, site.time_zone, now),
            body=cloudevents.one(told, site.name, now),
        )

    def _digest(self, heard: Sequence[News], read: int, now: dt.datetime) -> Parcel:
        by_fault: dict[int, list[News]] = {}
        for news in heard:
            by_fault.setdefault(news.record.id, []).append(news)
        places, site = Whereabouts(self._fleet()), self._settings.site
        told = [self._told(news, places, now) for news in by_fault.values()]
        digest_id = f"digest-{secrets.token_hex(12)}"
        return Parcel(
            id=digest_id,
            type="lightctl.fault.digest.v1",
            subject=self._name,
            up_to=read,
            at=heard[0].at,
            since=now,
            title=words.title_of_digest(told, site.name),
            text=words.text_of_digest(told, site.time_zone),
            body=cloudevents.digest(digest_id, sorted(told, key=words.order), site.name, self._name, now),
            count=len(told),
            digest=True,
        )
