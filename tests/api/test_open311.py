"""Open311 GeoReport v2 as other cities' clients know it: addresses, names, formats, limits and errors."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest

from lightctl.app.asking import Actor, Role
from lightctl.app.citizens.intake import Given
from lightctl.domain.citizens import SERVICES
from lightctl.files.settings import Settings
from lightctl.files.settings_citizens import CitizenSettings
from lightctl.store.base import Recorded
from lightctl.store.sqlite import SqliteStore
from tests.api.conftest import OPERATOR, World, make_world
from tests.support.stores import fault

ROOT = "/open311/v2"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
OUT = {"service_code": "lamp_out", "lat": "51.25671", "long": "7.15022"}
REQUEST_FIELDS = [
    *("service_request_id", "status", "status_notes", "service_name", "service_code", "description"),
    *("agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime"),
    *("address", "address_id", "zipcode", "lat", "long", "media_url"),
]


@dataclass
class Public:
    world: World
    store: SqliteStore
    http: httpx.AsyncClient

    async def report(self, **fields: str) -> str:
        answer = await self.http.post(f"{ROOT}/requests.json", data=OUT | fields)
        assert answer.status_code == 200, answer.text
        return answer.json()[0]["service_request_id"]

    async def one(self, number: str) -> dict[str, object]:
        answer = await self.http.get(f"{ROOT}/requests/{number}.json")
        assert answer.status_code == 200, answer.text
        return answer.json()[0]


@contextmanager
def opened(**settings: object) -> Iterator[Public]:
    # Nothing here waits for a rate: buckets are large unless a test says otherwise.
    wide = {"posts_per_hour": 10_000, "posts_per_minute": 10_000, "requests_per_minute": 100_000}
    citizens = CitizenSettings.model_validate(wide | {"public": True} | settings)
    world, store = make_world(settings=Settings(citizens=citizens), dark=True)
    try:
        yield Public(world, store, world.client(None))
    finally:
        store.close()


@pytest.fixture
def public() -> Iterator[Public]:
    with opened() as made:
        yield made


def is_error(answer: httpx.Response, status: int, words: str = "") -> None:
    assert answer.status_code == status, answer.text
    if answer.headers["content-type"] == "text/xml; charset=utf-8":
        root = ET.fromstring(answer.content)
        assert root.tag == "errors"
        found = [{each.tag: each.text for each in error} for error in root.findall("error")]
        assert found[0]["code"] == str(status)
    else:
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        found = answer.json()
        assert found[0]["code"] == status
    assert all(error.keys() == {"code", "description"} for error in found)
    assert words in found[0]["description"]


# -- the specification's shapes ---------------------------------------------------------------------------------------


async def test_discovery_names_the_endpoint_and_its_formats_in_both_formats(public: Public) -> None:
    found = (await public.http.get(f"{ROOT}/discovery.json")).json()
    assert found.keys() == {"changeset", "contact", "key_service", "endpoints"}
    (endpoint,) = found["endpoints"]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert (endpoint["url"], endpoint["type"]) == ("http://test/open311/v2", "production")
    assert endpoint["formats"] == ["text/xml", "application/json"]
    answer = await public.http.get(f"{ROOT}/discovery.xml")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.text.startswith('<?xml version="1.0" encoding="UTF-8"?>')
    root = ET.fromstring(answer.content)
    assert root.tag == "discovery"
    assert [each.text for each in root.findall("endpoints/endpoint/formats/format")] == endpoint["formats"]


async def test_services_are_listed_with_the_specifications_fields(public: Public) -> None:
    found = (await public.http.get(f"{ROOT}/services.json", params={"jurisdiction_id": "city.gov"})).json()
    assert [each["service_code"] for each in found] == list(SERVICES)
    for each in found:
        fields = ["service_code", "service_name", "description", "metadata", "type", "keywords", "group"]
        assert list(each) == fields
        assert (each["metadata"], each["type"]) == (True, "realtime")
    root = ET.fromstring((await public.http.get(f"{ROOT}/services.xml")).content)
    assert root.tag == "services"
    assert [each.findtext("service_code") for each in root.findall("service")] == list(SERVICES)
    assert {each.findtext("metadata") for each in root.findall("service")} == {"true"}


@pytest.mark.parametrize("code", SERVICES)
async def test_a_definition_asks_for_the_mast_and_the_kind_of_fault(public: Public, code: str) -> None:
    found = (await public.http.get(f"{ROOT}/services/{code}.json")).json()
    assert found["service_code"] == code
    plate, detail = found["attributes"]
    fields = ["variable", "code", "datatype", "required", "datatype_description", "order", "description", "values"]
    assert list(plate) == list(detail) == fields
    assert (plate["code"], plate["datatype"], plate["order"]) == ("plate", "string", 1)
    assert (detail["code"], detail["datatype"], detail["required"]) == ("detail", "singlevaluelist", False)
    root = ET.fromstring((await public.http.get(f"{ROOT}/services/{code}.xml")).content)
    assert root.tag == "service_definition"
    keys = [each.findtext("key") for each in root.findall("attributes/attribute/values/value")]
    assert keys == [each["key"] for each in detail["values"]]
    assert all(each["name"] for each in detail["values"])


async def test_the_specifications_own_example_of_a_post_is_taken_in_both_formats(public: Public) -> None:
    body = (
        "api_key=xyz&jurisdiction_id=city.gov&service_code=lamp_out&lat=51.2567&long=7.1502&address_string=1234+5th+street"
        "&email=smit333%40sfgov.edu&device_id=tt222111&account_id=123456&first_name=john&last_name=smith"
        "&phone=111111111&description=A+large+sinkhole+is+destroying+the+street"
        "&media_url=http%3A%2F%2Ffarm3.static.flickr.com%2F2002%2F2212426634_5ed477a060.jpg"
        "&attribute[WHISPAWN]=123456&attribute[WHISDORN]=COISL001"
    )
    answer = await public.http.post(f"{ROOT}/requests.json", content=body, headers={"content-type": FORM})
    (made,) = answer.json()
    assert made.keys() == {"service_request_id", "service_notice", "account_id"}
    assert (made["service_request_id"], made["account_id"]) == ("1", None)
    answer = await public.http.post(f"{ROOT}/requests.xml", content=body, headers={"content-type": FORM})
    root = ET.fromstring(answer.content)
    assert root.tag == "service_requests"
    assert root.findtext("request/service_request_id") == "2"


async def test_a_request_has_the_specifications_fields_in_their_order_in_both_formats(public: Public) -> None:
    number = await public.report(description="dark")
    found = await public.one(number)
    assert list(found) == REQUEST_FIELDS
    assert (found["status"], found["service_name"], found["address_id"]) == ("open", "Street light out", "LP-0001")
    assert found["requested_datetime"] == "2026-11-23T20:30:00Z"
    root = ET.fromstring((await public.http.get(f"{ROOT}/requests/{number}.xml")).content)
    assert root.tag == "service_requests"
    (request,) = root.findall("request")
    assert [each.tag for each in request] == REQUEST_FIELDS
    assert request.findtext("requested_datetime") == found["requested_datetime"]
    assert request.find("zipcode").text is None


async def test_an_address_that_is_not_there_is_an_error_in_the_format_asked_for(public: Public) -> None:
    async with public.world.client("viewer") as viewer:
        is_error(await viewer.get(f"{ROOT}/nothing.json"), 404)
        is_error(await viewer.get(f"{ROOT}/requests"), 404)
    is_error(await public.http.get(f"{ROOT}/requests/4711.xml"), 404, "service_request_id was not found")
    is_error(await public.http.get(f"{ROOT}/requests/abc.json"), 404, "service_request_id was not found")
    is_error(await public.http.get(f"{ROOT}/tokens/abc.json"), 404, "token was not found")
    is_error(await public.http.get(f"{ROOT}/services/potholes.xml"), 404, "service_code")
    answer = await public.http.delete(f"{ROOT}/requests.json")
    is_error(answer, 405)
    assert answer.headers["allow"] == "GET, HEAD, POST"
    is_error(await public.http.post(f"{ROOT}/services.xml"), 405)


async def test_citizens_are_spoken_to_in_the_language_of_the_settings() -> None:
    with opened(language="de") as public:
        found = (await public.http.get(f"{ROOT}/services.xml")).content
        assert ET.fromstring(found).findtext("service/service_name") == "Straßenleuchte aus"
        asked = (await public.http.get(f"{ROOT}/services/brightness.json")).json()["attributes"]
        assert asked[0]["description"] == "Welche Nummer steht am Mast?"
        assert asked[1]["values"][0] == {"key": "too_bright", "name": "Zu hell"}
        made = (await public.http.post(f"{ROOT}/requests.json", data=OUT)).json()[0]
        assert made["service_notice"].startswith("Vielen Dank")
        assert (await public.one(made["service_request_id"]))["service_name"] == "Straßenleuchte aus"


# -- what is asked for ------------------------------------------------------------------------------------------------


async def ids(public: Public, **query: str) -> list[str]:
    answer = await public.http.get(f"{ROOT}/requests.json", params=query)
    assert answer.status_code == 200, answer.text
    return [each["service_request_id"] for each in answer.json()]


async def test_requests_are_found_by_number_service_time_and_status(public: Public) -> None:
    first = await public.report()
    public.world.now += dt.timedelta(days=1)
    second = await public.report(service_code="flickering", lat="51.256", long="7.150")
    public.world.operations.citizen_close(OPERATOR, int(first), "seen to")
    assert await ids(public) == [second, first]
    assert await ids(public, service_request_id=f"{first},99,x") == [first]
    assert await ids(public, service_request_id="99") == []
    assert await ids(public, service_code="flickering,brightness") == [second]
    assert await ids(public, status="open") == [second]
    assert await ids(public, status="closed") == [first]
    assert await ids(public, status="open,closed") == [second, first]
    assert await ids(public, status="", service_code="", start_date="") == [second, first]
    assert await ids(public, start_date="2026-11-24T00:00:00Z") == [second]
    assert await ids(public, end_date="2026-11-24T01:00:00+01:00") == [first]
    assert await ids(public, start_date="2026-11-23", end_date="2026-11-24") == [first]
    assert await ids(public, page_size="1", page="2") == [first]


async def test_without_a_span_the_last_ninety_days_are_given(public: Public) -> None:
    await public.report()
    public.world.now += dt.timedelta(days=91)
    assert await ids(public) == []
    assert await ids(public, start_date="2026-11-01T00:00:00Z") == ["1"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"start_date": "yesterday"}, "start_date"),
        ({"start_date": "2026-13-01T00:00:00Z"}, "start_date"),
        ({"start_date": "2026-11-01T00:00:00"}, "start_date"),
        ({"end_date": "0001-01-01T00:00:00+23:59"}, "end_date"),
        ({"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-05-01T00:00:00Z"}, "90 days"),
        ({"start_date": "2026-05-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"}, "before"),
        ({"status": "done"}, "status"),
        ({"page_size": "1001"}, "page_size"),
        ({"page": "0"}, "page"),
        ({"page": "99999999999999999999"}, "page"),
        ({"service_request_id": ",".join(map(str, range(1001)))}, "at most"),
    ],
)
async def test_a_question_that_makes_no_sense_is_a_400_that_says_which_part(
    public: Public, query: dict[str, str], words: str
) -> None:
    is_error(await public.http.get(f"{ROOT}/requests.json", params=query), 400, words)
    is_error(await public.http.get(f"{ROOT}/requests.xml", params=query), 400, words)


async def test_at_most_a_thousand_are_given_at_once(public: Public) -> None:
    somebody, far = Actor("public", Role.VIEWER, "open311"), Given(OUT | {"lat": "10", "long": "10"}, {})
    with public.store.transaction():
        for _ in range(1003):
            public.world.operations.citizen_take(somebody, far)
    assert len(await ids(public)) == 1000
    assert len(await ids(public, page="2")) == 3


async def test_another_jurisdiction_is_404_and_no_jurisdiction_is_ours() -> None:
    with opened(jurisdiction="duisburg.de") as public:
        is_error(await public.http.get(f"{ROOT}/services.json?jurisdiction_id=city.gov"), 404, "jurisdiction_id")
        is_error(await public.http.post(f"{ROOT}/requests.xml", data=OUT | {"jurisdiction_id": "x"}), 404)
        assert (await public.http.get(f"{ROOT}/services.json?jurisdiction_id=Duisburg.de")).status_code == 200
        assert (await public.http.get(f"{ROOT}/services.json")).status_code == 200


# -- hostile bodies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"service_code": ""}, 400, "service_code was not provided"),
        ({"service_code": "potholes"}, 404, "service_code"),
        ({"lat": ""}, 400, "belong together"),
        ({"lat": "north"}, 400, "lat"),
        ({"lat": "nan"}, 400, "lat"),
        ({"lat": "inf"}, 400, "lat"),
        ({"lat": "90.1"}, 400, "90"),
        ({"long": "181"}, 400, "180"),
        ({"lat": "", "long": ""}, 400, "no place"),
        ({"description": "x" * 4001}, 400, "4000"),
        ({"email": "x" * 255}, 400, "email"),
        ({"media_url": "javascript:alert(1)"}, 400, "media_url"),
        ({"media_url": "file:///etc/passwd"}, 400, "media_url"),
        ({"media_url": "http://[bad"}, 400, "media_url"),
        ({"attribute[detail]": "everything"}, 400, "detail"),
    ],
)
async def test_a_report_that_is_not_right_is_refused_by_name_and_nothing_is_kept(
    public: Public, fields: dict[str, str], status: int, words: str
) -> None:
    is_error(await public.http.post(f"{ROOT}/requests.json", data=OUT | fields), status, words)
    is_error(await public.http.post(f"{ROOT}/requests.xml", data=OUT | fields), status, words)
    assert public.world.operations.audit_list(OPERATOR, limit=1)[0].verb != "citizen report"
    assert await ids(public) == []


async def test_a_body_of_ten_megabytes_is_refused_before_it_is_read(public: Public) -> None:
    answer = await public.http.post(
        f"{ROOT}/requests.json", content=b"description=" + b"x" * 10_000_000, headers={"content-type": FORM}
    )
    assert answer.status_code == 413
    assert "64 kB" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/xml", b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "lol">]><service_requests>&a;</service_requests>'),
        ("application/json", json.dumps(OUT).encode()),
        ("multipart/form-data; boundary=x", b"--x--"),
        (FORM, b"description=\xff\xfe"),
        (FORM, b"description=%ff%fe"),
        (FORM, b"&".join(b"a%d=1" % number for number in range(101))),
    ],
)
async def test_a_body_that_is_no_form_in_utf_8_is_refused(public: Public, kind: str, body: bytes) -> None:
    is_error(await public.http.post(f"{ROOT}/requests.xml", content=body, headers={"content-type": kind}), 400)


HOSTILE = (
    "']]>'; DROP TABLE citizen_reports;-- <script>alert(1)</script> <!ENTITY x SYSTEM \"file:///etc/passwd\"> &amp; "
    "\x1b[2J\x00\x07\x9b31m\u202ekcab \ufffe \U0001f4a1\r\nline two"
)
TAMED = (
    "']]>'; DROP TABLE citizen_reports;-- <script>alert(1)</script> <!ENTITY x SYSTEM \"file:///etc/passwd\"> &amp; "
    "[2J31mkcab  \U0001f4a1\nline two"
)


async def test_a_hostile_text_comes_back_as_text_in_both_formats() -> None:
    with opened(publish_texts=True) as public:
        number = await public.report(description=HOSTILE)
        assert (await public.one(number))["description"] == TAMED
        answer = await public.http.get(f"{ROOT}/requests/{number}.xml")
        assert b"<script>" not in answer.content
        assert b"<!ENTITY" not in answer.content
        assert ET.fromstring(answer.content).findtext("request/description") == TAMED
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert await ids(public) == [number]


# -- who is let in ----------------------------------------------------------------------------------------------------

ADDRESSES = ("discovery", "services", "services/lamp_out", "requests", "requests/1", "tokens/abc")


async def test_when_not_public_nothing_is_reached_without_a_token() -> None:
    with opened(public=False) as closed:
        for address in ADDRESSES:
            for form in ("json", "xml"):
                assert (await closed.http.get(f"{ROOT}/{address}.{form}")).status_code == 401
        assert (await closed.http.post(f"{ROOT}/requests.json", data=OUT)).status_code == 401
        assert (await closed.http.get("/open311")).status_code == 401
        assert (await closed.http.get(f"{ROOT}/nothing")).status_code == 401
        async with closed.world.client("viewer") as viewer, closed.world.client("technician") as technician:
            assert (await viewer.get(f"{ROOT}/requests.json")).json() == []
            is_error(await viewer.post(f"{ROOT}/requests.json", data=OUT), 403)
            assert (await technician.post(f"{ROOT}/requests.json", data=OUT)).status_code == 200
        assert closed.world.operations.audit_list(OPERATOR, limit=1)[0].user == "a-technician"


async def test_when_public_nothing_but_these_addresses_is_reached_without_a_token(public: Public) -> None:
    await public.report()
    for address in ADDRESSES[:-1]:
        assert (await public.http.get(f"{ROOT}/{address}.json")).status_code == 200
    paths = public.world.app.openapi()["paths"]
    assert len(paths) > 40
    for path, methods in paths.items():
        for method in methods:
            if path != "/healthz":
                asked = path.replace("{id}", "1")
                assert (await public.http.request(method, asked, json={})).status_code == 401, path
    for path in (
        *("/open311", "/open311/", "/open311/v1/requests.json", "/open311/v2/../../v1/status", "/v1/citizens/1"),
        *(
            "/open311/v2/%2e%2e/%2e%2e/v1/status",
            "/open311/v2/requests.json/../../../v1/status",
            "/open311/v2/requests",
        ),
        *("/open311/v2/requests/1", "/open311/v2/services/a/b.json", "/open311/v2/requests/1.json%0a"),
    ):
        answer = await public.http.get(httpx.URL("http://test", raw_path=path.encode()))
        assert answer.status_code == 401, path


async def test_a_bad_token_is_refused_also_where_none_is_needed(public: Public) -> None:
    answer = await public.http.get(f"{ROOT}/requests.json", headers={"Authorization": "Bearer lc_wrong"})
    assert answer.status_code == 401


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text("# clients\ncity-app 0123456789abcdef\n")
    return path


async def test_a_client_with_a_key_gets_in_and_nobody_else(keys: Path) -> None:
    with opened(public=False, api_keys_file=str(keys)) as keyed:
        is_error(await keyed.http.get(f"{ROOT}/services.xml"), 403, "api_key")
        is_error(await keyed.http.get(f"{ROOT}/services.json?api_key=wrong"), 403, "not valid")
        is_error(await keyed.http.post(f"{ROOT}/requests.json", data=OUT | {"api_key": "wrong\u00fc"}), 403)
        assert (await keyed.http.get(f"{ROOT}/services.json?api_key=0123456789abcdef")).status_code == 200
        made = await keyed.http.post(f"{ROOT}/requests.json", data=OUT | {"api_key": "0123456789abcdef"})
        assert made.status_code == 200
        newest = keyed.world.operations.audit_list(OPERATOR, limit=1)[0]
        assert (newest.user, newest.origin, newest.verb) == ("city-app", "open311", "citizen report")
        assert (await keyed.http.get("/v1/status?api_key=0123456789abcdef")).status_code == 401
        assert (
            await keyed.http.get("/v1/status", headers={"Authorization": "Bearer 0123456789abcdef"})
        ).status_code == 401


async def test_without_keys_in_the_settings_any_api_key_will_do_where_all_is_public(public: Public) -> None:
    assert (await public.http.get(f"{ROOT}/services.json?api_key=whatever")).status_code == 200


# -- how often --------------------------------------------------------------------------------------------------------


async def test_one_address_can_report_only_so_often_and_is_told_when_again() -> None:
    with opened(posts_per_hour=3) as public:
        for _ in range(3):
            await public.report()
        answer = await public.http.post(f"{ROOT}/requests.json", data=OUT)
        is_error(answer, 429, "try again")
        assert 0 < int(answer.headers["retry-after"]) <= 1200
        assert (await public.http.get(f"{ROOT}/requests.json")).status_code == 200


async def test_a_forwarded_address_counts_only_where_settings_name_the_proxy(keys: Path) -> None:
    for proxies, wanted in (((), 429), (("127.0.0.0/8",), 200)):
        with opened(posts_per_hour=1, trusted_proxies=proxies) as public:
            for number, expected in enumerate((200, wanted)):
                headers = {"X-Forwarded-For": f"203.0.113.{number}"}
                answer = await public.http.post(f"{ROOT}/requests.json", data=OUT, headers=headers)
                assert answer.status_code == expected
    with opened(posts_per_hour=1, api_keys_file=str(keys)) as public:
        for _ in range(3):
            await public.report(api_key="0123456789abcdef")


async def test_everybody_together_can_ask_only_so_often() -> None:
    with opened(requests_per_minute=5) as public:
        answers = [(await public.http.get(f"{ROOT}/services.json")).status_code for _ in range(6)]
        assert answers == [200] * 5 + [429]
        async with public.world.client("viewer") as viewer:
            assert (await viewer.get(f"{ROOT}/services.json")).status_code == 200
    with opened(posts_per_minute=2) as public:
        assert [(await public.http.post(f"{ROOT}/requests.json", data=OUT)).status_code for _ in range(3)][-1] == 429


# -- who reported -----------------------------------------------------------------------------------------------------

SECRETS = ("ada@example.org", "Ada", "Lovelace", "0203 12345")
WHO = dict(zip(("email", "first_name", "last_name", "phone"), SECRETS, strict=True))


async def test_nobody_is_told_who_reported_but_an_operator(public: Public) -> None:
    number = await public.report(**WHO, device_id="device-77", account_id="account-88", description="my name is Ada")
    hidden = (*SECRETS, "device-77", "account-88")
    for form in ("json", "xml"):
        for address in ("requests", f"requests/{number}"):
            text = (await public.http.get(f"{ROOT}/{address}.{form}")).text
            assert [word for word in hidden if word in text] == []
    for role in ("viewer", "technician"):
        async with public.world.client(role) as client:
            text = (await client.get(f"/v1/citizens/{number}")).text + (await client.get("/v1/citizens")).text
            assert [word for word in hidden if word in text.replace("my name is Ada", "")] == []
    async with public.world.client("operator") as operator:
        assert (await operator.get(f"/v1/citizens/{number}")).json()["contact"] == WHO
        audit = (await operator.get("/v1/audit")).text
        assert [word for word in hidden if word in audit] == []
    dump = "\n".join(public.store._main.db.conn.iterdump())
    assert "device-77" not in dump
    assert "account-88" not in dump
    assert "Lovelace" in dump


async def test_who_reported_is_erased_in_time_and_from_the_file_too(public: Public) -> None:
    await public.report(**WHO)
    public.world.now += dt.timedelta(days=89)
    assert public.world.operations.citizen_forget() == 0
    public.world.now += dt.timedelta(days=2)
    assert public.world.operations.citizen_forget() == 1
    assert public.world.operations.citizen_show(OPERATOR, 1).contact is None
    assert public.world.operations.citizen_show(OPERATOR, 1).status == "open"
    assert b"Lovelace" not in public.store._main.db.conn.serialize()


async def test_with_no_days_at_all_who_reported_is_never_kept() -> None:
    with opened(retention_days=0) as public:
        await public.report(**WHO)
        assert b"Lovelace" not in public.store._main.db.conn.serialize()


# -- what becomes of it -----------------------------------------------------------------------------------------------


async def test_a_like_report_gets_a_number_of_its_own_and_follows_the_first(public: Public) -> None:
    first, second = await public.report(), await public.report(lat="51.25672")
    assert first != second
    assert public.world.operations.citizen_show(OPERATOR, int(second)).parent == int(first)
    assert "reported before" in str((await public.one(second))["status_notes"])
    public.world.operations.citizen_close(OPERATOR, int(first), "It was the power supply; all is well.")
    for number in (first, second):
        found = await public.one(number)
        assert (found["status"], found["status_notes"]) == ("closed", "It was the power supply; all is well.")


async def test_a_request_closes_with_the_fault_that_it_was_the_sight_of(public: Public) -> None:
    early = await public.report()
    wrong = fault("LP-0001", opened_at=public.world.now + dt.timedelta(minutes=5))
    public.store.commit(Recorded(faults=(wrong,)))
    late = await public.report(lat="51.25672")
    for number in (early, late):
        assert public.world.operations.citizen_show(OPERATOR, int(number)).fault == 1
    assert "known" in str((await public.one(early))["status_notes"])
    cleared = public.world.now + dt.timedelta(hours=5)
    public.store.commit(Recorded(faults=(fault("LP-0001", opened_at=wrong.opened_at, cleared_at=cleared),)))
    for number in (early, late):
        found = await public.one(number)
        assert (found["status"], found["status_notes"]) == ("closed", "The fault is repaired.")
        assert found["updated_datetime"] == "2026-11-24T01:30:00Z"


async def test_where_reports_are_moderated_a_token_leads_to_the_request_once_it_is_accepted() -> None:
    with opened(moderated=True) as public:
        assert (await public.http.get(f"{ROOT}/services.json")).json()[0]["type"] == "batch"
        (made,) = (await public.http.post(f"{ROOT}/requests.json", data=OUT)).json()
        assert made.keys() == {"token", "service_notice", "account_id"}
        token = f"{ROOT}/tokens/{made['token']}"
        assert (await public.http.get(f"{token}.json")).json() == [{"service_request_id": None, "token": made["token"]}]
        is_error(await public.http.get(f"{ROOT}/requests/1.json"), 404)
        assert await ids(public) == []
        assert await ids(public, service_request_id="1") == []
        public.world.operations.citizen_accept(OPERATOR, [1])
        root = ET.fromstring((await public.http.get(f"{token}.xml")).content)
        assert (root.findtext("request/service_request_id"), root.findtext("request/token")) == ("1", made["token"])
        assert await ids(public) == ["1"]
