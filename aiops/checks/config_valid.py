"""Can the config be read, and does it ask for something that makes sense?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok
from aiops.judge.finding import Evidence, Finding
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    config = look.value("config")
    if config["problem"]:
        yield Finding(
            status="fail",
            symptom=config["problem"],
            cause="aiops and the platform's own scripts read it; what it means is unknown until it is right",
            fix=config["hint"] or "correct the file",
            evidence=tuple(Evidence("config", line) for line in config["problems"]),
        )
        return
    yield ok(f"{config['path']} is valid")
    for note in config["warnings"]:
        yield Finding(
            status="warn",
            symptom=note,
            cause="the config asks for something that another part of it does not give",
            fix=f"edit {config['path']}, then `aiops resolve`",
        )


CHECK = Check(
    slug="config-valid",
    group="config",
    title="the config is valid",
    reads=("config",),
    prerequisite=True,
    judge=_judge,
)
