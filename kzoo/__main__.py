"""`python -m kzoo` is `kzoo`."""

from kzoo.cli import main

if __name__ == "__main__":
    main()
