"""Nights in registers: what is written is what the unit reads, cut anywhere it is not taken; overrides end alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.framer.rtu import FramerRTU

from lightctl.devices.blocks import MAX_READ, MAX_WRITE, plan_reads
from lightctl.devices.maps import ChannelMap, Checksum, Register, RegisterMap, ScheduleMap, SlotRegister
from lightctl.devices.profile import shipped_profiles
from lightctl.devices.register_image import RegisterImage
from lightctl.devices.stored_schedule import (
    Kept,
    body_blocks,
    checksum_of,
    encode_schedule,
    is_whole,
    kept_after,
    read_kept,
)
from lightctl.domain.errors import InvalidInput, NodeRefused
from lightctl.domain.states import ChannelDesired, DesiredState, HeldOverride, Switch

KEEPER = shipped_profiles()["modbus-night-controller"].modbus
assert KEEPER is not None
START = dt.datetime(2026, 12, 4, 11, 0, tzinfo=dt.UTC)
SECOND, HOUR, WEEK = dt.timedelta(seconds=1), dt.timedelta(hours=1), dt.timedelta(days=7)


def holding(address: int, **more: object) -> dict[str, object]:
    return {"table": "holding", "address": address, **more}


MINUTES = RegisterMap(
    channels=ChannelMap(level=Register(table="holding", address=0)),
    schedule=ScheduleMap(
        slots=20,
        count=Register(**holding(10)),
        at=SlotRegister(**holding(20, type="uint32", scale=60, step=4)),
        level=SlotRegister(**holding(22, step=4)),
        valid_until=Register(**holding(12, type="uint32", scale=60)),
        checksum=Checksum(**holding(200, kind="sum16")),
        commit=Register(**holding(201)),
        applied=Register(table="input", address=0),
    ),
)


def written(registers: RegisterMap, desired: DesiredState) -> RegisterImage:
    image = RegisterImage(registers, 5)
    for write in encode_schedule(registers, desired):
        image.apply(write)
    return image


def document(channels: dict[int, ChannelDesired], revision: int = 3) -> DesiredState:
    return DesiredState("n1", revision, START, START + WEEK, channels)


@st.composite
def switches(draw: st.DrawFn, most: int, grid_s: int = 1) -> tuple[Switch, ...]:
    """Switches as fit gives them: the first at or before the start, on the grid, each a change."""
    steps = draw(st.lists(st.integers(1, 6 * 3600 // grid_s), max_size=most - 1))
    levels = draw(st.lists(st.integers(0, 100), min_size=len(steps) + 1, max_size=len(steps) + 1))
    at, found = START, [Switch(START, levels[0])]
    for step, level in zip(steps, levels[1:], strict=True):
        at += step * grid_s * SECOND
        found.append(Switch(at, level))
    return tuple(found)


@st.composite
def overrides(draw: st.DrawFn) -> HeldOverride | None:
    until = START + draw(st.integers(1, 12 * 3600)) * SECOND
    return draw(st.none() | st.just(HeldOverride("o1", draw(st.integers(0, 100)), until)))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.integers(0, 1), st.tuples(switches(64), overrides())), st.integers(1, 2**32 - 1))
def test_what_is_written_is_what_the_unit_reads(given_channels, revision):
    channels = {number: ChannelDesired(*given) for number, given in given_channels.items()}
    wanted = document(channels, revision)
    read = written(KEEPER, wanted).document("n1", START)
    assert read is not None
    assert (read.revision, read.valid_until, read.channels.keys()) == (revision, wanted.valid_until, channels.keys())
    for number, channel in channels.items():
        assert read.channels[number].switches == channel.switches
        held = read.channels[number].override
        assert (held and replace(held, id="o1")) == channel.override


@settings(max_examples=60, deadline=None)
@given(switches(18, 60), st.integers(0, 100), st.integers(1, 12 * 60), st.lists(st.integers(0, 13 * 3600), min_size=8))
def test_an_override_written_as_switches_holds_and_ends_as_one_in_registers_would(plan, level, minutes, instants):
    held = HeldOverride("o1", level, START + minutes * 60 * SECOND)
    wanted = ChannelDesired(plan, held)
    read = written(MINUTES, document({0: wanted})).document("n1", START)
    assert read is not None
    assert read.channels[0].override is None
    for seconds in (*instants, minutes * 60 - 1, minutes * 60):
        at = START + seconds * SECOND
        assert read.channels[0].level_at(at) == wanted.level_at(at), seconds


def test_an_override_that_ends_between_two_minutes_ends_within_the_minute_before():
    held = HeldOverride("o1", 0, START + 90 * SECOND)
    read = written(MINUTES, document({0: ChannelDesired((Switch(START, 70),), held)})).document("n1", START)
    assert read is not None
    assert [read.channels[0].level_at(START + seconds * SECOND) for seconds in (0, 59, 60, 90)] == [0, 0, 70, 70]


nights = st.builds(
    lambda first, second: {0: ChannelDesired(first), 1: ChannelDesired(second)}, switches(40), switches(40)
)


@settings(max_examples=25, deadline=None)
@given(nights, nights)
def test_a_write_that_breaks_off_before_the_commit_gives_no_document_of_the_new_revision(old, new):
    writes = encode_schedule(KEEPER, document(new, 4))
    for cut in range(len(writes)):
        image = written(KEEPER, document(old, 3))
        for write in writes[:cut]:
            image.apply(write)
        read = image.document("n1", START)
        assert read is None or read.revision == 3
    assert writes[-1].address == KEEPER.schedule.commit.address
    assert writes[-2].address == KEEPER.schedule.checksum.address


@settings(max_examples=25, deadline=None)
@given(nights, st.data())
def test_a_body_with_one_word_changed_is_not_whole(given_nights, data):
    wanted = document(given_nights)
    image = written(KEEPER, wanted)
    image.show_applied(wanted.revision)

    def answers():
        return {block: image.read(block) for block in (*plan_reads(KEEPER), *body_blocks(KEEPER))}

    assert read_kept(KEEPER, answers()) == kept_after(encode_schedule(KEEPER, wanted), wanted.revision)
    assert is_whole(KEEPER, answers())
    body = encode_schedule(KEEPER, wanted)[:-2]
    write = data.draw(st.sampled_from(body))
    offset = data.draw(st.integers(0, len(write.values) - 1))
    image.apply(replace(write, address=write.address + offset, values=((write.values[offset] + 1) & 0xFFFF,)))
    assert not is_whole(KEEPER, answers())


def test_nobody_answering_proves_nothing():
    assert read_kept(KEEPER, {}) is None
    assert not is_whole(KEEPER, {})


@given(st.lists(st.integers(0, 65535), max_size=200))
def test_the_checksum_is_that_of_modbus(words):
    crc = Checksum(table="holding", address=0)
    theirs = FramerRTU.compute_CRC(b"".join(word.to_bytes(2, "big") for word in words))
    # On the wire the low byte of this checksum goes first; in a register it is the number itself.
    assert checksum_of(crc, words) == int.from_bytes(theirs.to_bytes(2, "big"), "little")


def test_a_sum_of_words_is_taken_modulo_their_size():
    assert checksum_of(Checksum(table="holding", address=0, kind="sum16"), [0xFFFF, 3]) == 2


def test_requests_keep_the_limits_and_write_nothing_between():
    writes = encode_schedule(KEEPER, document({0: ChannelDesired((Switch(START, 100),))}))
    assert max(len(write.values) for write in writes) <= MAX_WRITE[False]
    assert max(block.count for block in body_blocks(KEEPER)) <= MAX_READ[False]
    touched = {write.address + offset for write in writes for offset in range(len(write.values))}
    assert touched == {*range(100, 298), *range(302, 498), 600, 601, 602}


def test_a_channel_nobody_wired_has_no_switch_in_use():
    read = written(KEEPER, document({1: ChannelDesired((Switch(START, 100),))})).document("n1", START)
    assert read is not None
    assert list(read.channels) == [1]


@pytest.mark.parametrize(
    ("desired", "why"),
    [
        (document({2: ChannelDesired((Switch(START, 100),))}), "channels 0 to 1, not 2"),
        (document({0: ChannelDesired(tuple(Switch(START + n * SECOND, n) for n in range(65)))}), "fewer steps"),
        (document({}, revision=2**32), "cannot hold its nights"),
        (document({0: ChannelDesired((Switch(dt.datetime(2200, 1, 1, tzinfo=dt.UTC), 1),))}), "cannot hold its nights"),
    ],
)
def test_what_the_registers_cannot_hold_is_refused_for_good(desired, why):
    with pytest.raises(NodeRefused, match=why):
        encode_schedule(KEEPER, desired)


def test_a_unit_that_keeps_no_nights_is_refused_with_the_next_step():
    with pytest.raises(NodeRefused, match=r"modbus\.schedule"):
        encode_schedule(shipped_profiles()["modbus-lamp"].modbus, document({}))
    assert body_blocks(shipped_profiles()["modbus-lamp"].modbus) == ()


@pytest.mark.parametrize(
    ("address", "values", "why"),
    [(105, (65,), "room for 64"), (108, (101,), "beyond 100 %"), (106, (0xFFFF, 0xFFFF), "out of order")],
)
def test_a_document_that_makes_no_sense_is_refused_by_the_unit(address, values, why):
    image = written(KEEPER, document({0: ChannelDesired((Switch(START, 100), Switch(START + HOUR, 0)))}))
    body = {
        write.address + n: word
        for write in encode_schedule(KEEPER, document({}))
        for n, word in enumerate(write.values)
    }
    assert address in body
    for offset, value in enumerate(values):
        image.tables["holding"][address + offset] = value
    words = [image.tables["holding"][place] for place in sorted(body) if place < 600]
    image.tables["holding"][600] = checksum_of(KEEPER.schedule.checksum, words)
    with pytest.raises(InvalidInput, match=why):
        image.document("n1", START)


def test_what_runs_is_told_from_what_was_committed():
    image = written(KEEPER, document({}, revision=9))
    image.show_applied(8)
    kept = read_kept(KEEPER, {block: image.read(block) for block in plan_reads(KEEPER)})
    assert isinstance(kept, Kept)
    assert (kept.applied, kept.committed) == (8, 9)


def test_an_image_that_lost_its_flash_keeps_nothing():
    image = written(KEEPER, document({0: ChannelDesired((Switch(START, 100),))}))
    image.show_document(None)
    assert read_kept(KEEPER, {block: image.read(block) for block in plan_reads(KEEPER)}) == Kept(0, 0, 0)
