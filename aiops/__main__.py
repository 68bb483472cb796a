"""The way in: `aiops`, or `python -m aiops`."""

import os
import sys


def main() -> None:
    """Run the command line; Ctrl-C is exit 130 from the first moment on, also while libraries load."""
    try:
        sys.exit(_run())
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of a pipe has gone, as in `aiops wait | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


def _run() -> int:
    import click

    from aiops.cli import cli

    try:
        return int(cli.main(prog_name="aiops", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130


if __name__ == "__main__":
    main()
