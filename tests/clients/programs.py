"""Programs that a client runs and that do not end by themselves."""

import os
import select

HELPER = "(echo up; exec sleep 60) > {folder}/pipe & wait; wait"
"""The script of one with a child, which holds the writing end of the fixture `pipe`."""


def read(pipe: int) -> bytes:
    """The next word; empty once nobody is left who holds the other end."""
    assert select.select([pipe], [], [], 20)[0]
    return os.read(pipe, 10)
