"""A look as a file: for somebody else's eyes, or for later."""

import os
import tempfile
from pathlib import Path

from aiops.errors import WrongUse
from aiops.snapshot.look import Look, dumps, loads


def save_look(look: Look, file: Path) -> None:
    """Write it, readable by its owner alone; WrongUse where that cannot be. A file of before is replaced at once."""
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False) as new:
            try:
                new.write(dumps(look))
                new.flush()
                os.fchmod(new.fileno(), 0o600)
                Path(new.name).replace(file)
            except BaseException:
                Path(new.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise WrongUse(
            f"--save {file}: cannot be written: {error.strerror}", "name a file in a folder of yours"
        ) from error


def load_look(file: Path) -> Look:
    """The look in a file; WrongUse where there is none."""
    try:
        return loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongUse(f"--from {file}: cannot be read: {error.strerror}", "name a file that --save wrote") from error
    except ValueError as error:
        raise WrongUse(f"--from {file}: {error}", "name a file that `aiops doctor --save` wrote") from error
