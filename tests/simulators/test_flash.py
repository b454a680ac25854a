from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import replace

import msgspec

from lightctl.domain.states import ChannelDesired, DesiredState, HeldOverride, Switch
from simulators.flash import FILE_NAME, Flash
from simulators.node import Memory

NOW = dt.datetime(2026, 12, 21, 18, 0, tzinfo=dt.UTC)
CHANNEL = ChannelDesired((Switch(NOW, 60, 30),), HeldOverride("ov", 10, NOW, 5))
MEMORY = Memory(3, DesiredState("n1", 9, NOW, NOW, {0: CHANNEL, 1: CHANNEL}), {0: 12.5, 1: 0.0}, {0: 1.25, 1: 0.0})


def test_what_was_committed_is_read_again_by_the_next_process(tmp_path):
    flash = Flash(tmp_path)
    flash.save("n1", MEMORY)
    flash.commit()
    successor = Flash(tmp_path)  # the first one is never closed, as after a kill
    assert successor.load("n1") == MEMORY
    assert successor.load("n2") is None
    successor.close()
    flash.close()


def test_a_memory_that_cannot_be_read_counts_as_empty(tmp_path):
    flash = Flash(tmp_path)
    flash.save("n1", MEMORY)
    flash.close()
    with sqlite3.connect(tmp_path / FILE_NAME) as file:
        (body,) = file.execute("select body from memory").fetchone()
    file.close()
    for cut in range(0, len(body), 9):
        with sqlite3.connect(tmp_path / FILE_NAME) as file:
            file.execute("update memory set body = ?", (body[:cut],))
        file.close()
        flash = Flash(tmp_path)
        assert flash.load("n1") is None
        flash.close()


def test_counters_are_kept_apart_and_the_rest_stays_as_it_was(tmp_path):
    flash = Flash(tmp_path)
    flash.save("n1", MEMORY)
    flash.save_counters("n1", replace(MEMORY, boots=9, desired=None, energy_wh={0: 20.0, 1: 3.5}, lit_h={0: 2.0}))
    flash.commit()
    successor = Flash(tmp_path)
    assert successor.load("n1") == replace(MEMORY, energy_wh={0: 20.0, 1: 3.5}, lit_h={0: 2.0})
    successor.save("n1", MEMORY)
    assert successor.load("n1") == MEMORY
    successor.close()
    flash.close()


def test_a_flash_written_before_counters_had_a_table_is_read(tmp_path):
    with sqlite3.connect(tmp_path / FILE_NAME) as file:
        file.execute("create table memory (node text primary key, body blob not null)")
        file.execute("insert into memory values ('n1', ?)", (msgspec.json.encode(MEMORY),))
    file.close()
    flash = Flash(tmp_path)
    assert flash.load("n1") == MEMORY
    flash.close()


def test_without_a_folder_the_flash_lives_as_long_as_the_process():
    flash = Flash(None)
    flash.save("n1", MEMORY)
    assert flash.load("n1") == MEMORY
    flash.close()


def test_what_was_saved_last_before_a_commit_is_what_is_written(tmp_path):
    flash = Flash(tmp_path)
    flash.save("n1", replace(MEMORY, boots=1))
    flash.save_counters("n1", replace(MEMORY, boots=1, energy_wh={0: 99.0}))
    flash.save("n1", MEMORY)
    flash.commit()
    successor = Flash(tmp_path)
    assert successor.load("n1") == MEMORY
    successor.close()
    flash.close()
