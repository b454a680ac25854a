"""`python -m lightctl`: the same as the command `lightctl`."""

from lightctl.cli.main import main

if __name__ == "__main__":
    main()
