"""What holds for the repository as a whole, whatever floor a change is on."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from importlinter.cli import lint_imports
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import lightctl

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TOP_LEVEL = {
    *(".ci", ".gitignore", "CHANGELOG.md", "LICENSE", "README.md", "dev.py", "docs", "lightctl", "pyproject.toml"),
    *("requirements-dev.lock", "requirements.lock", "schedules", "simulators", "tests"),
}
# Spelled in two parts, so that this file can be searched as well.
REGISTRIES = [
    re.compile(re.escape(name) + r"\." + re.escape(domain), re.IGNORECASE)
    for name, domain in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("pypi.python", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("crates", "io"),
        ("docker", "io"),
        ("ghcr", "io"),
        ("quay", "io"),
        ("anaconda", "org"),
        ("proxy.golang", "org"),
    )
]
FOREIGN_DISTRIBUTION = re.compile(r"pip\s+install\s+(-\S+\s+)*light" + r"ctl\b")
LOCK_LINE = re.compile(r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>\S+)(?: ; (?P<marker>[^\\]+?))? \\")
HASH_LINE = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?P<more> \\)?")


def committed() -> list[Path]:
    """List the files git would ship: tracked, or new and not ignored; without git, all but what tools leave behind."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
        return sorted(ROOT / name for name in names if name and (ROOT / name).is_file())
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.is_file() and path.relative_to(ROOT).parts[0] in TOP_LEVEL and "__pycache__" not in path.parts
    )


def offences(text: str) -> list[str]:
    """Name each registry host and each use of the foreign distribution name in a text."""
    return [match.group() for pattern in (*REGISTRIES, FOREIGN_DISTRIBUTION) for match in pattern.finditer(text)]


def locked(name: str) -> dict[str, list[str]]:
    """Read a lock file strictly: every line is a pinned version or one of its hashes. Name -> versions."""
    versions: dict[str, list[str]] = {}
    expect_hash = False
    for number, line in enumerate((ROOT / name).read_text().splitlines(), 1):
        pinned, digest = LOCK_LINE.fullmatch(line), HASH_LINE.fullmatch(line)
        assert digest if expect_hash else pinned or digest, f"{name}:{number}: {line}"
        if pinned:
            versions.setdefault(pinned["name"], []).append(pinned["version"])
        expect_hash = bool(pinned) or bool(digest and digest["more"])
    assert not expect_hash
    return versions


def test_imports_go_down_only() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_the_top_level_holds_only_what_belongs_there() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in committed()} == TOP_LEVEL


def test_no_file_names_a_package_registry_or_the_foreign_distribution_of_our_name() -> None:
    found = {}
    for path in committed():
        names = offences(path.read_bytes().decode("utf-8", errors="replace"))
        if names:
            found[str(path.relative_to(ROOT))] = names
    assert found == {}


def test_the_search_for_registry_hosts_finds_a_planted_one() -> None:
    assert offences("--index-url https://PyPI" + ".org/simple") != []
    assert offences("$ pip install -U light" + "ctl") != []
    assert offences("pip install --no-deps .") == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_file_holds_pinned_versions_and_hashes_and_nothing_else(lock: str) -> None:
    assert len(locked(lock)) > 20


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("requirements.lock", PROJECT["project"]["dependencies"]),
        ("requirements-dev.lock", PROJECT["project"]["dependencies"]),
        ("requirements-dev.lock", PROJECT["dependency-groups"]["dev"]),
    ],
)
def test_every_dependency_of_the_project_is_locked_at_a_version_it_allows(lock: str, requirements: list[str]) -> None:
    versions = locked(lock)
    asked: dict[str, list[Requirement]] = {}  # several of one name where Pythons need different versions
    for text in requirements:
        asked.setdefault(canonicalize_name(Requirement(text).name), []).append(Requirement(text))
    for name, wanted in asked.items():
        found = versions.get(name, [])
        assert found, f"{lock} lacks {name}; run: python3 dev.py lock"
        assert all(any(each.specifier.contains(version) for version in found) for each in wanted), (lock, name, found)
        assert all(any(each.specifier.contains(version) for each in wanted) for version in found), (lock, name, found)


def test_the_development_lock_repeats_the_runtime_lock() -> None:
    runtime, dev = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name: dev.get(name) for name in runtime} == runtime


def test_the_version_is_the_same_everywhere_it_stands() -> None:
    assert PROJECT["project"]["version"] == lightctl.__version__
    newest = re.search(r"^## (\S+?)[, ]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] == lightctl.__version__


@pytest.mark.parametrize("package", ["lightctl", "simulators"])
def test_every_module_says_what_it_is(package: str) -> None:
    modules = sorted((ROOT / package).rglob("*.py"))
    assert modules
    silent = [str(path.relative_to(ROOT)) for path in modules if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_the_start_script_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse((ROOT / "dev.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


def test_the_oldest_python_is_the_same_everywhere_it_stands() -> None:
    assert PROJECT["project"]["requires-python"] == ">=3.11"
    assert "version_info < (3, 11)" in (ROOT / "dev.py").read_text()
    assert '"--python-version", "3.11"' in (ROOT / "dev.py").read_text()
    assert PROJECT["tool"]["mypy"]["python_version"] == "3.11"


def test_every_page_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    pages = sorted(path.name for path in (ROOT / "docs").glob("*.md"))
    assert pages
    assert [name for name in pages if f"(docs/{name})" not in readme] == []


def test_scripts_that_people_start_are_executable() -> None:
    assert [name for name in ("dev.py", ".ci/run") if not (ROOT / name).stat().st_mode & 0o100] == []
