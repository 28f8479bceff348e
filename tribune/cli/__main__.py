"""`python -m tribune.cli`: the command `tribune` where no script is installed."""

from tribune.cli import main

if __name__ == "__main__":
    main()
