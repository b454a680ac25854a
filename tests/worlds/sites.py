"""Sites for long worlds: places on earth at which sun and clocks do odd things, with a plan that meets them.

Each site has ten years of its own to be lived through. The plan is one, with the holidays of the site's country: clock
times that fall into both nights in which clocks change, steps and windows that follow the sun, ramps, a leap day, the
last Saturdays of spring and autumn, weekends, a wrap over New Year, and protections.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lightctl.domain.assets import Place


@dataclass(frozen=True, slots=True)
class Site:
    """A place, the country whose holidays it keeps, the first night, and what is odd about it."""

    name: str
    latitude: float
    longitude: float
    zone: str
    holidays: str
    why: str
    first: dt.date = dt.date(2026, 3, 1)

    @property
    def place(self) -> Place:
        """Where it is, and its clock."""
        return Place(self.latitude, self.longitude, self.zone)


SITES = {
    site.name: site
    for site in (
        Site("longyearbyen", 78.2232, 15.6267, "Arctic/Longyearbyen", "NO", "sun down or up for months"),
        Site("casablanca", 33.5731, -7.5898, "Africa/Casablanca", "MA", "clocks go back for Ramadan, by the moon"),
        Site("lord-howe", -31.5553, 159.0821, "Australia/Lord_Howe", "AU-NSW", "clocks change by half an hour"),
        Site(
            "apia", -13.8333, -171.7667, "Pacific/Apia", "WS", "a day left out in 2011, no summer time from 2021 on",
            dt.date(2011, 9, 1),
        ),
        Site("vadso", 70.0744, 29.7487, "Europe/Oslo", "NO", "polar, and sunset before noon by its clock"),
        Site("ushuaia", -54.8019, -68.3030, "America/Argentina/Ushuaia", "AR", "southern, long nights in June"),
        Site("st-johns", 47.5615, -52.7126, "America/St_Johns", "CA-NL", "three and a half hours west, summer time"),
        Site("adelaide", -34.9285, 138.6007, "Australia/Adelaide", "AU-SA", "half-hour zone, southern summer time"),
        Site("kiritimati", 1.8721, -157.4278, "Pacific/Kiritimati", "KI", "fourteen hours ahead, on the equator"),
        Site("kathmandu", 27.7172, 85.3240, "Asia/Kathmandu", "NP", "a quarter of an hour off"),
        Site(
            "istanbul", 41.0082, 28.9784, "Europe/Istanbul", "TR", "a change put off, then none after 2016",
            dt.date(2010, 9, 1),
        ),
        Site("duisburg", 51.4344, 6.7623, "Europe/Berlin", "DE-NW", "where the shipped schedules are at home"),
    )
}  # fmt: skip

PLAN = """
version: 1
programs:
  street:
    active: sunset-10m .. sunrise+10m
    steps:
      - {{at: "22:00", level: 70, ramp: 60s}}
      - {{at: "02:30", level: 40, ramp: 5m}}
      - {{at: "05:00", level: 85, ramp: 60s}}
  street-weekend:
    active: sunset-10m .. sunrise+10m
    steps:
      - {{at: "00:30", level: 75, ramp: 60s}}
      - {{at: "01:45", level: 50, ramp: 60s}}
      - {{at: "02:15", level: 45}}
      - {{at: "06:00", level: 90, ramp: 2m}}
  crossing:
    active: sunset-15m .. sunrise+15m
    steps:
      - {{at: "23:00", level: 60, ramp: 30s}}
      - {{at: "04:30", level: 100, ramp: 30s}}
  path:
    active:
      - sunset .. 23:30
      - "05:15 .. sunrise"
    start_level: 80
  square:
    active: dusk(-3) .. dawn(-3)
    start_level: 90
    steps:
      - {{at: dusk+2h, level: 80, ramp: 2m}}
      - {{at: "02:00", level: 30, ramp: 10m}}
      - {{at: dawn-45m, level: 65, ramp: 2m}}
  market:
    active:
      - {{from: {{at: sunset-30m, latest: "16:30"}}, to: {{at: sunrise, earliest: "05:00"}}}}
    steps:
      - {{at: "01:00", level: 80, ramp: 60s}}
  festival:
    active: "15:00 .. 04:00"
    start_level: 95
    steps:
      - {{at: "02:30", level: 55, ramp: 60s}}
calendars:
  street:
    rules:
      - {{dates: 02-29, program: festival}}
      - {{holidays: {holidays}, program: street-weekend}}
      - {{weekdays: fri..sat, program: street-weekend}}
    default: street
  crossing:
    default: crossing
  path:
    rules:
      - {{weekdays: sat, nth: last, program: festival}}
    default: path
  square:
    rules:
      - {{dates: 12-20..01-06, program: market}}
      - {{weekdays: sun, nth: last, dates: ["03-01..04-30", "09-15..11-15"], program: festival}}
      - {{holidays: {holidays}, program: market}}
    default: square
assignments:
  - {{select: kind=crossing, calendar: crossing}}
  - {{select: kind=path, calendar: path}}
  - {{select: kind=square, calendar: square}}
  - {{select: kind=street, calendar: street}}
protections:
  - {{select: kind=crossing, min_level: 100, reason: zebra crossings stay lit}}
  - {{select: kind=path, min_level: 10, reason: nobody walks in the dark}}
"""


def plan_of(site: Site) -> dict[str, str]:
    """Give the schedules of a site by file name; lamps of other kinds than these four are assigned to nobody."""
    return {"plan.yaml": PLAN.format(holidays=site.holidays)}
