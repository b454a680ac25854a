"""Every value comes back as it went in."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lightctl.domain.assets import Capabilities, Dates, LifeCycle, LightPoint
from lightctl.domain.events import ActionFinished, MessageQuarantined, NodeAnnounced
from lightctl.domain.moves import brief
from lightctl.domain.selectors import Operator, Selector, Term
from lightctl.domain.single import lean
from lightctl.domain.states import (
    ActionKind,
    ChannelDesired,
    ChannelReport,
    Command,
    CommandState,
    DesiredState,
    Fault,
    FaultEvent,
    HeldOverride,
    NodeAction,
    Override,
    Reading,
    Reason,
    ReportedState,
    Scope,
    Switch,
)
from lightctl.store import codec
from lightctl.store.base import AuditDraft, Recorded
from lightctl.store.sqlite import SqliteStore
from tests.support.stores import NOW, draft, report

UNHURRIED = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
ZONES = st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=2)), dt.timezone(-dt.timedelta(minutes=210))])
_FIRST, _LAST = dt.datetime(1970, 1, 2), dt.datetime(2100, 1, 1)  # noqa: DTZ001 - the zones are drawn
INSTANTS = st.datetimes(_FIRST, _LAST, timezones=ZONES)
MAYBE_INSTANTS = st.none() | INSTANTS
TEXTS = st.text(max_size=20)
NAMES = st.text(min_size=1, max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
MAYBE_NUMBERS = st.none() | NUMBERS
LEVELS = st.integers(0, 100)
REVISIONS = st.integers(0, 2**63 - 1)
TAGS = st.dictionaries(TEXTS, TEXTS, max_size=3)

POINTS = st.builds(
    LightPoint, NAMES, NUMBERS, NUMBERS, kind=TEXTS, lamps=st.integers(1, 99), rated_power_w=MAYBE_NUMBERS,
    standby_power_w=NUMBERS, node=TEXTS, channel=st.integers(0, 64), state=st.sampled_from(LifeCycle), tags=TAGS,
)  # fmt: skip
TERMS = st.builds(Term, TEXTS, st.sampled_from(Operator), st.lists(TEXTS, max_size=3).map(tuple))
SELECTORS = st.builds(Selector, st.lists(TERMS, max_size=3).map(tuple))
OVERRIDES = st.builds(
    Override, NAMES, st.sampled_from(Scope), SELECTORS, LEVELS, INSTANTS, INSTANTS, TEXTS, TEXTS, st.integers(0, 3600)
)  # fmt: skip
SWITCHES = st.lists(st.builds(Switch, INSTANTS, LEVELS, st.integers(0, 3600), TEXTS), max_size=6).map(tuple)
HELD = st.none() | st.builds(HeldOverride, TEXTS, LEVELS, INSTANTS, st.integers(0, 3600))
DOCUMENTS = st.dictionaries(st.integers(0, 64), st.builds(ChannelDesired, SWITCHES, HELD), max_size=3)
DESIRED = st.builds(DesiredState, NAMES, REVISIONS, INSTANTS, INSTANTS, DOCUMENTS)
COMMANDS = st.builds(
    Command, NAMES, REVISIONS, st.sampled_from(CommandState), TEXTS, INSTANTS, INSTANTS, st.integers(0, 9),
    st.integers(0, 99), MAYBE_INSTANTS, MAYBE_INSTANTS, MAYBE_INSTANTS, TEXTS,
).map(lambda command: replace(
    command,
    sent_at=NOW if command.state is CommandState.SENT else command.sent_at,
    finished_at=(command.finished_at or NOW) if command.state.terminal else None,
))  # fmt: skip
CHANNEL_REPORTS = st.builds(
    ChannelReport, st.none() | LEVELS, st.none() | LEVELS, st.none() | st.sampled_from(Reason), MAYBE_NUMBERS,
    MAYBE_NUMBERS, MAYBE_NUMBERS, MAYBE_NUMBERS, MAYBE_NUMBERS, MAYBE_NUMBERS, MAYBE_NUMBERS,
    st.lists(TEXTS, max_size=3).map(tuple),
)  # fmt: skip
REPORTS = st.builds(
    ReportedState, NAMES, INSTANTS, st.dictionaries(st.integers(0, 64), CHANNEL_REPORTS, min_size=1, max_size=3), NAMES,
    REVISIONS, MAYBE_INSTANTS, st.none() | REVISIONS, st.booleans(), st.lists(TEXTS, max_size=3).map(tuple),
)  # fmt: skip
CAPABILITIES = st.builds(
    Capabilities, st.integers(0, 99), st.integers(0, 999), st.integers(1, 60), st.booleans(), LEVELS,
    st.integers(1, 64), st.booleans(), st.lists(LEVELS, max_size=4).map(tuple), st.sampled_from(Dates), st.booleans(),
)  # fmt: skip
HELLOS = st.builds(
    NodeAnnounced, NAMES, NAMES, CAPABILITIES, REVISIONS, INSTANTS, MAYBE_INSTANTS, TEXTS, TEXTS
)  # fmt: skip
READINGS = st.builds(Reading, NAMES, INSTANTS, st.dictionaries(TEXTS, NUMBERS, max_size=4))
FAULTS = st.builds(
    Fault, st.sampled_from(FaultEvent), NAMES, NAMES, INSTANTS, TEXTS, TEXTS, MAYBE_INSTANTS
)  # fmt: skip


def by(key, values, **limits):
    return st.lists(values, unique_by=key, max_size=5, **limits)


@given(INSTANTS)
def test_instants_come_back_and_sort_as_text(instant):
    later = instant + dt.timedelta(microseconds=1)
    assert codec.to_instant(codec.to_text(instant)) == instant
    assert codec.to_text(instant) < codec.to_text(later)


@UNHURRIED
@given(
    by(lambda p: p.id, POINTS),
    by(lambda o: o.id, OVERRIDES),
    TAGS,
    TEXTS,
    st.none() | LEVELS,
    MAYBE_INSTANTS,
    st.lists(TEXTS, max_size=5),
)
def test_intent_comes_back(points, overrides, files, change, level, until, ids):
    store = SqliteStore(None)
    with store.transaction():
        store.put_points(points, draft())
        store.put_schedules(files, draft())
        store.add_overrides(overrides, change, None)
        store.record_change(change, "dim", NOW, ids, level, until, None)
    snapshot = store.replay(NOW)
    assert snapshot.points == tuple(points)
    assert list(snapshot.schedule_files.items()) == sorted(files.items(), key=lambda item: item[0].encode())
    assert snapshot.overrides == tuple(o for o in overrides if o.until > NOW)
    found = store.change(change)
    assert found is not None
    assert (found.light_points, found.level, found.until) == (tuple(ids), level, until)
    assert found.overrides == tuple(o.id for o in overrides)
    store.close()


@UNHURRIED
@given(
    by(lambda d: d.node, DESIRED),
    by(lambda r: r.node, REPORTS),
    by(lambda h: h.node, HELLOS),
    by(lambda f: f.key, FAULTS),
)
def test_what_nodes_are_and_shall_be_comes_back(desired, reports, hellos, faults):
    store = SqliteStore(None)
    effects = Recorded(desired=tuple(desired), reported=tuple(reports), announced=tuple(hellos), faults=tuple(faults))
    store.commit(effects)
    snapshot = store.replay(NOW)
    nodes = {node.node: node for node in snapshot.nodes}
    assert nodes.keys() == {value.node for value in (*desired, *reports, *hellos)}
    assert {n: node.desired for n, node in nodes.items() if node.desired} == {d.node: d for d in desired}
    assert {n: node.reported for n, node in nodes.items() if node.reported} == {r.node: r for r in reports}
    assert {n: node.capabilities for n, node in nodes.items() if node.capabilities} == {
        h.node: h.capabilities for h in hellos
    }
    # `cause` and node-wide flags do not count in comparisons of switches; they come back all the same.
    for state in desired:
        back = nodes[state.node].desired
        assert back is not None
        for number, channel in state.channels.items():
            assert [s.cause for s in back.channels[number].switches] == [s.cause for s in channel.switches]
    assert set(snapshot.open_faults) == {f for f in faults if f.cleared_at is None}
    assert {f for _, f in store.faults()} == set(faults)
    used = {d.node: d.revision for d in desired}
    seen = {r.node: r.applied_revision or 0 for r in reports}
    told = {h.node: h.applied_revision for h in hellos}
    for name, node in nodes.items():
        assert node.highest_revision == max(used.get(name, 0), seen.get(name, 0), told.get(name, 0))
    store.close()


@UNHURRIED
@given(by(lambda c: c.node, COMMANDS))
def test_commands_come_back(commands):
    store = SqliteStore(None)
    store.commit(Recorded(commands=tuple(commands)))
    assert store.commands() == tuple(reversed(commands))
    assert {node.node: node.command for node in store.replay(NOW).nodes} == {c.node: brief(c) for c in commands}
    store.close()


@UNHURRIED
@given(
    by(lambda a: a.id, st.builds(NodeAction, NAMES, NAMES, st.sampled_from(ActionKind), INSTANTS, TAGS)),
    st.lists(st.builds(MessageQuarantined, TEXTS, TEXTS, TEXTS, INSTANTS, st.binary(max_size=20)), max_size=5),
    TEXTS,
)
def test_actions_and_refused_messages_come_back(actions, refused, detail):
    store = SqliteStore(None)
    answers = tuple(ActionFinished(a.node, a.id, "done", NOW, detail) for a in actions)
    store.commit(Recorded(actions=tuple(actions), action_results=answers, quarantined=tuple(refused)))
    for action in actions:
        found = store.action(action.id)
        assert found is not None
        assert (found.action, found.status, found.detail, found.finished_at) == (action, "done", detail, NOW)
    assert store.quarantine() == tuple(reversed(refused))
    store.close()


@UNHURRIED
@given(by(lambda r: (r.node, r.boot_id, r.seq), REPORTS), by(lambda r: (r.node, r.at), READINGS))
def test_telemetry_comes_back(reports, readings):
    store = SqliteStore(None)
    store.add_reports(reports)
    store.add_readings(readings)
    first, last = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(2101, 1, 1, tzinfo=dt.UTC)
    for said in reports:
        plain = replace(said, verified=False, flags=())
        assert plain in store.reports(said.node, first, last)
    for reading in readings:
        assert reading in store.readings(reading.node, first, last)
    store.close()


DRAFTS = st.builds(AuditDraft, INSTANTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)


@UNHURRIED
@given(st.lists(DRAFTS, min_size=1, max_size=4))
def test_audit_entries_come_back_and_verify(drafts):
    store = SqliteStore(None)
    for made in drafts:
        store.put_schedules({}, made)
    back = [AuditDraft(e.at, e.user, e.origin, e.verb, e.target, e.reason, e.detail) for e in reversed(store.audit())]
    assert back == drafts
    assert store.verify_audit().ok
    store.close()


def test_a_report_with_the_channels_of_a_single_lamp_comes_back_as_it_is():
    store = SqliteStore(None)
    said = report(channels=lean({0: ChannelReport(70, 70, power_w=35.5)}))
    store.commit(Recorded(reported=(said,)))
    (restored,) = store.replay(NOW).nodes
    assert restored.reported == said
    assert store.last_reports() == {said.node: said}
    store.close()
