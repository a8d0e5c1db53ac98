"""`python -m playhead`, for where scripts are not on the PATH."""

from playhead.cli import main

if __name__ == "__main__":
    main()
