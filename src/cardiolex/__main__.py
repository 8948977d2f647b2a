"""`python -m cardiolex` is the command line."""

from cardiolex.cli import main

if __name__ == "__main__":
    main()
