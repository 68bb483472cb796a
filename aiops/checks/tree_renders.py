"""Can every application's folder be rendered, as Argo CD will do it?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, ok, skip
from aiops.gitops.declared import Declared
from aiops.judge.finding import Finding


def _lint(declared: Declared) -> Iterator[Finding]:
    broken = {name: each.why for name, each in declared.unrendered.items() if each.broken}
    outside = {name: each.why for name, each in declared.unrendered.items() if not each.broken}
    for app in declared.applications:
        if app.name in broken:
            yield Finding(
                status="fail",
                symptom=f"application {app.name} cannot be rendered",
                cause=broken[app.name],
                fix="correct the file, then `aiops lint`",
                about=f"Application {app.name}",
                owner=f"application {app.name}",
                **at(declared.place_in(app, "spec", "source", "path")),
            )
    if outside and not broken:
        yield skip(f"not rendered here: {', '.join(f'{name} ({why})' for name, why in outside.items())}")
    elif not broken:
        yield ok(f"{len(declared.applications)} applications render to {len(declared.manifests)} objects")


CHECK = Check(
    slug="tree-renders",
    group="git",
    title="every application's folder can be rendered",
    lint=_lint,
)
