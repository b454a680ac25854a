"""Drive one target: a search guided by coverage, in a process of its own, or single inputs again.

python -m tests.fuzz.drive TARGET [--break] -- LIBFUZZER-OPTIONS FOLDER     what the campaign starts
python -m tests.fuzz.drive TARGET [--break] FILE ...                        these inputs again, as they were found
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Search, or judge the files given."""
    name, *rest = arguments
    breaking = rest[:1] == ["--break"]
    rest = rest[1:] if breaking else rest
    if rest[:1] != ["--"]:
        from tests.fuzz.breaks import broken  # noqa: PLC0415 - see below
        from tests.fuzz.targets import TARGETS, judge  # noqa: PLC0415

        with broken(name if breaking else ""):
            for file in rest:
                judge(TARGETS[name], Path(file).read_bytes())
        return 0
    import atheris  # noqa: PLC0415 - its wheels are for a few systems only

    with atheris.instrument_imports(include=["lightctl"]):  # so nothing of lightctl may have been imported before
        from tests.fuzz.breaks import broken  # noqa: PLC0415
        from tests.fuzz.targets import TARGETS, judge  # noqa: PLC0415
    target = TARGETS[name]
    # Code that counts its own branches is slower; the bound on time is for the kept inputs, run without counting.
    slow = type(target)(target.run, target.seeds, target.most_bytes, 20 * target.limit_s)
    with broken(name if breaking else ""):
        atheris.Setup([sys.argv[0], *rest[1:]], lambda data: judge(slow, data))
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
