"""Looks at a wait for the tests of the listeners."""

from aiops.progress.events import Looked, Row

WHAT = "the applications of profile serving"
EVIL = "\x1b[31mred\x1b[0m\r\n[/bin/sh] [the server could not find]"


def row(name: str, state: str = "waiting", detail: str = "Progressing", group: str = "core", **more: object) -> Row:
    return Row(name=name, layer="platform", group=group, state=state, detail=detail, **more)  # type: ignore[arg-type]


def look(elapsed_s: float, *rows: Row, trouble: str = "", what: str = WHAT) -> Looked:
    return Looked(what=what, rows=rows, elapsed_s=elapsed_s, limit_s=900, trouble=trouble)
