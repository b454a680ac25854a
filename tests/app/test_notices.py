"""Who is told what of which fault: by event, severity, area and hours, once, in order, and never drowned."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lightctl.app.notices import cloudevents, words
from lightctl.app.notices.cloudevents import Told as Piece
from lightctl.app.notices.office import look_at_silences
from lightctl.domain.assets import LightPoint
from lightctl.domain.faults import FaultMark, FaultRecord, FaultState, MarkKind, Silence
from lightctl.domain.notices import News, NewsKind
from lightctl.domain.selectors import parse_selector
from lightctl.domain.states import FaultEvent
from lightctl.links.notice import Notice, NotTaken
from lightctl.store.base import AuditDraft, Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.desk import NOW
from tests.support.post import Post, Told
from tests.support.stores import draft, fault

MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)


def body(notice: Notice) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(notice.body)
    return found


def kinds(notices: list[Notice]) -> list[str]:
    return [f"{body(each)['type'].split('.')[2]} {body(each)['subject']}" for each in notices]


def opening(subject: str = "LP1", **changes: Any) -> Any:
    return fault(subject, **{"opened_at": NOW} | changes)


async def test_an_opening_and_its_end_are_told_as_cloudevents_with_the_fault_as_data():
    post = Post()
    post.happen(opening(watts=50.0, members=("LP1", "LP2")))
    (notice,) = await post.tell()
    event = body(notice)
    assert {key: event[key] for key in ("specversion", "source", "type", "subject", "time", "datacontenttype")} == {
        "specversion": "1.0",
        "source": "/lightctl/Duisburg",
        "type": "lightctl.fault.opened.v1",
        "subject": "LP1",
        "time": "2026-12-04T18:00:00Z",
        "datacontenttype": "application/json",
    }
    assert event["id"] == notice.id
    data = event["data"]
    assert (data["id"], data["event"], data["severity"], data["state"]) == (1, "lampFailure", "major", "open")
    assert (data["light_points"], data["members"], data["watts"]) == (["LP1", "LP2"], 2, 50.0)
    assert data["show"] == "lightctl fault show 1"
    post.later(hours=1)
    post.happen(opening(cleared_at=post.now))
    (notice,) = await post.tell()
    assert body(notice)["type"] == "lightctl.fault.cleared.v1"
    assert body(notice)["data"]["cleared_at"] == "2026-12-04T19:00:00Z"
    assert await post.tell() == []


async def test_a_mail_of_one_fault_says_what_where_and_what_to_do():
    post = Post()
    post.happen(opening())
    (notice,) = await post.tell()
    assert notice.title == "Duisburg: major lampFailure at LP1: opened"
    assert "opened   2026-12-04 19:00" in notice.text
    assert "to do    Replace the lamp" in notice.text
    assert notice.text.endswith("lightctl fault show 1\n")


async def test_only_the_events_severities_and_light_points_of_a_target_are_told():
    post = Post({"events": ["cleared"], "severities": ["critical"], "select": "group=street"})
    post.happen(
        opening(severity="critical"),
        opening("LP2"),
        opening("ZEBRA", severity="critical"),
        opening("n-2", subject_kind="node", severity="critical", event=FaultEvent.COMMUNICATION_FAILURE),
        opening("store", subject_kind="site", severity="critical", event=FaultEvent.STORE_FAILURE),
    )
    assert await post.tell() == []
    post.later(hours=1)
    for _, open_fault in post.store.faults():
        post.happen(replace(open_fault, cleared_at=post.now))
    assert sorted(kinds(await post.tell())) == ["cleared LP1", "cleared n-2"]


async def test_one_who_hears_of_everything_also_hears_of_the_site():
    post = Post()
    post.happen(opening("store", subject_kind="site", event=FaultEvent.STORE_FAILURE, cleared_at=NOW))
    assert kinds(await post.tell()) == ["opened store", "cleared store"]


async def test_a_change_of_severity_and_an_acknowledgement_are_told_to_who_wants_them():
    post = Post({"events": ["changed", "acknowledged"]})
    post.happen(opening())
    post.happen(opening(severity="critical"))
    post.happen(opening(severity="critical", detail="more of it"))
    post.store.mark_faults([1], FaultMark(MarkKind.ACKNOWLEDGED, NOW, "timo", "on my way"), draft())
    told = await post.tell()
    assert kinds(told) == ["changed LP1", "acknowledged LP1"]
    assert (body(told[1])["data"]["acknowledged_by"], body(told[1])["data"]["note"]) == ("timo", "on my way")


async def test_what_a_maintenance_keeps_back_is_told_to_nobody():
    post = Post()
    post.happen(opening(suppressed_by="maintenance-1"))
    post.happen(opening(suppressed_by="maintenance-1", cleared_at=NOW))
    assert await post.tell() == []
    post.happen(opening(opened_at=NOW + HOUR))
    assert kinds(await post.tell()) == ["opened LP1"]


async def test_a_silenced_event_is_not_told_and_neither_is_its_end():
    post = Post()
    quiet = Silence("silence-1", FaultEvent.LAMP_FAILURE, parse_selector("group=street"), NOW, NOW + 2 * HOUR)
    post.store.add_silence(quiet, draft())
    post.happen(opening(), opening("ZEBRA"))
    assert kinds(await post.tell()) == ["opened ZEBRA"]
    post.later(hours=1)
    post.happen(opening(cleared_at=post.now))
    assert await post.tell() == []


async def test_who_was_told_of_an_opening_is_told_of_its_end_though_it_was_silenced_meanwhile():
    post = Post()
    post.happen(opening())
    await post.tell()
    post.later(minutes=1)
    post.store.mark_faults([1], FaultMark(MarkKind.SILENCED, post.now, "olga", "", NOW + 5 * HOUR), draft())
    post.later(hours=1)
    post.happen(opening(cleared_at=post.now))
    assert kinds(await post.tell()) == ["cleared LP1"]


async def test_a_fault_that_outlives_its_silence_is_told_when_that_ends_even_if_nobody_looked_then():
    post = Post()
    post.happen(opening("LP1"), opening("LP2"))
    await post.tell()
    until = NOW + HOUR
    post.later(minutes=1)
    post.store.mark_faults([1, 2], FaultMark(MarkKind.SILENCED, NOW, "olga", "", until), draft())
    assert look_at_silences(post.store, post.fleet, post.now) == 0
    post.happen(opening("LP2", cleared_at=NOW + HOUR / 2))
    await post.tell()
    post.later(hours=9)
    assert look_at_silences(post.store, post.fleet, post.now) == 1
    assert look_at_silences(post.store, post.fleet, post.now) == 0
    assert kinds(await post.tell()) == ["unsilenced LP1"]


async def test_a_target_that_is_new_hears_nothing_of_what_happened_before():
    post = Post()
    post.happen(opening())
    post.store.forget_notice_targets([])
    assert await post.tell() == []
    post.happen(opening("LP2"))
    assert kinds(await post.tell()) == ["opened LP2"]


async def test_a_storm_is_one_digest_by_area_and_severity_with_ids_and_the_command_that_shows_them():
    post = Post({"per_minute": 3, "area_by": "group"})
    post.happen(
        opening("LP1"),
        opening("LP2", severity="critical"),
        opening("ZEBRA"),
        opening("n-1", subject_kind="node", severity="minor", detail="bad\nnews"),
        opening("LP2", severity="critical", cleared_at=NOW + HOUR),
    )
    (notice,) = await post.tell()
    assert notice.title == "Duisburg: 4 faults: 2 major, 1 minor, 1 over by now"
    span = "from 2026-12-04 19:00 to 2026-12-04 20:00"
    assert notice.text.splitlines() == [
        "4 faults: 2 major, 1 minor, 1 over by now",
        "2026-12-04 19:00 to 2026-12-04 20:00 (Europe/Berlin)",
        "",
        "elsewhere",
        "  major     lampFailure at light point ZEBRA, since 2026-12-04 19:00: 0 W at 70 %  (fault 3)",
        "",
        "street",
        "  major     lampFailure at light point LP1, since 2026-12-04 19:00: 0 W at 70 %  (fault 1)",
        "  minor     lampFailure at node n-1, since 2026-12-04 19:00: bad news  (fault 4)",
        "",
        "over by now",
        f"  critical  lampFailure at light point LP2, {span}, street: 0 W at 70 %  (fault 2)",
        "",
        "`lightctl fault show ID` tells more of each.",
    ]
    event = body(notice)
    assert (event["type"], event["subject"], event["id"]) == ("lightctl.fault.digest.v1", "ops", notice.id)
    data = event["data"]
    assert (data["count"], data["more"], data["severities"]["critical"]) == (4, 0, 1)
    assert data["states"] == {"open": 3, "cleared": 1}
    assert [each["id"] for each in data["faults"]] == [3, 1, 4, 2]
    assert data["faults"][3]["news"] == ["opened", "cleared"]


async def test_a_digest_of_a_dark_city_stays_small_and_counts_what_it_does_not_list():
    post = Post()
    post.happen(*(opening(f"LP{number}", detail="x" * 200) for number in range(2000)))
    (notice,) = await post.tell()
    assert len(notice.body) <= 48_000
    data = body(notice)["data"]
    assert (data["count"], len(data["faults"]) + data["more"]) == (2000, 2000)
    assert len(data["faults"]) > 20
    assert "and 1,700 more" in notice.text
    assert await post.tell() == []


async def test_news_is_gathered_for_as_long_as_a_target_wants():
    post = Post({"digest_minutes": 60})
    post.happen(opening("LP1"))
    assert await post.tell() == []
    post.later(minutes=40)
    post.happen(opening("LP2", opened_at=post.now))
    assert await post.tell() == []
    post.later(minutes=20)
    assert [body(each)["data"]["count"] for each in await post.tell()] == [2]


async def test_what_comes_outside_the_hours_is_kept_and_told_at_once_when_they_begin():
    post = Post({"hours": "06:00-22:00"})
    post.later(hours=5)
    post.happen(opening("LP1", opened_at=post.now, severity="critical"), opening("LP2", opened_at=post.now))
    assert await post.tell() == []
    post.later(hours=6)
    assert [body(each)["data"]["count"] for each in await post.tell()] == [2]


async def test_a_target_is_told_so_many_a_minute_and_the_rest_later():
    post = Post({"per_minute": 2})
    post.happen(opening("LP1"))
    post.happen(opening("LP2"))
    assert len(await post.tell()) == 2
    post.happen(opening("ZEBRA"))
    assert await post.tell() == []
    post.later(seconds=60)
    assert kinds(await post.tell()) == ["opened ZEBRA"]


# -- targets that do not take it -----------------------------------------------------------------------------------


def failing(*failures: Exception | None, **target: Any) -> Post:
    return Post(target, Told(failures=list(failures)))


async def test_a_message_is_tried_again_with_the_same_id_until_it_is_taken():
    post = failing(NotTaken("HTTP 500"), NotTaken("HTTP 500"))
    post.happen(opening())
    (first,) = await post.tell()
    assert "notification ops fails since 2026-12-04T18:00Z: HTTP 500" in post.live.notes.values()
    post.later(seconds=4)
    assert await post.tell() == []
    post.later(seconds=1)
    (second,) = await post.tell()
    post.later(seconds=10)
    (third,) = await post.tell()
    assert first.id == second.id == third.id
    assert first.body == third.body
    standing = post.sorting.standing()
    assert (standing.failures, standing.failing_since, standing.last_success_at) == (0, None, post.now)
    assert post.live.notes == {}


async def test_a_daemon_that_was_killed_between_sending_and_noting_it_tells_it_again_with_the_same_id():
    post = Post()
    post.happen(opening(), opening("LP2"))
    standing = post.sorting.look(post.now, ())  # stored, sent ... and killed
    post.open()
    told = await post.tell()
    assert standing.parcel.id == told[0].id
    assert kinds(told) == ["opened LP1", "opened LP2"]


async def test_news_survives_the_daemon_and_is_in_the_transaction_of_the_fault(tmp_path):
    store = SqliteStore(tmp_path / "store")

    def broken() -> None:
        with store.transaction():
            store.commit(Recorded(faults=(opening(),)))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert store.news(0, 10) == ()
    store.commit(Recorded(faults=(opening("LP2"),)))
    store.close()
    again = SqliteStore(tmp_path / "store")
    (news,) = again.news(0, 10)
    assert (news.kind, news.record.fault.subject) == ("opened", "LP2")
    again.close()


async def test_while_a_target_is_dead_nothing_is_queued_and_its_return_brings_one_digest():
    post = failing(*(NotTaken("no route") for _ in range(20)))
    post.happen(opening("first"))
    for number in range(20):
        await post.tell()
        post.happen(*(opening(f"LP{number}-{each}") for each in range(10)))
        post.later(hours=0.5)
    standing = post.sorting.standing()
    assert standing.parcel is not None
    assert (standing.parcel.count, standing.failures) == (1, 20)
    told = await post.tell()
    assert [body(each)["data"].get("count", 1) for each in told] == [1, 200]


async def test_what_nobody_takes_is_given_up_after_a_day_with_a_word_in_the_audit_and_what_came_since_is_kept():
    post = failing(*(NotTaken("no route") for _ in range(200)), retry_cap_s=3600.0)
    post.happen(opening())
    hours = 0
    while post.sorting.standing().given_up == 0:
        await post.tell()
        post.happen(opening(f"LP{hours}-later"))
        post.later(hours=1)
        hours += 1
    assert 24 <= hours <= 26
    entry = post.store.audit()[0]
    assert (entry.verb, entry.target, entry.user) == ("notification give-up", "ops", "lightctl")
    assert "no route" in entry.detail
    assert post.store.verify_audit().ok
    post.carrier.failures.clear()
    (digest,) = await post.tell()
    assert body(digest)["data"]["count"] == hours


async def test_a_message_that_is_refused_for_good_is_told_anew_together_with_what_came_since():
    post = failing(NotTaken("HTTP 400 cannot read this", refused=True))
    post.happen(opening())
    (first,) = await post.tell()
    post.later(minutes=2)
    post.carrier.failures.append(NotTaken("HTTP 400", refused=True))
    (same,) = await post.tell()
    assert same.id == first.id  # nothing came since
    post.happen(opening("LP2"))
    post.later(minutes=2)
    (digest,) = await post.tell()
    assert digest.id != first.id
    assert body(digest)["data"]["count"] == 2
    assert await post.tell() == []


async def test_a_target_that_asks_for_a_pause_gets_it():
    post = failing(NotTaken("HTTP 429", retry_after_s=600))
    post.happen(opening())
    await post.tell()
    post.later(seconds=599)
    assert await post.tell() == []
    post.later(seconds=1)
    assert len(await post.tell()) == 1


async def test_a_carrier_that_breaks_is_a_failure_like_another():
    post = failing(RuntimeError("bug"))
    post.happen(opening())
    await post.tell()
    assert post.sorting.standing().why == "RuntimeError: bug"


async def test_old_news_goes_when_every_target_has_been_told():
    post = Post()
    post.happen(opening())
    post.store.prune(NOW, NOW)
    assert len(post.store.news(0, 9)) == 1
    await post.tell()
    post.store.prune(NOW, NOW)
    assert post.store.news(0, 9) == ()
    post.happen(opening("LP2"))
    assert kinds(await post.tell()) == ["opened LP2"]


async def test_nothing_is_kept_for_targets_that_settings_name_no_more():
    post = Post()
    post.happen(opening())
    post.store.forget_notice_targets(["another"])
    assert post.store.notice_target("ops") is None
    post.store.prune(NOW, NOW)
    assert post.store.news(0, 9) == ()


def test_giving_up_is_the_only_thing_of_a_courier_in_the_audit():
    post = Post()
    before = len(post.store.audit())
    standing = post.sorting.standing()
    post.store.put_notice_target(standing)
    assert len(post.store.audit()) == before
    post.store.put_notice_target(standing, AuditDraft(NOW, "lightctl", "daemon", "notification give-up", "ops"))
    assert len(post.store.audit()) == before + 1


# -- what docs/notifications.md shows ------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text()


def _as_on_the_page() -> list[Piece]:
    lamp = LightPoint("LP-0341", 51.4, 6.7)
    loss = fault(
        "K7",
        subject_kind="cabinet",
        event=FaultEvent.SUPPLY_LOSS,
        severity="critical",
        opened_at=NOW + 31 * MINUTE,
        detail="no report of 30 nodes",
        members=tuple(map(str, range(30))),
    )
    out = fault("LP-0341", opened_at=NOW, detail="asked for 70 %, but 0 W drawn")
    door = fault(
        "K2",
        subject_kind="node",
        event=FaultEvent.CABINET_DOOR_OPEN,
        severity="minor",
        opened_at=NOW + 5 * MINUTE,
        cleared_at=NOW + 40 * MINUTE,
        detail="the node reports door_open",
    )
    news = (
        (News(3, "c", NewsKind.CLEARED, NOW + 40 * MINUTE, FaultRecord(410, door)), (), "old town", FaultState.CLEARED),
        (News(2, "b", NewsKind.OPENED, NOW + 31 * MINUTE, FaultRecord(412, loss)), (), "harbour", FaultState.OPEN),
        (News(1, "5f0c2f8e9b1d4a7c6e3f2a1b", NewsKind.OPENED, NOW, FaultRecord(409, out)), (lamp,), "harbour",
         FaultState.OPEN),
    )  # fmt: skip
    return [Piece((each,), lamps, area, state) for each, lamps, area, state in news]


def test_the_digest_of_the_page_is_what_a_mail_says():
    told = _as_on_the_page()
    title, text = words.title_of_digest(told, "Duisburg"), words.text_of_digest(told, "Europe/Berlin")
    assert f"```text\n{title}\n\n{text}```" in PAGE


def test_the_event_of_the_page_is_what_a_webhook_gets():
    (shown,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert json.loads(shown) == json.loads(cloudevents.one(_as_on_the_page()[2], "Duisburg", NOW))
