"""Names for exported schedule files."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lightctl.files.schedule_names import file_names


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (["schedules/streets.yaml", "schedules/centre.yml"], ["centre.yml", "streets.yaml"]),
        (["/srv/a b/city (new).yaml"], ["city_new.yaml"]),
        (["<stdin>"], ["stdin.yaml"]),
        (["C:\\lights\\park.yaml"], ["park.yaml"]),
        (["../../etc/cron.d/evil", "..", "x/.."], ["01-schedule.yaml", "02-evil.yaml", "03-schedule.yaml"]),
        ([".hidden.yaml"], ["hidden.yaml"]),
        (["--force"], ["force.yaml"]),
        (["Straße.yaml"], ["Straße.yaml"]),
    ],
)
def test_a_file_keeps_the_last_part_of_its_name_as_far_as_any_folder_takes_it(
    names: list[str], files: list[str]
) -> None:
    assert list(file_names(names).values()) == files


def test_names_that_clash_get_numbers_in_the_order_in_which_they_count() -> None:
    assert file_names(["b/city.yaml", "a/City.yaml"]) == {
        "a/City.yaml": "01-City.yaml",
        "b/city.yaml": "02-city.yaml",
    }


def test_names_that_would_sort_otherwise_get_numbers_too() -> None:
    assert file_names(["a/z.yaml", "b/a.yaml"]) == {"a/z.yaml": "01-z.yaml", "b/a.yaml": "02-a.yaml"}


@given(st.sets(st.text(max_size=200), max_size=20))
@example({"a", "A", "ä"})
@example({f"{folder}/same.yaml" for folder in range(20)})
def test_any_names_give_safe_files_of_their_own_in_the_same_order(names: set[str]) -> None:
    given_names = file_names(names)
    files = list(given_names.values())
    assert list(given_names) == sorted(names)
    assert files == sorted(files)
    assert len({file.casefold() for file in files}) == len(names)
    for file in files:
        assert file.endswith((".yaml", ".yml"))
        assert file[0] not in ".-"
        assert not {"/", "\\", "\0", "\n"} & set(file)
        assert len(file.encode()) < 250
