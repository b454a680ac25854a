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

_FIGURES = {"quarter": QUARTER_MS, "day": DAY_MS, "gap": LONGEST_GAP_MS, "meter": METER_CHANNEL, "most_wh": MOST_WH}
_SOURCES: dict[str, dict[str, object]] = {
    "reports": {
        "number": "r.channel",
        "own": "r.channel = job.number",
        "is_own": f"number <> {METER_CHANNEL}",
        "columns": "r.seq, r.id, coalesce(r.commanded, r.level) AS level",
        "most_w": MOST_LAMP_W,
    },
    "readings": {
        "number": METER_CHANNEL,
        "own": f"job.number = {METER_CHANNEL}",
        "is_own": f"number = {METER_CHANNEL}",
        "columns": "0 AS seq, r.id, NULL AS level",
        "most_w": MOST_METER_W,
    },
}


def _of_each(template: str) -> dict[str, str]:
    """Write a statement for the table of reports and for that of readings."""
    return {source: template.format(source=source, **_FIGURES, **words) for source, words in _SOURCES.items()}


TABLES = """\
CREATE TEMP TABLE IF NOT EXISTS job (
  id INTEGER PRIMARY KEY, channel INTEGER, day INTEGER, node TEXT, number INTEGER, counts INTEGER,
  since INTEGER, until INTEGER, first INTEGER, last INTEGER
);
CREATE TEMP TABLE IF NOT EXISTS cell (job INTEGER, start INTEGER, PRIMARY KEY (job, start)) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS span (resolution INTEGER, start INTEGER, until INTEGER);
CREATE TEMP TABLE IF NOT EXISTS total (id INTEGER PRIMARY KEY, resolution INTEGER, channel INTEGER, start INTEGER);
CREATE TEMP TABLE IF NOT EXISTS part (total INTEGER, resolution INTEGER, channel INTEGER, since INTEGER, until INTEGER)
"""
DESK = ("job", "cell", "span", "total", "part")

# -- noting which spans new rows touch ---------------------------------------------------------------------------------

NEW_CHANNELS = _of_each("""\
INSERT OR IGNORE INTO channels (node, channel) SELECT DISTINCT r.node, {number} FROM {source} r
WHERE r.id > ?1 AND r.id <= ?2
""")
COUNTING_CHANNELS = _of_each("""\
UPDATE channels SET counts = 1 WHERE counts = 0 AND (node, channel) IN (
  SELECT r.node, {number} FROM {source} r WHERE r.id > ?1 AND r.id <= ?2 AND r.energy_wh BETWEEN 0 AND {most_wh}
)
""")
TOUCH = _of_each("""\
INSERT INTO touched (channel, day, since, until)
SELECT c.id, r.observed_at / {day}, min(r.observed_at), max(r.observed_at)
FROM {source} r JOIN channels c ON c.node = r.node AND c.channel = {number}
WHERE r.id > ?1 AND r.id <= ?2 AND r.observed_at >= ?3 GROUP BY c.id, r.observed_at / {day}
ON CONFLICT DO UPDATE SET since = min(since, excluded.since), until = max(until, excluded.until)
""")

# -- what is to be reckoned anew ---------------------------------------------------------------------------------------

TAKE_JOBS = """\
INSERT INTO temp.job (channel, day, node, number, counts, since, until)
SELECT t.channel, t.day, c.node, c.channel, c.counts, t.since, t.until
FROM touched t JOIN channels c ON c.id = t.channel ORDER BY t.channel, t.day LIMIT ?
"""
KINDS = "SELECT DISTINCT number FROM temp.job"

# The quarters from the last count of energy before to the first one after, or as far as the last level holds.
QUARTERS_TOUCHED = _of_each("""\
UPDATE temp.job SET
  since = coalesce(CASE WHEN counts THEN (
    SELECT r.observed_at FROM {source} r WHERE r.node = job.node AND {own} AND r.energy_wh BETWEEN 0 AND {most_wh}
    AND r.observed_at BETWEEN job.since - {gap} AND job.since - 1 ORDER BY r.observed_at DESC LIMIT 1
  ) END, since) / {quarter} * {quarter},
  until = (max(until + ?1, coalesce(CASE WHEN counts THEN (
    SELECT r.observed_at FROM {source} r WHERE r.node = job.node AND {own} AND r.energy_wh BETWEEN 0 AND {most_wh}
    AND r.observed_at BETWEEN job.until + 1 AND job.until + {gap} ORDER BY r.observed_at LIMIT 1
  ) END, until)) / {quarter} + 1) * {quarter}
WHERE {is_own}
""")
# The rows that bear on them: those whose level may still hold, and the counts around.
ROWS_NEEDED = _of_each("""\
UPDATE temp.job SET
  first = min(since - ?1, coalesce(CASE WHEN counts THEN (
    SELECT r.observed_at FROM {source} r WHERE r.node = job.node AND {own} AND r.energy_wh BETWEEN 0 AND {most_wh}
    AND r.observed_at BETWEEN job.since - {gap} AND job.since ORDER BY r.observed_at DESC LIMIT 1
  ) END, since)),
  last = coalesce(CASE WHEN counts THEN (
    SELECT r.observed_at FROM {source} r WHERE r.node = job.node AND {own} AND r.energy_wh BETWEEN 0 AND {most_wh}
    AND r.observed_at BETWEEN job.until AND job.until + {gap} ORDER BY r.observed_at LIMIT 1
  ) END, until)
WHERE {is_own}
""")
FREEZE = "UPDATE temp.job SET since = max(since, ?1)"
MAKE_CELLS = """\
INSERT INTO temp.cell
WITH RECURSIVE each (job, start, until) AS (
  SELECT id, since, until FROM temp.job WHERE since < until
  UNION ALL
  SELECT job, start + ?1, until FROM each WHERE start + ?1 < until
)
SELECT job, start FROM each
"""

# -- reckoning ---------------------------------------------------------------------------------------------------------

CLEAR_QUARTERS = """\
DELETE FROM usage WHERE (resolution, channel, start) IN (
  SELECT 0, job.channel, u.start FROM temp.job
  CROSS JOIN usage u ON u.resolution = 0 AND u.channel = job.channel AND u.start >= job.since AND u.start < job.until
)
"""

# A counter that fell was reset, or fell back to what was saved last: what it shows now counts if the lamp can have
# drawn that much. One that grew more than any lamp or meter draws was replaced: that gap says nothing.
QUARTERS = _of_each("""\
INSERT OR REPLACE INTO usage (resolution, channel, start, energy_wh, metered_ms, reports, levels)
WITH
sample AS MATERIALIZED (
  SELECT job.id AS job, r.observed_at AS t, {columns}, r.power_w AS power,
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
  WHERE level IS NOT NULL AND held.until > held.since
  UNION ALL
  SELECT job, start, NULL, NULL, CASE WHEN until > since THEN wh * metered_ms / (until - since) ELSE wh END,
    metered_ms, 0
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
""")
MARK_STALE = """\
INSERT OR IGNORE INTO stale SELECT span.resolution, job.channel, span.start
FROM temp.job CROSS JOIN temp.span WHERE span.start < job.until AND span.until > job.since
"""
DONE_JOBS = "DELETE FROM touched WHERE (channel, day) IN (SELECT channel, day FROM temp.job)"

# -- nights and months -------------------------------------------------------------------------------------------------

STALE = "SELECT channel, start FROM stale WHERE resolution = ? ORDER BY start, channel LIMIT ?"
CLEAR_TOTALS = """\
DELETE FROM usage WHERE (resolution, channel, start) IN (SELECT resolution, channel, start FROM temp.total)
"""
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
DONE_TOTALS = """\
DELETE FROM stale WHERE (resolution, start, channel) IN (SELECT resolution, start, channel FROM temp.total)
"""
