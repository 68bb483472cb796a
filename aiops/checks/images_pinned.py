"""Does a start take whatever image is there by then, or a model's wait for a registry that has nothing new?"""

from collections.abc import Iterator
from dataclasses import dataclass

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared
from aiops.judge.declared_images import DeclaredImage, images_in_values, images_of
from aiops.judge.finding import Finding

_ASKED = "a start waits for the registry, and where it is away or limits its callers, nothing starts"


@dataclass(frozen=True)
class _Flaw:
    text: str
    """What follows the name of what asks for the image."""
    cause: str
    fix: str
    path: tuple[str | int, ...]
    """Of what is to be changed."""


def _lint(declared: Declared) -> Iterator[Finding]:
    found = [*_in_manifests(declared), *_in_values(declared)]
    flawed = [each for each in found if each is not None]
    yield from flawed
    if not found:
        yield skip("the tree names no image")
    elif not flawed:
        yield ok(f"of {len(found)} images each means one version, and no model waits for one that its node has")


def _in_manifests(declared: Declared) -> Iterator[Finding | None]:
    """For each image what is wrong with it."""
    for manifest in declared.manifests:
        for image in images_of(manifest.body):
            flaw = _flaw(image)
            yield (
                None
                if flaw is None
                else Finding(
                    status="warn",
                    symptom=f"{image.who} of {manifest} {flaw.text}",
                    cause=flaw.cause,
                    fix=flaw.fix,
                    **of(manifest),
                    **at(declared.place(manifest, *flaw.path)),
                )
            )


def _in_values(declared: Declared) -> Iterator[Finding | None]:
    for values in declared.values:
        for image in images_in_values(values.body):
            flaw = _flaw(image)
            yield (
                None
                if flaw is None
                else Finding(
                    status="warn",
                    symptom=f"{image.who} of a chart's values {flaw.text}",
                    cause=flaw.cause,
                    fix=flaw.fix,
                    about=values.file,
                    owner=f"application {values.application}" if values.application else "",
                    **at(declared.place_of(values, *flaw.path)),
                )
            )


def _flaw(image: DeclaredImage) -> _Flaw | None:
    reference, policy = image.reference, image.reference.policy(image.policy)
    if not reference.known or policy == "Never":
        return None
    if reference.floats:
        return _Flaw(
            f"runs whatever {reference.text} is by then",
            f"no version is named, so two nodes may run two of them; {_ASKED}"
            if policy == "Always"
            else "no version is named, so each node runs what it was on the day on which it was pulled there",
            "set its version and digest, as NAME:VERSION@sha256:DIGEST",
            image.path,
        )
    if policy != "Always" or (reference.digest and not image.of_model):
        return None  # a small image with its digest costs one question, and is never another one
    if reference.digest:
        return _Flaw(
            "asks its registry at each start for a digest, which never changes",
            f"its pull policy is Always: {_ASKED}, though the node has the image",
            "set its pull policy: IfNotPresent" if image.policy else "set the image without the tag `latest`",
            image.policy_path if image.policy else image.path,
        )
    return _Flaw(
        f"asks its registry at each start what tag {reference.tag} is by then",
        f"its pull policy is Always, and a tag can be moved; {_ASKED}",
        f"set the image's digest, as {reference.text}@sha256:DIGEST, and its pull policy: IfNotPresent",
        image.policy_path,
    )


CHECK = Check(
    slug="images-pinned",
    group="layers",
    title="images mean one version, and no model waits for one that its node has",
    lint=_lint,
)
