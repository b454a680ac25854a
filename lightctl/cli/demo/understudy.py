"""`python -m lightctl.cli.demo.understudy MODULE [LEARNED...]`: loads modules, waits for its cue, and becomes MODULE.

Loading, the device profiles included, takes longer than anything else a daemon does before its first command; so a run
lets its processes do it while it brings its town in. One line on stdout says that it is done. The cue is a line on
stdin: the arguments, as a JSON list. Without one (whoever started it is gone) it ends.
"""

from __future__ import annotations

import json
import runpy
import sys
from importlib import import_module

from lightctl.devices.profile import shipped_profiles


def main() -> None:
    """Run the command."""
    module, *learned = sys.argv[1:]
    for name in learned:
        import_module(name)
    shipped_profiles()
    print("{}", flush=True)  # noqa: T201 - stdout is what the starting process reads
    cue = sys.stdin.readline()
    if cue:
        sys.argv = [module, *json.loads(cue)]
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
