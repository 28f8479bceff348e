"""Kills a program as the end of a process does, once at each of its first acts on files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path


def kill_at_each_step(
    module: str, root: Path, steps: int, events: Sequence[str] = ("open", "os.rename"), *, every: int = 1
) -> None:
    """Let a module's `begin` work in the folders root/0, root/1 …, the n-th killed before act n · every + 1.

    Args:
        module: its `begin(folder)` prepares, and returns what is then called and killed.
        root: below it lie the folders, and the files that count.
        steps: how many folders.
        events: audit events that count as acts.
        every: acts between one kill and the next.
    """
    subprocess.run(
        [sys.executable, "-m", __name__, module, str(root), str(steps), str(every), *events],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=240,
        check=True,
    )


def main() -> None:
    """Do what `kill_at_each_step` says, in a process of its own: what listens to acts cannot be taken off."""
    import pyarrow.compute
    import pyarrow.parquet  # noqa: F401 - once for all that are forked

    module, root, steps, every, *events = sys.argv[1:]
    begin = import_module(module).begin
    for step in range(int(steps)):
        if os.fork():
            os.wait()
            continue
        left = int(every) * step

        def stop(event: str, args: tuple[object, ...]) -> None:
            nonlocal left
            if event in events and str(args[0]).startswith(root):
                left -= 1
                if left < 0:
                    os._exit(9)

        act = begin(Path(root) / str(step))
        sys.addaudithook(stop)
        act()
        os._exit(0)


if __name__ == "__main__":
    main()
