"""The SQL that reckons usage from measurements; rollup.py says in which order, schema_usage.py what the tables mean.

All instants and durations are whole milliseconds. A job is one channel and the quarters [since, until) that are
reckoned anew from all its rows between `first` and `last`; a cell is one such quarter. A total is one night or month of
a channel, a part the span of shorter spans that add up to it.
"""

from __future__ import annotations

from lightctl.store.schema_usage import METER_CHANNEL

QUARTER_MS = 15 * 60 * 1000
DAY_MS = 24 * 3600 * 1000
LONGEST_GAP_MS = 31 * DAY_MS
MOST_LAMP_W, MOST_METER_W = 25_000.0, 1_000_000.0
MOST_WH = 1e15

TABLES = (
    "CREATE TEMP TABLE IF NOT EXISTS job (id INTEGER PRIMARY KEY, channel INTEGER, day INTEGER, node TEXT, number "
    "INTEGER, counts INTEGER, since INTEGER, until INTEGER, first INTEGER, last INTEGER)",
    "CREATE TEMP TABLE IF NOT EXISTS cell (job INTEGER, start INTEGER, PRIMARY KEY (job, start)) WITHOUT ROWID",
    "CREATE TEMP TABLE IF NOT EXISTS span (resolution INTEGER, start INTEGER, until INTEGER)",
    "CREATE TEMP TABLE IF NOT EXISTS total (id INTEGER PRIMARY KEY, resolution INTEGER, channel INTEGER, start INTEGER)",
    "CREATE TEMP TABLE IF NOT EXISTS part (total INTEGER, resolution INTEGER, channel INTEGER, since INTEGER, "
    "until INTEGER)",
)

# -- noting which spans new rows touch -----------------------------------------------------------------------------------

_NUMBER = {"reports": "r.channel", "readings": str(METER_CHANNEL)}

NEW_CHANNELS = {
    source: (
        f"INSERT OR IGNORE INTO channels (node, channel) SELECT DISTINCT r.node, {number} FROM {source} r "
        "WHERE r.id > ?1 AND r.id <= ?2"
    )
    for source, number in _NUMBER.items()
}
COUNTING_CHANNELS = {
    source: (
        f"UPDATE channels SET counts = 1 WHERE counts = 0 AND (node, channel) IN (SELECT r.node, {number} "
        f"FROM {source} r WHERE r.id > ?1 AND r.id <= ?2 AND r.energy_wh IS NOT NULL)"
    )
    for source, number in _NUMBER.items()
}
TOUCH = {
    source: (
        f"INSERT INTO touched (channel, day, since, until) SELECT c.id, r.observed_at / {DAY_MS}, min(r.observed_at), "
        f"max(r.observed_at) FROM {source} r JOIN channels c ON c.node = r.node AND c.channel = {number} "
        f"WHERE r.id > ?1 AND r.id <= ?2 AND r.observed_at >= ?3 GROUP BY c.id, r.observed_at / {DAY_MS} "
        "ON CONFLICT DO UPDATE SET since = min(since, excluded.since), until = max(until, excluded.until)"
    )
    for source, number in _NUMBER.items()
}

# -- what is to be reckoned anew -----------------------------------------------------------------------------------------

TAKE_JOBS = (
    "INSERT INTO temp.job (channel, day, node, number, counts, since, until) SELECT t.channel, t.day, c.node, c.channel, "
    "c.counts, t.since, t.until FROM touched t JOIN channels c ON c.id = t.channel ORDER BY t.channel, t.day LIMIT ?"
)
SOURCES = f"SELECT DISTINCT number = {METER_CHANNEL} FROM temp.job"
IS_METER = {"reports": f"number <> {METER_CHANNEL}", "readings": f"number = {METER_CHANNEL}"}


def _counted(source: str, which: str, than: str) -> str:
    """Give the nearest row of a job's channel that counts energy, `which` (max, min) of those `than` says."""
    own = "AND r.channel = job.number" if source == "reports" else ""
    order = "DESC" if which == "max" else "ASC"
    return (
        f"CASE WHEN counts THEN (SELECT r.observed_at FROM {source} r WHERE r.node = job.node {own} "
        f"AND r.energy_wh IS NOT NULL AND r.observed_at {than} ORDER BY r.observed_at {order} LIMIT 1) END"
    )


def _widen(source: str) -> tuple[str, str]:
    before = _counted(source, "max", f"BETWEEN job.since - {LONGEST_GAP_MS} AND job.since - 1")
    after = _counted(source, "min", f"BETWEEN job.until + 1 AND job.until + {LONGEST_GAP_MS}")
    earlier = _counted(source, "max", f"BETWEEN job.since - {LONGEST_GAP_MS} AND job.since")
    later = _counted(source, "min", f"BETWEEN job.until AND job.until + {LONGEST_GAP_MS}")
    quarters = (
        f"UPDATE temp.job SET since = coalesce({before}, since) / {QUARTER_MS} * {QUARTER_MS}, "
        f"until = (max(coalesce({after}, until), until + ?1) / {QUARTER_MS} + 1) * {QUARTER_MS} WHERE {IS_METER[source]}"
    )
    rows = (
        f"UPDATE temp.job SET first = min(since - ?1, coalesce({earlier}, since)), last = coalesce({later}, until) "
        f"WHERE {IS_METER[source]}"
    )
    return quarters, rows


WIDEN = {source: _widen(source) for source in _NUMBER}
FREEZE = "UPDATE temp.job SET since = max(since, ?1)"
MAKE_CELLS = (
    f"INSERT INTO temp.cell WITH RECURSIVE each (job, start, until) AS (SELECT id, since, until FROM temp.job WHERE since "
    f"< until UNION ALL SELECT job, start + {QUARTER_MS}, until FROM each WHERE start + {QUARTER_MS} < until) "
    "SELECT job, start FROM each"
)

# -- reckoning -----------------------------------------------------------------------------------------------------------

CLEAR_QUARTERS = (
    "DELETE FROM usage WHERE (resolution, channel, start) IN (SELECT 0, job.channel, u.start FROM temp.job CROSS JOIN "
    "usage u ON u.resolution = 0 AND u.channel = job.channel AND u.start >= job.since AND u.start < job.until)"
)

# A counter that fell was reset, or fell back to what was saved last: what it shows now counts if the lamp can have drawn
# that much. One that grew more than any lamp or meter draws was replaced: that gap says nothing.
_QUARTERS = """\
INSERT OR REPLACE INTO usage (resolution, channel, start, energy_wh, metered_ms, reports, levels)
WITH
sample AS MATERIALIZED (
  SELECT job.id AS job, r.observed_at AS t, {columns},
    CASE WHEN r.energy_wh BETWEEN 0 AND {most_wh} THEN r.energy_wh END AS wh
  FROM temp.job CROSS JOIN {source} r ON r.node = job.node AND r.observed_at BETWEEN job.first AND job.last
  WHERE {own}
),
held AS (
  SELECT job, level, t AS since, min(t + ?1, coalesce(lead(t) OVER (PARTITION BY job ORDER BY t, seq, id), t + ?1))
    AS until
  FROM sample
),
counter AS (
  SELECT job, t AS until, wh, power, lag(t) OVER earlier AS since, lag(wh) OVER earlier AS wh_before,
    lag(power) OVER earlier AS power_before
  FROM sample WHERE wh IS NOT NULL WINDOW earlier AS (PARTITION BY job ORDER BY t, seq, id)
),
growth AS (
  SELECT job, since, until, CASE WHEN wh >= wh_before THEN wh - wh_before ELSE wh END AS wh
  FROM counter
  WHERE until - since <= {gap} AND CASE
    WHEN wh >= wh_before THEN wh - wh_before <= {most_w} * (until - since + {quarter}) / 3600000.0
    ELSE wh <= 1.5 * max(coalesce(power, power_before), coalesce(power_before, power)) * (until - since) / 3600000.0 + 1
  END
),
piece AS (
  SELECT cell.job, cell.start, level, min(held.until, cell.start + {quarter}) - max(held.since, cell.start) AS ms,
    NULL AS wh, 0 AS metered_ms, 0 AS reports
  FROM held CROSS JOIN temp.cell ON cell.job = held.job
    AND cell.start > held.since - {quarter} AND cell.start < held.until
  WHERE level IS NOT NULL
  UNION ALL
  SELECT job, start, NULL, NULL, CASE WHEN until > since THEN wh * metered_ms / (until - since) ELSE wh END, metered_ms, 0
  FROM (
    SELECT cell.job, cell.start, growth.since, growth.until, growth.wh,
      max(0, min(growth.until, cell.start + {quarter}) - max(growth.since, cell.start)) AS metered_ms
    FROM growth CROSS JOIN temp.cell ON cell.job = growth.job
      AND cell.start > growth.since - {quarter} AND cell.start <= max(growth.since, growth.until - 1)
  )
  UNION ALL
  SELECT cell.job, cell.start, NULL, NULL, NULL, 0, 1
  FROM sample CROSS JOIN temp.cell ON cell.job = sample.job AND cell.start = sample.t / {quarter} * {quarter}
),
by_level AS (
  SELECT job, start, level, sum(ms) AS ms, sum(wh) AS wh, sum(metered_ms) AS metered_ms, sum(reports) AS reports
  FROM piece GROUP BY job, start, level
)
SELECT 0, job.channel, start, sum(wh), sum(metered_ms), sum(reports),
  json_group_object(level, ms) FILTER (WHERE level IS NOT NULL)
FROM by_level JOIN temp.job ON job.id = by_level.job GROUP BY by_level.job, start
"""


def _quarters(source: str) -> str:
    lamps = source == "reports"
    return _QUARTERS.format(
        source=source,
        columns=(
            "r.seq, r.id, coalesce(r.commanded, r.level) AS level, r.power_w AS power"
            if lamps
            else "0 AS seq, r.id, NULL AS level, r.power_w AS power"
        ),
        own="r.channel = job.number" if lamps else f"job.number = {METER_CHANNEL}",
        most_w=MOST_LAMP_W if lamps else MOST_METER_W,
        most_wh=MOST_WH,
        gap=LONGEST_GAP_MS,
        quarter=QUARTER_MS,
    )


QUARTERS = {source: _quarters(source) for source in _NUMBER}
MARK_STALE = (
    "INSERT OR IGNORE INTO stale SELECT span.resolution, job.channel, span.start FROM temp.job CROSS JOIN temp.span "
    "WHERE span.start < job.until AND span.until > job.since"
)
DONE_JOBS = "DELETE FROM touched WHERE (channel, day) IN (SELECT channel, day FROM temp.job)"

# -- nights and months ---------------------------------------------------------------------------------------------------

STALE = "SELECT channel, start FROM stale WHERE resolution = ? ORDER BY start, channel LIMIT ?"
CLEAR_TOTALS = (
    "DELETE FROM usage WHERE (resolution, channel, start) IN (SELECT resolution, channel, start FROM temp.total)"
)
TOTALS = """\
INSERT INTO usage (resolution, channel, start, energy_wh, metered_ms, reports, levels)
WITH
unit AS MATERIALIZED (
  SELECT part.total, energy_wh, metered_ms, reports, levels
  FROM temp.part CROSS JOIN usage u ON u.resolution = part.resolution AND u.channel = part.channel
    AND u.start >= part.since AND u.start < part.until
),
by_level AS (
  SELECT total, CAST(key AS INTEGER) AS level, sum(value) AS ms FROM unit CROSS JOIN json_each(unit.levels)
  GROUP BY total, CAST(key AS INTEGER)
),
piece AS (
  SELECT total, NULL AS level, NULL AS ms, energy_wh, metered_ms, reports FROM unit
  UNION ALL
  SELECT total, level, ms, NULL, 0, 0 FROM by_level
)
SELECT t.resolution, t.channel, t.start, sum(energy_wh), sum(metered_ms), sum(reports),
  json_group_object(level, ms) FILTER (WHERE level IS NOT NULL)
FROM piece JOIN temp.total t ON t.id = piece.total GROUP BY t.id
"""
DONE_TOTALS = (
    "DELETE FROM stale WHERE (resolution, start, channel) IN (SELECT resolution, start, channel FROM temp.total)"
)
