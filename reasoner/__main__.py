"""``python -m reasoner``, and the command ``reasoner``."""

import sys


def main() -> None:
    """Runs the command line; whoever interrupts it while it is still being loaded sees no traceback either."""
    try:
        from reasoner.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
