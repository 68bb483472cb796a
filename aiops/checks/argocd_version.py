"""Is the version of Argo CD one that aiops was tested with?"""

import re
from collections.abc import Iterator

from aiops.checks.check import Check, ok, skip
from aiops.judge.finding import Finding
from aiops.snapshot import Json
from aiops.snapshot.look import Look

TESTED = (3, 5)
PART_OF = {"app.kubernetes.io/part-of": "argocd"}
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.\d+[-+.\w]*")


def _judge(look: Look) -> Iterator[Finding]:
    asked = look.value("argocd-version")
    found = _VERSION.fullmatch(asked) if asked else _of_workloads(look)
    if asked and not found:
        yield Finding(status="unknown", symptom=f"Argo CD's API gives `{asked}` for its version", fix="argocd version")
    elif not found:
        yield skip(
            "nothing tells: no image of an Argo CD Deployment has a version as its tag, and no ARGOCD_SERVER is set"
        )
    elif (int(found[1]), int(found[2])) == TESTED:
        yield ok(f"Argo CD {found[0]}")
    else:
        yield Finding(
            status="warn",
            symptom=f"Argo CD {found[0]} is not the one that aiops is tested with, {TESTED[0]}.{TESTED[1]}",
            cause="when Argo CD looks anew, and what it calls healthy, differs between its minor versions",
            fix="upgrade Argo CD"
            if (int(found[1]), int(found[2])) < TESTED
            else "upgrade aiops, or read what changed in that version",
        )


def _of_workloads(look: Look) -> re.Match[str] | None:
    """The tag of an image, or the version label that its chart gives."""
    for body in look.items("deployments"):
        labels = body["metadata"].get("labels") or {}
        if body["metadata"].get("namespace") == look.namespace and PART_OF.items() <= labels.items():
            for text in (*_tags(body), labels.get("app.kubernetes.io/version", "")):
                if match := _VERSION.fullmatch(text):
                    return match
    return None


def _tags(deployment: Json) -> Iterator[str]:
    """Of Argo CD's own images: those of redis and dex have versions of their own."""
    for container in deployment["spec"]["template"]["spec"].get("containers") or ():
        name, _, tag = str(container.get("image", "")).partition("@")[0].rpartition(":")
        if name.rpartition("/")[2] == "argocd":
            yield tag


CHECK = Check(
    slug="argocd-version",
    group="argocd",
    title="Argo CD is a version that aiops is tested with",
    reads=("argocd-version", "deployments"),
    needs=("argocd-installed",),
    prerequisite=True,
    judge=_judge,
)
