"""`reasoner` under the small law of `benchmarks/peers/law`; the arguments are those of the command.

With `RULES_TIME=FILE` in the environment, the seconds that went into the rules alone are written to that file.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from reasoner import program

LAW = Path(__file__).parent / "law"
program.law_root = lambda: LAW  # here and in every process that the command starts, before anything reads the law


def timed(file: Path) -> None:
    """Has the evaluation of ground programs measured."""
    from reasoner.evaluate import Evaluator

    run, taken = Evaluator.run, [0.0]

    def measured(*arguments: Any, **options: Any) -> Any:
        begun = time.perf_counter()
        try:
            return run(*arguments, **options)
        finally:
            taken[0] += time.perf_counter() - begun
            file.write_text(str(taken[0]))

    Evaluator.run = measured


if __name__ == "__main__":
    if "RULES_TIME" in os.environ:
        timed(Path(os.environ["RULES_TIME"]))
    from reasoner.cli import main

    main()
