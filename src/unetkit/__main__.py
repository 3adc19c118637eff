"""`unetkit` and `python -m unetkit`."""

import sys
import time

from unetkit.cli.app import main as serve


def main() -> int:
    """Serve the command line of this process; a budget in minutes counts from the process's start."""
    return serve(started=time.time() - time.process_time())


if __name__ == "__main__":
    sys.exit(main())
