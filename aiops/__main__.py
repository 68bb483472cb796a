"""The way in: `aiops`, or `python -m aiops`."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C is exit 130 from the first moment on, also while libraries load."""
    try:
        sys.exit(_run())
    except KeyboardInterrupt:
        sys.exit(130)


def _run() -> int:
    import click

    from aiops.cli import cli

    try:
        return int(cli.main(prog_name="aiops", standalone_mode=False) or 0)
    except click.ClickException as error:
        from aiops.cli.usage import refuse

        return refuse(error)
    except click.Abort as abort:  # click's word for a KeyboardInterrupt
        return int(getattr(abort.__cause__, "exit_code", 130))


if __name__ == "__main__":
    main()
