"""How long the commands take that look at the law and its tests as a whole.

    python benchmarks/quality.py [COMMAND...]

Runs each command as a user does, on the law and tests of this repository, with a cache of its own, and prints its wall
time and last line. The aim is a few minutes on two cores.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time

COMMANDS = ("test", "coverage", "mutate")


def measured(command: str, environment: dict[str, str]) -> None:
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "reasoner", *command.split()],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    lines = done.stdout.strip().split("\n\n")[-1].split()
    print(f"reasoner {command:12} {time.perf_counter() - begun:7.0f} s   {' '.join(lines)}", flush=True)
    if done.returncode > 1:
        sys.exit(done.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commands", nargs="*", default=COMMANDS, help="commands with their options, quoted")
    with tempfile.TemporaryDirectory() as cache:
        for command in parser.parse_args().commands:
            measured(command, {**os.environ, "REASONER_CACHE": cache, "COLUMNS": "80"})
