"""Stories of a street in which everything goes wrong, seed by seed; those that once broke a promise; and controls.

To see one again: `python -m tests.campaigns stories --rounds 1 --seed SEED`, or `--story FILE` for one that is kept.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.campaigns.stories import main, run, told
from tests.worlds.stories.breaks import BREAKS
from tests.worlds.stories.daemon import READS_BACK, WRITTEN
from tests.worlds.stories.drawing import LINE_WORDS, MISHAPS, PEOPLE, draw, draw_line
from tests.worlds.stories.gateway import OTHER_FRAMING, SPOILED
from tests.worlds.stories.line_mishaps import WHILE_WRITTEN
from tests.worlds.stories.shrinking import shrink
from tests.worlds.stories.story import Entry, Line, read, write
from tests.worlds.stories.world import World

SEEDS = range(60)
ON_LINES = range(1, 5)
FEW = range(1, 61)
DIM = {"select": "light point", "below": True, "starts_min": 0, "for_min": 60, "level": 20}
KEPT = sorted((Path(__file__).parent / "regressions").glob("*.json"))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_promise_holds_whatever_happens_to_network_nodes_daemon_and_clocks(seed):
    assert told(draw(seed))[0] == []


@pytest.mark.parametrize("seed", ON_LINES)
def test_every_promise_holds_on_a_modbus_line_whatever_its_gateway_and_its_units_answer(seed):
    assert told(draw_line(seed))[0] == []


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_story_that_once_broke_a_promise_does_so_no_more(path):
    assert told(read(path.read_bytes()))[0] == []


def test_a_story_goes_the_same_way_whenever_it_is_told_and_is_the_same_when_read_back():
    story = draw(3)
    first, second = World(story), World(read(write(story)))
    first.tell()
    second.tell()
    assert read(write(story)) == story
    assert first.scene.log == second.scene.log
    assert first.scene.post.network.carried == second.scene.post.network.carried


def test_a_story_of_a_line_goes_the_same_way_whenever_it_is_told():
    story = draw_line(6)
    first, second = World(story), World(read(write(story)))
    first.tell()
    second.tell()
    assert read(write(story)) == story
    assert first.scene.heap.done == second.scene.heap.done
    assert first._watch.commands.known == second._watch.commands.known


def test_the_stories_have_every_mishap_and_everything_people_do():
    happened = {entry.word for seed in range(100) for entry in draw(seed).entries}
    assert happened == MISHAPS.keys() | PEOPLE.keys()
    assert {entry.word for seed in range(100) for entry in draw_line(seed).entries} == {*LINE_WORDS} | PEOPLE.keys()


def test_what_a_line_may_suffer_comes_about():
    lines = Line(rtu=False, echoes=True, poll_s=120.0, count=2)
    answers = [
        Entry(600.0 * place, "bad answers", {"node": 0, "kind": kind, "share": 0.7, "lasts_s": 500.0})
        for place, kind in enumerate(dict.fromkeys(SPOILED), 2)
    ]
    dims = [
        Entry(each.at_s + 100.0, "dim", DIM | {"number": 0, "level": 20 * (place % 2)})
        for place, each in enumerate(answers)
    ]
    hands = [
        Entry(400.0, "gateway dead", {"node": 0, "how": OTHER_FRAMING, "lasts_s": 300.0}),
        Entry(900.0, "another master", {"node": 0, "level": 0}),
    ]
    dying = [
        Entry(20_000.0, "reboot", {"node": 0, "cut": WHILE_WRITTEN, "writes": 1, "lasts_s": 30.0}),
        Entry(20_001.0, "dim", DIM | {"number": 0, "level": 0}),
        Entry(21_000.0, "crash", {"when": WRITTEN, "lasts_s": 60.0}),
        Entry(21_001.0, "dim", DIM | {"number": 1, "level": 0}),
        Entry(22_000.0, "crash", {"when": READS_BACK, "lasts_s": 60.0}),
        Entry(22_001.0, "dim", DIM | {"number": 1, "level": 20}),
    ]
    entries = sorted((*answers, *dims, *hands, *dying), key=lambda each: each.at_s)
    story = replace(
        draw_line(1), nodes=("lamp", "lamp", "pillar", "nights"), clocks=((0.0, 0.0),) * 4, line=lines,
        shape="dark", late=50, entries=tuple(entries), calm_at_s=25_000.0, gone_h=0.0,
    )  # fmt: skip
    broken, world = told(story)
    assert broken == []
    assert world is not None
    came_about = {*SPOILED, OTHER_FRAMING, "levels written by another master", f"supply lost {WHILE_WRITTEN}"}
    came_about |= {f"killed, {WRITTEN}", f"killed, {READS_BACK}"}
    assert came_about <= world.scene.did.keys()


@pytest.mark.parametrize("name", BREAKS)
def test_a_part_that_breaks_its_promise_is_found_in_the_first_few_dozen_stories(name):
    rule = BREAKS[name].rule
    report = run(FEW, name, until_found=rule)
    assert report.failed, f"{name} was not found"
    assert report.stories < len(FEW), f"{name} broke nothing of {rule}: {report.failed}"


def test_a_failing_story_is_made_small_and_still_breaks_the_same_rule():
    def fails(each):
        return any(entry.word == "clock" for entry in each.entries) and len(each.nodes) == len(story.nodes)

    story = next(each for each in map(draw, range(100)) if sum(entry.word == "clock" for entry in each.entries) > 1)
    small = shrink(story, fails)
    assert [entry.word for entry in small.entries] == ["clock"]
    assert (small.gone_h, small.nodes) == (0.0, story.nodes)


def test_a_break_is_told_with_its_smallest_story_and_how_to_see_it_again(tmp_path, capsys):
    broken = ["--rounds", "1", "--seed", "1", "--break", "override-without-end", "--keep", str(tmp_path), "-o", "json"]
    assert main(broken) == 1
    told_as = json.loads(capsys.readouterr().out)
    (failure,) = told_as["failures"]
    assert failure["repeat"].endswith("stories --rounds 1 --seed 1 --break override-without-end")
    kept = tmp_path / "seed-1.json"
    assert len(read(kept.read_bytes()).entries) < len(draw(1).entries)
    assert main(["--story", str(kept), "--break", "override-without-end"]) == 1
    assert main(["--story", str(kept)]) == 0
