"""What the daemon counts: each thing once, where it happens, and a scrape that no store can keep."""

from __future__ import annotations

import asyncio
import datetime as dt
import math

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from lightctl.app.asking import Guard, Target
from lightctl.app.live import Live
from lightctl.app.metrics import metrics as module
from lightctl.app.metrics.instruments import Instruments
from lightctl.app.metrics.metrics import Metrics
from lightctl.app.running.inbox import Inbox
from lightctl.app.running.recorder import Recorder
from lightctl.control.controller import Controller
from lightctl.control.effects import Effects
from lightctl.control.policy import Policy
from lightctl.devices.profile import shipped_profiles
from lightctl.domain.errors import StoreError
from lightctl.domain.events import FleetChanged, LinkChanged, NightlyRun, NodeReported, ReviewDue
from lightctl.domain.states import ChannelReport, Command, CommandState, Fault, FaultEvent, ReportedState
from lightctl.files.settings_metrics import MetricsSettings
from lightctl.store.base import Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.controlled import ZONE, Street
from tests.support.desk import NOW, OPERATOR, Office

HOUR = dt.timedelta(hours=1)


def values(text: str) -> dict[str, float]:
    """Give each sample as `name{label=value,...}`."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{label}={value}" for label, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


@pytest.fixture
def instruments() -> Instruments:
    return Instruments(CollectorRegistry())


def counted(instruments: Instruments, name: str) -> float:
    """Ask the registry of the instruments for one sample."""
    found = {
        f"{sample.name}|{'|'.join(sample.labels.values())}".rstrip("|"): sample.value
        for metric in (
            *instruments.steps.collect(), *instruments._ended.collect(), *instruments._energy.collect(),
            *instruments._confirmed.collect(), *instruments._events.collect(),
            *instruments.store_failures.collect(), *instruments.commits.collect(),
        )
        for sample in metric.samples
    }  # fmt: skip
    return found[name]


def report(energy_wh: float | None, hours: float, node: str = "n-1") -> Effects:
    said = ReportedState(node, NOW + hours * HOUR, {0: ChannelReport(energy_wh=energy_wh)})
    return Effects(reported=(said,))


def command(state: CommandState, seconds: float = 5, priority: int = 0) -> Command:
    ended = NOW + dt.timedelta(seconds=seconds) if state.terminal else None
    return Command("n-1", 1, state, "test", NOW, NOW + HOUR, priority, finished_at=ended)


def test_commands_are_counted_when_they_end_and_no_sooner(instruments):
    for state in CommandState:
        instruments.decided(Effects(commands=(command(state, priority=10),)), 1, 0.01)
    assert [counted(instruments, f"lightctl_commands_total|{s}") for s in CommandState if s.terminal] == [1, 1, 1, 1]
    assert counted(instruments, "lightctl_command_confirmation_seconds_count|person") == 1
    assert counted(instruments, "lightctl_command_confirmation_seconds_sum|person") == 5
    assert counted(instruments, "lightctl_command_confirmation_seconds_count|plan") == 0


@pytest.mark.parametrize(
    ("readings", "kwh"),
    [
        ([(1000, 0), (1500, 1), (1750, 2)], 0.75),
        ([(5000, 0), (20, 1), (120, 2)], 0.1),
        ([(1000, 0), (4_000_000_000, 1), (4_000_000_500, 2)], 0.5),
        ([(1000, 0), (math.nan, 1), (1500, 2)], 0),
        ([(1000, 0), (1500, 0)], 0),
        ([(None, 0), (None, 1)], 0),
    ],
)
def test_energy_is_what_counters_grew_by_whatever_they_do(instruments, readings, kwh):
    for energy_wh, hours in readings:
        instruments.decided(report(energy_wh, hours), 1, 0.01)
    assert counted(instruments, "lightctl_metered_energy_kwh_total") == pytest.approx(kwh)


def test_events_are_counted_by_kind(instruments):
    said = NodeReported(ReportedState("n-1", NOW))
    instruments.hear([said, said, ReviewDue(), LinkChanged("mqtt", up=True, at=NOW)])
    assert counted(instruments, "lightctl_events_total|node_reported") == 2
    assert counted(instruments, "lightctl_events_total|link_changed") == 1
    assert counted(instruments, "lightctl_events_total|meter_read") == 0


async def test_commits_are_timed_and_a_store_that_fails_is_counted(instruments, monkeypatch):
    store = SqliteStore(None)
    recorder = Recorder(store, _at_once, Live(NOW, lambda: NOW), instruments=instruments)
    said = ReportedState("n-1", NOW, {0: ChannelReport(100)})
    with monkeypatch.context() as broken:
        broken.setattr(store, "commit", _full)
        await recorder.record(Effects(reported=(said,)))
    assert counted(instruments, "lightctl_store_failures_total") == 1
    assert counted(instruments, "lightctl_store_commit_seconds_count") == 0
    await recorder.record(Effects(reports=(said,)))
    assert counted(instruments, "lightctl_store_failures_total") == 1
    assert counted(instruments, "lightctl_store_commit_seconds_count") >= 1
    store.close()


def _full(_recorded: object) -> None:
    raise StoreError("the disk is full")


async def _at_once(work):
    work()


async def test_a_scrape_tells_of_measurements_that_are_lost_or_wait(watched):
    watched._live.drop(7)
    watched._live.telemetry_waiting = 3
    found = values((await watched.scrape()).decode())
    assert (found["lightctl_telemetry_dropped_total"], found["lightctl_telemetry_waiting"]) == (7, 3)


@pytest.fixture
def watched(office: Office) -> Metrics:
    live = Live(NOW, lambda: NOW)
    live.hear(LinkChanged("mqtt", up=False, at=NOW))
    metrics = Metrics(MetricsSettings(every_s=3600.0), live, Inbox())

    async def take():
        return office.operations.tally()

    metrics.connect({}, Controller(Policy(), shipped_profiles(), ZONE), take)
    return metrics


async def test_a_scrape_tells_of_the_store(office, watched):
    office.store.commit(
        Recorded(
            faults=(
                Fault(FaultEvent.LAMP_FAILURE, "light point", "LP1", NOW),
                Fault(FaultEvent.LAMP_FAILURE, "light point", "LP2", NOW, suppressed_by="m-1"),
                Fault(FaultEvent.STORE_FAILURE, "site", "store", NOW, severity="critical", cleared_at=NOW + HOUR),
            )
        )
    )
    office.operations.set_level(OPERATOR, Target(id="LP1"), 50, None, Guard(reason="test"))
    later = NOW + HOUR
    office.operations.set_level(OPERATOR, Target(id="LP2"), 50, later + HOUR, Guard(reason="test"), later)
    found = values((await watched.scrape()).decode())
    assert found["lightctl_faults_open{event=lampFailure,kind=alarm,severity=major}"] == 1
    assert found["lightctl_faults_open{event=lampFailure,kind=suppressed,severity=major}"] == 1
    assert found["lightctl_faults_open{event=storeFailure,kind=alarm,severity=critical}"] == 0
    assert found["lightctl_overrides_in_force"] == 1
    assert found["lightctl_schedule_version"] == 1
    assert found["lightctl_audit_entries"] == 4
    assert found["lightctl_link_up{link=mqtt}"] == 0
    assert found["lightctl_rollout_under_way"] == 0
    assert "lightctl_nightly_run_timestamp_seconds" not in found


async def test_the_inventory_is_counted_anew_when_it_changed_and_not_otherwise(office, watched):
    watched.hear([FleetChanged(office.operations._desk.fleet)])
    await counted_anew(watched)
    first = watched.sources.inventory
    assert (first.points, first.lamps, first.unassigned) == ({"in_use": 3}, {"in_use": 3}, 0)
    watched.hear([ReviewDue()])
    await counted_anew(watched)
    assert watched.sources.inventory is first
    office.operations.inventory_import(
        OPERATOR, "id,lat,lon,lamps,state\nS1,51,6,42,planned\nS2,51,6,1,in_use\n", format="csv", name="more.csv",
        mapping=None, skip_bad_rows=False, guard=Guard(),
    )  # fmt: skip
    watched.hear(office.told)
    found = values((await counted_anew(watched)).decode())
    assert found["lightctl_lamps{state=planned}"] == 42
    assert found["lightctl_light_points{state=in_use}"] == 4
    assert found["lightctl_light_points{state=retired}"] == 0
    assert found["lightctl_light_points_unassigned"] == 1


async def counted_anew(watched: Metrics) -> bytes:
    """Scrape when all figures are old."""
    for figures in watched._figures:
        figures._ended_s = float("-inf")
    return await watched.scrape()


async def test_a_scrape_tells_of_trouble_and_of_the_nightly_run(watched):
    watched._live.note("store", "the disk is full")
    watched.stepped([ReviewDue()], Effects(), 0.1)
    assert "lightctl_nightly_run_timestamp_seconds" not in values((await watched.scrape()).decode())
    watched.stepped([ReviewDue(), NightlyRun()], Effects(), 0.1)
    found = values((await watched.scrape()).decode())
    assert found["lightctl_trouble{topic=store}"] == 1
    assert found["lightctl_trouble{topic=http}"] == 0
    assert found["lightctl_nightly_run_timestamp_seconds"] == NOW.timestamp()
    assert found["lightctl_step_events_sum"] == 3


async def test_a_store_that_hangs_keeps_no_scrape_and_is_asked_once(watched, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0.01)
    asked, goes_on = [], asyncio.Event()

    async def hang():
        asked.append(1)
        await goes_on.wait()

    watched.connect({}, Controller(Policy(), shipped_profiles(), ZONE), hang)
    for _ in range(3):
        assert b"lightctl_audit_entries" not in await watched.scrape()
    assert len(asked) == 1
    await watched.close()


async def test_a_store_that_cannot_be_read_leaves_the_other_figures(watched):
    async def broken():
        raise StoreError("damaged")

    watched.connect({}, Controller(Policy(), shipped_profiles(), ZONE), broken)
    assert b"lightctl_link_up" in await watched.scrape()


async def test_the_store_is_not_read_again_before_its_time(watched):
    asked = []

    async def take():
        asked.append(1)
        raise StoreError("none")

    watched.connect({}, Controller(Policy(), shipped_profiles(), ZONE), take)
    for _ in range(5):
        await watched.scrape()
    assert len(asked) == 1


async def test_the_fleet_is_counted_in_slices_for_those_who_ask_and_the_round_is_whole(watched, monkeypatch):
    monkeypatch.setattr(module, "SLICE", 2)
    street = Street()
    street.start()
    turns = 0

    async def others():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def nothing():
        raise StoreError("none")

    watched.connect({}, street.controller, nothing)
    beside = asyncio.create_task(others())
    await asyncio.sleep(0.05)
    assert watched.sources.census is None
    turns = 0
    found = values((await watched.scrape()).decode())
    beside.cancel()
    assert found["lightctl_plan_light_points{standing=never_heard}"] == 1
    assert found["lightctl_nodes{hearing=never_heard,link=mqtt}"] == 1
    assert found["lightctl_commands_open{state=queued}"] == 1
    assert turns


async def test_lamps_that_cannot_be_counted_are_trouble_and_leave_the_other_figures(watched):
    class Broken(Controller):
        def count(self, *_: object) -> None:
            raise ValueError("broken")

    async def nothing():
        raise StoreError("none")

    street = Street()
    street.start()
    street.controller.__class__ = Broken
    watched.connect({}, street.controller, nothing)
    found = values((await watched.scrape()).decode())
    assert found["lightctl_trouble{topic=metrics}"] == 1
    assert "lightctl_plan_light_points{standing=never_heard}" not in found
    street.controller.__class__ = Controller
    found = values((await counted_anew(watched)).decode())
    assert found["lightctl_trouble{topic=metrics}"] == 0
    assert found["lightctl_plan_light_points{standing=never_heard}"] == 1


async def test_two_daemons_in_one_process_share_no_figure():
    ones = [Metrics(MetricsSettings(), Live(NOW, lambda: NOW), Inbox()) for _ in range(2)]
    ones[0].instruments.store_failures.inc()
    texts = [values((await one.scrape()).decode()) for one in ones]
    assert [found["lightctl_store_failures_total"] for found in texts] == [1, 0]
    controller = Controller(Policy(), shipped_profiles(), ZONE)
    assert controller.nodes == ()
