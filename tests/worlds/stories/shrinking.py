"""Shrinking: the smallest story that still breaks the same rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.worlds.stories.story import Story

SOON_S = 60.0


def shrink(story: Story, fails: Callable[[Story], bool]) -> Story:
    """Leave out whatever can go while the story still fails: many entries at once first, then one by one."""
    count = max(1, len(story.entries) // 2)
    while True:
        smaller = next((each for each in _without(story, count) if fails(each)), None)
        if smaller is not None:
            story = smaller
        elif count > 1:
            count //= 2
        else:
            break
    for plainer in _PLAINER:
        found = plainer(story)
        if found != story and fails(found):
            story = found
    return story


def _without(story: Story, count: int) -> Iterator[Story]:
    return (story.without(first, count) for first in range(0, len(story.entries), count))


def _calm_sooner(story: Story) -> Story:
    last = story.entries[-1].at_s if story.entries else 0.0
    return replace(story, calm_at_s=min(story.calm_at_s, last + SOON_S))


_PLAINER: tuple[Callable[[Story], Story], ...] = (
    lambda story: replace(story, gone_h=0.0),
    lambda story: replace(story, switch_ons_per_s=0.0),
    lambda story: replace(story, clocks=tuple((0.0, 0.0) for _ in story.clocks)),
    lambda story: replace(story, nodes=story.nodes[:-1], clocks=story.clocks[:-1]) if len(story.nodes) > 1 else story,
    _calm_sooner,
)
