"""Schedule files of every shape the grammar has, as people could have typed them: what readers and schema must take."""

from __future__ import annotations

import json
import re

from hypothesis import strategies as st

from lightctl.domain.programs import SunEvent
from lightctl.files.dates import NTH, WEEKDAYS

Text = st.SearchStrategy[str]

NAMES = ("p", "2", "0x10", "1e5", "1e-5", "true", "on", "Yes", "null", "a_b-C", "x" * 64)
DRAWN = NAMES[:3]
_SAFE = re.compile(
    r"(?!.*: )[A-Za-z0-9][A-Za-z0-9_.:()=! +-]*(?<! )"
)  # unquoted between { and }: no sign YAML gives a meaning

blank = st.sampled_from(("", "", " ", "  ", "\t", "\u00a0"))
level = st.integers(0, 100).map(str)
clock = st.builds("{:02}:{:02}{}".format, st.integers(0, 23), st.integers(0, 59), st.sampled_from(("", ":00", ":59")))
duration = st.builds("{}{}{}".format, st.sampled_from(("", "1h", "011h")), st.sampled_from(("", "30m")), st.just("9s"))
angle = st.sampled_from(("", "(-3)", "( -4.5 )", " (+2.125000)", "(90)", "(-90.0)", "(09)"))


@st.composite
def sun_time(draw: st.DrawFn) -> str:
    event = draw(st.sampled_from(SunEvent))
    text = str(event) + (draw(angle) if event in (SunEvent.DUSK, SunEvent.DAWN) else "")
    if draw(st.booleans()):
        text += draw(blank) + draw(st.sampled_from("+-")) + draw(blank) + draw(duration)
    return text


time = clock | sun_time()
window = st.builds("{}{}..{}{}".format, time, blank, blank, time)
day = st.sampled_from(("01-31", "02-29", "12-24", "06-01"))
dated = st.builds("{}-{}".format, st.just("2028"), day)
dates = st.builds("{}{}..{}{}".format, day, blank, blank, day) | day | dated | st.just("2026-11-27..2026-12-23")
weekday = st.sampled_from(WEEKDAYS)
weekdays = st.builds("{}{}..{}{}".format, weekday, blank, blank, weekday) | weekday
holiday = st.sampled_from(("DE", "DE-NW", "NO", "US-DC", "AT-9"))
value = st.sampled_from(("a", "6", "Hohe Straße", "x-1_2.3", "o'clock", "true"))
key, sign = st.sampled_from(("kind", "ward.id", "_x")), st.sampled_from(("=", "!="))
term = st.one_of(
    st.builds("{}{}{}{}{}".format, key, blank, sign, blank, value),
    st.builds("{} in{}({}{},{}{})".format, st.just("district"), blank, blank, value, blank, value),
    st.sampled_from(("ward", "true")),
)  # fmt: skip
selector = st.builds("{0}{1}{0}".format, blank, st.just("*") | st.lists(term, min_size=1, max_size=3).map(", ".join))
words = st.sampled_from(("12", "1.5", "true", ".inf", "2026-11-27", "Full light: all night", "", "zwölf \u2028 # x"))


@st.composite
def written(draw: st.DrawFn, texts: Text) -> str:
    """Give a text as a YAML scalar: without quotes where it may stand so and does not mean nothing, else in quotes."""
    text = draw(texts)
    if _SAFE.fullmatch(text) and text != "null" and draw(st.booleans()):
        return text
    return "'" + text.replace("'", "''") + "'" if "\t" not in text and draw(st.booleans()) else json.dumps(text)


def one_or_list(texts: Text) -> Text:
    return written(texts) | st.lists(written(texts), min_size=1, max_size=3).map(_listed)


def mapping(required: dict[str, Text], optional: dict[str, Text]) -> Text:
    entries = st.fixed_dictionaries(required, optional=optional)
    return entries.map(lambda found: "{" + ", ".join(f"{key}: {value}" for key, value in found.items()) + "}")


def _listed(items: list[str]) -> str:
    return f"[{', '.join(items)}]"


def _some(items: Text) -> Text:
    return st.lists(items, max_size=3).map(_listed)


evening, morning = st.sampled_from(("12:00", "16:30:15", "23:59")), st.sampled_from(("00:00", "05:30", "11:59:59"))
clamps = {"earliest": written(evening), "latest": written(morning)}
edge = written(time) | mapping({"at": written(time)}, clamps)
opening = written(window) | mapping({"from": edge, "to": edge}, {})
step = mapping({"at": written(time), "level": level}, {"ramp": written(duration), **clamps})
program = mapping(
    {},
    {
        "description": written(words),
        "active": opening | st.lists(opening, min_size=1, max_size=2).map(_listed),
        "start_level": level,
        "steps": _some(step),
    },
)
name = written(st.sampled_from(NAMES))
when = {"dates": one_or_list(dates), "weekdays": one_or_list(weekdays), "holidays": written(holiday)}
nth = one_or_list(st.sampled_from(NTH))
rule = st.one_of(
    mapping({"program": name, "dates": when["dates"]}, {"weekdays": when["weekdays"], "holidays": when["holidays"]}),
    mapping({"program": name, "weekdays": when["weekdays"]}, {"nth": nth, "dates": when["dates"]}),
    mapping({"program": name, "holidays": when["holidays"]}, {}),
)
calendar = mapping({"default": name}, {"rules": _some(rule)})
assignment = mapping({"select": written(selector), "calendar": name}, {})
protection = mapping({"select": written(selector), "min_level": level}, {"reason": written(words)})


@st.composite
def plans(draw: st.DrawFn) -> str:
    """Give the text of one schedule file; readers may still refuse it for what only the whole shows."""
    lines = ["version: 1"]
    for section, entry, plain in (("programs", program, "{}"), ("calendars", calendar, "{default: p}")):
        lines += [f"{section}:", *(f"  {one}: {draw(entry) if one in DRAWN else plain}" for one in NAMES)]
    lines += [f"assignments: {draw(_some(assignment))}"] if draw(st.booleans()) else []
    lines += [f"protections: {draw(_some(protection))}"] if draw(st.booleans()) else []
    return "\n".join(lines) + "\n"
