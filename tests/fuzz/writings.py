"""What people write as targets: schedules, inventories, mappings, settings, and single words."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterable
from pathlib import Path

from lightctl.devices.profile import shipped_profiles
from lightctl.domain.assets import Fleet, LightPoint
from lightctl.domain.errors import InvalidInput
from lightctl.domain.programs import NO_INTENT
from lightctl.domain.selectors import parse_selector
from lightctl.files.expressions import parse_time_expression
from lightctl.files.findings import Code
from lightctl.files.inventory import read_inventory
from lightctl.files.inventory_export import write_inventory
from lightctl.files.mapping import read_mapping
from lightctl.files.schedules import read_schedules
from lightctl.files.settings import load_settings
from lightctl.files.settlement import read_control, write_control
from lightctl.planning.resolve import Plan
from tests.fuzz.judging import must

EXAMPLES = Path(__file__).parents[2] / "schedules"
NOW = dt.datetime(2026, 11, 25, 20, tzinfo=dt.UTC)
ZONE = "Europe/Berlin"
PROFILES = shipped_profiles()
PLACES = ((51.4, 6.7), (78.2, 15.6), (-77.8, 166.7), (0.0, 0.0))
HOURS = range(0, 24 * 366, 677)


def schedules(data: bytes) -> None:
    """A schedule file: what is refused says where and why; what is taken gives 0..100 wherever and whenever."""
    read = read_schedules({"x.yaml": data.decode("utf-8", "surrogateescape")})
    for finding in (*read.errors, *read.warnings):
        must(finding.code in Code and finding.message and finding.line >= 1 and finding.column >= 1, f"{finding}")
    if read.errors:
        must(read.intent is NO_INTENT, "a set with an error gives an intent")
        return
    plan = Plan(read.intent, ZONE)
    for number, (latitude, longitude) in enumerate(PLACES):
        point = LightPoint(f"L{number}", latitude, longitude)
        for hour in HOURS:
            level = plan.resolve(point, (), NOW + dt.timedelta(hours=hour)).level
            must(0 <= level <= 100, f"level {level}")


def schedule_seeds() -> Iterable[bytes]:
    """The shipped examples, and one that uses every key."""
    yield from (path.read_bytes() for path in sorted(EXAMPLES.glob("*.yaml")))
    yield (
        b"version: 1\nprograms:\n  a:\n    active: [sunset .. 23:00, 05:00 .. sunrise]\n    steps:\n"
        b'      - {at: "22:00", level: 70, ramp: 30s}\n      - {at: dawn(-3)-45m, level: 1, earliest: "05:00"}\n'
        b"calendars:\n  c:\n    rules:\n      - {dates: 12-24..12-26, program: a}\n"
        b"      - {weekdays: mon, nth: 2, program: a}\n"
        b"    default: a\nassignments:\n  - {select: '*', calendar: c}\nprotections:\n"
        b"  - {select: 'kind in (crossing,x), a!=b', min_level: 100, reason: r}\n"
    )
    yield (
        b"version: 1\nprograms:\n  a:\n    start_level: 250\ncalendars:\n  c: {default: a}\n"
        b"assignments:\n  - {select: '*', calendar: c}\n"
    )


def inventory_csv(data: bytes) -> None:
    """An inventory as CSV."""
    _inventory(data, "csv")


def inventory_geojson(data: bytes) -> None:
    """An inventory as GeoJSON."""
    _inventory(data, "geojson")


def _inventory(data: bytes, form: str) -> None:
    try:
        read = read_inventory(data.decode("utf-8", "replace"), format=form, profiles=PROFILES, links=["mqtt"])
    except InvalidInput as error:
        must(str(error), "refused without a reason")
        return
    for error in read.errors:
        must(error.why, f"refused without a reason: {error}")
    for point in read.points:
        must(-90 <= point.latitude <= 90 and -180 <= point.longitude <= 180, f"{point}")
    Fleet.of(read.points, ZONE)
    again = read_inventory(write_inventory(read.points, "csv"), format="csv", profiles=PROFILES, links=["mqtt"])
    must(not again.errors and again.points == read.points, f"written and read again it is another: {again.errors}")


def csv_seeds() -> Iterable[bytes]:
    """Rows of every kind."""
    yield (
        b"id,lat,lon,kind,road_class,lamps,rated_power_w,standby_power_w,min_level,node,channel,cabinet,profile,"
        b"link,address,group\n"
        b"A,51.4,6.7,road,local,1,50,0.5,10,n1,0,C1,native,mqtt,,east;west\n"
        b"B,51.5,6.8,crossing,main,42,70,,0,n1,1,C1,native,mqtt,,east\n"
    )
    yield b'id;lat;lon\n"A ""x""";51,4;6,7\n'
    yield "\ufeffid,lat,lon,straße\r\nÄ,51,7,Königstraße\r\n".encode()


def geojson_seeds() -> Iterable[bytes]:
    """Features of every kind."""
    yield (
        b'{"type":"FeatureCollection","features":[{"type":"Feature","id":"A","geometry":{"type":"Point",'
        b'"coordinates":[6.7,51.4]},'
        b'"properties":{"id":"A","lamps":1,"node":"n1","channel":0,"profile":"native","link":"mqtt"}},{"type":"Feature",'
        b'"geometry":{"type":"MultiPoint","coordinates":[[6.8,51.5]]},"properties":{"id":"B","rated_power_w":50.5}}]}'
    )


def mapping(data: bytes) -> None:
    """A mapping file of an inventory, and a table read with it."""
    try:
        found = read_mapping(data.decode("utf-8", "replace"), "map.toml")
        read_inventory("OBJ,Y,X,W\n1,51.4,6.7,50\n", format="csv", mapping=found)
    except InvalidInput as error:
        must(str(error), "refused without a reason")


def mapping_seeds() -> Iterable[bytes]:
    """A mapping that uses every table."""
    yield (
        b'[columns]\nid = "OBJ"\nlat = "Y"\nlon = "X"\nrated_power_w = "W"\n[constants]\nkind = "road"\n'
        b'[tags]\nowner = "OBJ"\n[values.kind]\n"1" = "road"\n[templates]\nnode = "n-{OBJ}"\n'
        b'[units]\nrated_power_w = "kW"\n'
    )


def settings(data: bytes) -> None:
    """A settings file: refused with its name, and never with the value of a secret."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / "lightctl.toml"
        path.write_bytes(data)
        try:
            load_settings(path, {}, Path(folder))
        except InvalidInput as error:
            must("lightctl.toml" in str(error), f"refused without the file's name: {error}")


def settings_seeds() -> Iterable[bytes]:
    """Every section."""
    yield (
        b'[site]\nname = "x"\ntime_zone = "Europe/Berlin"\n[store]\ndirectory = "s"\n[links.a]\ntype = "mqtt"\n'
        b'url = "mqtts://broker:8883"\npassword = "secret"\n[links.b]\ntype = "modbus_tcp"\nhost = "h"\n[links.c]\n'
        b'type = "modbus_rtu"\ndevice = "/dev/x"\nparity = "E"\n[delivery]\nnights = 9\n[nightly]\nat = "13:30"\n'
        b"[clock]\nstart = 2026-11-25T20:00:00Z\nmachine_epoch = 1.0\nspeed = 60.0\n"
    )


def settlement(data: bytes) -> None:
    """A control file of the UK settlement: what is taken is written as the same bytes."""
    text = data.decode("utf-8", "surrogateescape")
    read = read_control(text)
    for error in read.errors:
        must(error.line >= 1 and error.column >= 1 and error.why and error.hint, f"{error}")
    must((read.control is None) == bool(read.errors), "an error and a file, or neither")
    must(read.control is None or write_control(read.control) == text, "written again it is another")


def settlement_seeds() -> Iterable[bytes]:
    """A file of two units, with either end of lines."""
    lines = (
        "Habc0001202611250001"[:19],
        "UNIT00000001000042999" + "4210000000000",
        "UNIT00000002000001998" + "4210000000001",
    )
    for end in ("\n", "\r\n"):
        yield end.join((*lines, "T000004", "")).encode()


def words(data: bytes) -> None:
    """What people type in one word: selectors and times."""
    text = data.decode("utf-8", "replace")
    for read in (parse_selector, parse_time_expression):
        try:
            read(text)
        except InvalidInput as error:
            must(str(error), "refused without a reason")


def word_seeds() -> Iterable[bytes]:
    """One of each form."""
    for text in ("*", "kind=road, road_class in (a,b), x!=y, lamps", "dusk(-3.5) + 1h30m", "sunset-10m", "22:30:15"):
        yield text.encode()
