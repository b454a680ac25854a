"""What is shipped for Prometheus and Grafana is true: every metric that a rule, the board or the page names exists in a
scrape of a running daemon, and every metric of a scrape stands on the page.

The daemon is a real process on a fast clock, without a broker, so that its link is down and a nightly run has been.
"""

from __future__ import annotations

import json
import re
import time
import tomllib
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from lightctl.app.running.broker import free_port
from tests.support.city import ROOT, commands, environment, lightctl, running, until
from tests.support.promql import metric_names

FOLDER = ROOT / "docs" / "monitoring"
PAGE = (ROOT / "docs" / "monitoring.md").read_text()
PROMETHEUS_OWN = {"up"}
DURATION = re.compile(r"[1-9]\d*[smhd]")
MORNING = "2026-11-23T08:00:00Z"  # the nightly run of Berlin is nine seconds away, and the next one 43 more


@pytest.fixture(scope="module")
def scrape(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("watched")
    environ = environment(commands(folder / "bin"), folder)
    port, dead = free_port(), free_port()
    lightctl(folder, environ, "init", "city")
    city = folder / "city"
    settings = (
        f'[site]\nname = "City"\ntime_zone = "Europe/Berlin"\n[store]\ndirectory = "store"\n[http]\nport = {port}\n'
        f'[links.mqtt]\ntype = "mqtt"\nurl = "mqtt://127.0.0.1:{dead}"\n[metrics]\npublic = true\nevery_s = 1.0\n'
    )
    clock = f"[clock]\nstart = {MORNING}\nspeed = 2000.0\nmachine_epoch = "
    (city / "lightctl.toml").write_text(f"{settings}{clock}{time.time()}\n")
    lightctl(city, environ, "inventory", "import", "inventory.csv", "--yes")
    lightctl(city, environ, "schedule", "apply", "schedules", "--yes")
    (city / "lightctl.toml").write_text(f"{settings}{clock}{time.time()}\n")
    with running(city, environ, "lightctl", "serve"):
        found: list[str] = []

        def whole() -> bool:
            try:
                found.append(httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10, trust_env=False).text)
            except httpx.TransportError:
                return False
            return all(f"\nlightctl_{name} " in found[-1] for name in ("census_seconds", "tally_seconds")) and (
                "\nlightctl_nightly_run_timestamp_seconds " in found[-1]
            )

        until(whole, "a census, a tally and a nightly run have been")
        yield found[-1]


def samples(text: str) -> set[str]:
    return {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}


def families(text: str) -> dict[str, str]:
    """Give each family of a scrape as people call it, a counter with its _total, and its type."""
    found = {}
    for family in text_string_to_metric_families(text):
        found[f"{family.name}_total" if family.type == "counter" else family.name] = family.type
    return {name: kind for name, kind in found.items() if not name.endswith("_created")}


def rules() -> list[dict[str, object]]:
    groups = YAML(typ="safe").load((FOLDER / "lightctl-rules.yaml").read_text())["groups"]
    assert len({group["name"] for group in groups}) == len(groups)
    return [rule for group in groups for rule in group["rules"]]


def board() -> dict[str, object]:
    return json.loads((FOLDER / "lightctl-board.json").read_text())


def queries() -> dict[str, str]:
    found = {f"alert {rule['alert']}": str(rule["expr"]) for rule in rules()}
    for panel in board()["panels"]:
        for target in panel.get("targets", ()):
            found[f"panel {panel['title']} {target['refId']}"] = target["expr"]
    for variable in board()["templating"]["list"]:
        if variable["type"] == "query":
            (named,) = re.findall(r"label_values\((\w+), \w+\)", variable["query"]["query"])
            found[f"variable {variable['name']}"] = named
    return found


def missing(asked: dict[str, str], known: set[str]) -> dict[str, set[str]]:
    left = {where: metric_names(query) - known - PROMETHEUS_OWN for where, query in asked.items()}
    return {where: names for where, names in left.items() if names}


def test_every_metric_of_board_and_rules_exists_in_a_scrape(scrape: str) -> None:
    assert len(queries()) > 60
    assert all(metric_names(query) for query in queries().values())
    assert missing(queries(), samples(scrape)) == {}


def test_a_wrong_name_would_be_found(scrape: str) -> None:
    wrong = {
        "gone": "sum by (job) (rate(lightctl_commands_totals[5m])) > 0",
        "no base": "lightctl_step_seconds > 1",
        "second": "lightctl_inbox_events > 0 and on (job) lightctl_outbox > 1",
    }
    assert missing(wrong, samples(scrape)) == {
        "gone": {"lightctl_commands_totals"},
        "no base": {"lightctl_step_seconds"},
        "second": {"lightctl_outbox"},
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('a{job="b or c", d!~"e\\"f"} / ignoring (g) (sum without (h, i) (j) > 0)', {"a", "j"}),
        ("histogram_quantile(0.99, sum by (le) (rate(x_bucket[5m] offset 1h)))", {"x_bucket"}),
        ("count(up) or vector(0) and 1e9 < Inf", {"up"}),
    ],
)
def test_the_names_of_a_query_are_its_metrics_alone(query: str, names: set[str]) -> None:
    assert metric_names(query) == names


def test_label_values_of_rules_and_board_are_those_of_a_scrape(scrape: str) -> None:
    known: dict[tuple[str, str], set[str]] = {}
    for family in text_string_to_metric_families(scrape):
        for sample in family.samples:
            for label, value in sample.labels.items():
                known.setdefault((sample.name, label), set()).add(value)
    wrong = [
        (where, name, label, value)
        for where, query in queries().items()
        for name, matchers in re.findall(r"(\w+)\{([^}]*)\}", query)
        for label, values in re.findall(r'(\w+)(?:=~|!=|=)"([^"]*)"', matchers)
        for value in values.split("|")
        if label != "job" and value != "suppressed" and value not in known.get((name, label), set())
    ]
    assert wrong == []


def test_every_metric_stands_on_the_page_with_its_type_and_every_one_there_exists(scrape: str) -> None:
    told = dict(re.findall(r"^\| `((?:lightctl|process|python)_\w+)`[^|]*\| (\w+) \|", PAGE, re.MULTILINE))
    assert told == families(scrape)


def test_no_metric_has_a_label_per_lamp_node_or_person(scrape: str) -> None:
    labels = {label for f in text_string_to_metric_families(scrape) for sample in f.samples for label in sample.labels}
    assert labels == {
        *("asked", "database", "event", "generation", "hearing", "kind", "le", "link", "part", "python"),
        *("severity", "standing", "state", "topic", "version"),
    }  # fmt: skip
    assert len(scrape) < 60_000


def test_rules_have_the_shape_prometheus_wants_and_stand_on_the_page() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) >= 10
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert set(rule["annotations"]) == {"summary", "description"}
        assert "for" not in rule or DURATION.fullmatch(rule["for"])
        assert f"| `{rule['alert']}` |" in PAGE
    assert sorted(re.findall(r"^\| `(Lightctl\w+)` \|", PAGE, re.MULTILINE)) == sorted(names)


def test_commands_named_by_rules_exist() -> None:
    told = " ".join(str(rule["annotations"]["description"]) for rule in rules())
    page = (ROOT / "docs" / "cli.md").read_text()
    found = re.findall(r"`lightctl ([a-z]+(?: list)?)", told)
    assert found
    assert [command for command in found if f"lightctl {command}" not in page] == []


def test_the_board_has_its_rows_and_no_panel_lies_over_another() -> None:
    panels = board()["panels"]
    assert [panel["title"] for panel in panels if panel["type"] == "row"] == ["Street", "Faults", "Delivery", "Daemon"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_the_files_are_in_the_wheel() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"]["docs/monitoring"] == "lightctl/monitoring"
