"""Try damaged and hostile inputs: python tests/fuzz.py --inputs 500 --seed 1."""

import sys

from fuzzing.campaign import main

if __name__ == "__main__":
    sys.exit(main())
