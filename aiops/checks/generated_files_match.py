"""Do the other generated files of the tree say what the config says?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok
from aiops.judge.finding import Evidence, Finding
from aiops.snapshot.look import Look


def _judge(look: Look) -> Iterator[Finding]:
    found = look.items("generated")
    for each in found:
        yield Finding(
            status="fail",
            symptom=f"{each['file']}: {each['key']} needs {each['expected']}, and it has {each['found']}",
            cause="the config was edited, and this file was not rendered anew",
            about=each["file"],
            fix="render it anew with the platform's own `render-config`, then commit and push it",
            evidence=(Evidence("how to see that they match", each["how"]),),
        )
    if not found:
        yield ok("the generated files say what the config says")


CHECK = Check(
    slug="generated-files-match",
    group="config",
    title="the generated files say what the config says",
    reads=("generated",),
    needs=("config-valid",),
    prerequisite=True,
    judge=_judge,
)
