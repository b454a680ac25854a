"""Whatever opens and clears, fails, refuses, is killed or waits: all of it is told, each message under one id."""

from __future__ import annotations

import asyncio
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lightctl.app.notices.courier import notice_of
from lightctl.app.notices.timing import Wait
from lightctl.links.notice import NotTaken
from lightctl.store.base import Recorded
from tests.support.post import Post, Told
from tests.support.stores import fault

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.integers(0, 5)),
        st.tuples(st.just("clear"), st.integers(0, 5)),
        st.tuples(st.just("later"), st.sampled_from([1, 60, 3600, 40_000])),
        st.tuples(st.just("tell"), st.sampled_from(["taken", "fails", "refuses", "killed"])),
    ),
    max_size=25,
)
TARGETS = st.sampled_from([{}, {"per_minute": 1}, {"digest_minutes": 30}, {"hours": "08:00-18:00"}])


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, TARGETS)
def test_everything_that_happened_is_told_and_an_id_always_means_the_same(steps, target):
    post = Post(target | {"give_up_h": 720.0})
    carrier = post.carrier
    assert isinstance(carrier, Told)
    happened: list[tuple[int, str]] = []

    def happen(subject: int, *, clear: bool) -> None:
        known = {found.subject: found for _, found in post.store.faults(open_only=True)}
        before = known.get(f"LP{subject}")
        if (before is not None) is not clear:
            return
        opened = post.now if before is None else before.opened_at
        found = fault(f"LP{subject}", opened_at=opened, cleared_at=post.now if clear else None)
        post.store.commit(Recorded(faults=(found,)))
        happened.append((post.store.news(0, 1000)[-1].record.id, "cleared" if clear else "opened"))

    async def tell(how: str) -> None:
        carrier.failures = {"fails": [NotTaken("no")], "refuses": [NotTaken("never", refused=True)]}.get(how, [])
        if how == "killed":
            found = post.sorting.look(post.now, ())
            if not isinstance(found, Wait):
                assert found.parcel is not None
                carrier.notices.append(notice_of(found.parcel))  # it went out, and nobody noted it
            post.open()
        else:
            await post.tell()

    async def lived() -> None:
        for word, value in steps:
            match word:
                case "open" | "clear":
                    happen(value, clear=word == "clear")
                case "later":
                    post.later(seconds=value)
                case _:
                    await tell(value)
        for _ in range(30):
            await tell("taken")
            post.later(hours=1)

    asyncio.run(lived())
    assert _told(carrier) == set(happened)
    assert post.sorting.waiting(post.sorting.standing()) == 0


def _told(carrier: Told) -> set[tuple[int, str]]:
    """Give what was told; an id that comes again comes with the same body."""
    told: set[tuple[int, str]] = set()
    bodies: dict[str, bytes] = {}
    for notice in carrier.notices:
        assert bodies.setdefault(notice.id, notice.body) == notice.body
        data = json.loads(notice.body)["data"]
        for each in data.get("faults", [data]):
            kinds = each["news"] if "faults" in data else [each["news"]]
            told |= {(each["id"], kind) for kind in kinds}
    return told
