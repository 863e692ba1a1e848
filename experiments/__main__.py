"""``python -m experiments`` is ``journeys`` from a checkout."""

import sys

from experiments.cli import main

if __name__ == "__main__":
    sys.exit(main())
