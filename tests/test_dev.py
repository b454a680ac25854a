"""dev.py on a clone of its own, without a network: the lock files are empty and the command tells how it was called."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COMMAND = """
import os, sys
def main():
    print(os.getcwd(), sys.argv[1:])
    return 7 if "fail" in sys.argv else 0
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in a folder with a space in its name, started once."""
    folder = tmp_path_factory.mktemp("with space") / "light city"
    (folder / "lightctl" / "cli").mkdir(parents=True)
    shutil.copy(ROOT / "dev.py", folder)
    for name in ("requirements.lock", "requirements-dev.lock"):
        (folder / name).write_text("")
    for name in ("lightctl/__init__.py", "lightctl/cli/__init__.py"):
        (folder / name).write_text("")
    (folder / "lightctl" / "cli" / "main.py").write_text(COMMAND)
    assert start(folder, "demo").returncode == 0
    return folder


def start(clone: Path, *arguments: str, cwd: Path | None = None, **extra: str) -> subprocess.CompletedProcess[str]:
    """Start dev.py in an empty environment, where no uv is on PATH."""
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(clone), **extra}
    assert shutil.which("uv", path="/usr/bin:/bin") is None
    command = [sys.executable, str(clone / "dev.py"), *arguments]
    return subprocess.run(
        command, cwd=cwd or clone, env=environ, capture_output=True, text=True, timeout=120, check=False
    )


def test_arguments_arrive_and_the_exit_code_comes_back(clone: Path) -> None:
    result = start(clone, "demo", "--name", "a b", "fail")
    assert result.returncode == 7
    assert result.stdout == f"{clone} ['demo', '--name', 'a b', 'fail']\n"


def test_demo_runs_in_the_clone_and_the_command_runs_where_you_stand(clone: Path, tmp_path: Path) -> None:
    assert start(clone, "demo", cwd=tmp_path).stdout.startswith(str(clone))
    assert start(clone, "lightctl", "version", cwd=tmp_path).stdout == f"{tmp_path} ['version']\n"


def test_a_second_start_changes_nothing_and_takes_no_time(clone: Path) -> None:
    before = (clone / ".venv" / "pyvenv.cfg").stat().st_mtime_ns
    began = time.monotonic()
    assert start(clone, "demo").stderr == ""
    assert time.monotonic() - began < 3
    assert (clone / ".venv" / "pyvenv.cfg").stat().st_mtime_ns == before


def test_the_installed_command_runs_from_any_folder(clone: Path, tmp_path: Path) -> None:
    result = subprocess.run(
        [clone / ".venv" / "bin" / "lightctl", "x"],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert result.stdout == f"{tmp_path} ['x']\n"


def copy(clone: Path, folder: Path) -> Path:
    """Copy a clone so that its environment counts as made in the new place."""
    shutil.copytree(clone, folder, symlinks=True, ignore=shutil.ignore_patterns("site-packages"))
    stamp = folder / ".venv" / "lightctl-stamp"
    stamp.write_text(stamp.read_text().replace(str(clone), str(folder)))
    return folder


def wants_a_new_environment(clone: Path, no_ensurepip: Path) -> bool:
    """Say whether a start would make .venv again; it cannot, because this Python has no ensurepip."""
    return "Preparing .venv" in start(clone, "lightctl", PYTHONPATH=str(no_ensurepip)).stderr


@pytest.fixture
def no_ensurepip(tmp_path: Path) -> Path:
    folder = tmp_path / "no ensurepip"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("import sys\nsys.modules['ensurepip'] = None\n")
    return folder


def test_a_sound_environment_is_kept(clone: Path, tmp_path: Path, no_ensurepip: Path) -> None:
    assert not wants_a_new_environment(copy(clone, tmp_path / "sound"), no_ensurepip)


def test_a_half_made_environment_is_made_again(clone: Path, tmp_path: Path, no_ensurepip: Path) -> None:
    half = copy(clone, tmp_path / "half")
    (half / ".venv" / "lightctl-stamp").unlink()
    assert wants_a_new_environment(half, no_ensurepip)


def test_a_changed_lock_file_is_noticed(clone: Path, tmp_path: Path, no_ensurepip: Path) -> None:
    changed = copy(clone, tmp_path / "changed")
    (changed / "requirements.lock").write_text("# changed\n")
    assert wants_a_new_environment(changed, no_ensurepip)


def test_a_moved_clone_is_noticed(clone: Path, tmp_path: Path, no_ensurepip: Path) -> None:
    here = copy(clone, tmp_path / "here")
    assert wants_a_new_environment(here.rename(tmp_path / "there"), no_ensurepip)


def test_a_failing_installation_ends_with_1_and_leaves_nothing_that_looks_finished(clone: Path) -> None:
    lock = clone / "requirements-dev.lock"
    lock.write_text("no-such-package==1 --hash=sha256:" + "0" * 64 + "\n")
    result = start(clone, "test", PIP_NO_INDEX="1")
    lock.write_text("")
    assert result.returncode == 1
    assert "dev.py stopped: " in result.stderr
    assert not (clone / ".venv" / "lightctl-stamp").exists()


def test_an_environment_whose_python_is_gone_is_made_again(clone: Path) -> None:
    python = clone / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(clone / "no-such-python")
    assert start(clone, "demo").returncode == 0
    assert python.exists()


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not on PATH")
def test_uv_is_used_where_it_is_on_the_path(clone: Path, tmp_path: Path, no_ensurepip: Path) -> None:
    fresh = copy(clone, tmp_path / "fresh")
    shutil.rmtree(fresh / ".venv")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "uv").symlink_to(shutil.which("uv") or "")
    result = start(fresh, "demo", PATH=f"{tools}:/usr/bin:/bin", PYTHONPATH=str(no_ensurepip))
    assert result.returncode == 0, result.stderr
    assert "uv = " in (fresh / ".venv" / "pyvenv.cfg").read_text()


def test_a_python_without_venv_support_is_told_the_package_to_install(
    clone: Path, tmp_path: Path, no_ensurepip: Path
) -> None:
    bare = copy(clone, tmp_path / "bare")
    shutil.rmtree(bare / ".venv")
    result = start(bare, "demo", PYTHONPATH=str(no_ensurepip))
    assert result.returncode == 1
    assert f"apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv" in result.stderr
    assert not (bare / ".venv").exists()


def test_an_older_python_is_told_what_is_needed(clone: Path) -> None:
    code = "import sys; sys.version_info = (3, 9, 2); sys.argv[1:] = ['demo']; exec(open('dev.py').read())"
    result = subprocess.run(
        [sys.executable, "-c", f"__file__ = 'dev.py'\n{code}"],
        cwd=clone,
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1
    assert "needs Python 3.11 or newer" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["no-such-verb"]])
def test_without_a_known_verb_it_says_what_it_can_do(clone: Path, arguments: list[str]) -> None:
    result = start(clone, *arguments)
    assert result.returncode == 2
    assert "dev.py demo" in result.stderr


def test_dev_py_writes_nothing_outside_its_environment(clone: Path) -> None:
    allowed = {".venv", "dev.py", "lightctl", "requirements.lock", "requirements-dev.lock"}
    assert {path.name for path in clone.iterdir()} - {".cache"} == allowed
