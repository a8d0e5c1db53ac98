"""Flip single bits of a recording and ask `data check` about each: python tests/flip.py 500 [SEED]."""

import sys

from fuzzing.flips import main

if __name__ == "__main__":
    sys.exit(main())
