"""Does a start take whatever image is there by then, or a model's wait for a registry that has nothing new?"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiops.checks.check import Check, at, of, ok, owned_by, skip
from aiops.gitops.declared import Declared
from aiops.gitops.nodes import Place
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


@dataclass(frozen=True)
class _Use:
    """An image where it is named."""

    image: DeclaredImage
    whose: str
    about: Mapping[str, Any]
    """Fields of a finding: the object or file, and who deploys it."""
    place: Callable[..., Place]


def _lint(declared: Declared) -> Iterator[Finding]:
    uses = list(_uses(declared))
    flawed = [(use, flaw) for use in uses if (flaw := _flaw(use.image)) is not None]
    for use, flaw in flawed:
        yield Finding(
            status="warn",
            symptom=f"{use.image.who} of {use.whose} {flaw.text}",
            cause=flaw.cause,
            fix=flaw.fix,
            **use.about,
            **at(use.place(*flaw.path)),
        )
    if not uses:
        yield skip("the tree names no image")
    elif not flawed:
        yield ok(f"of {len(uses)} images each means one version, and no model waits for one that its node has")


def _uses(declared: Declared) -> Iterator[_Use]:
    for manifest in declared.manifests:
        for image in images_of(manifest.body):
            yield _Use(image, str(manifest), of(manifest), partial(declared.place, manifest))
    for values in declared.values:
        about = {"about": values.file, "owner": owned_by(values.application)}
        for image in images_in_values(values.body):
            yield _Use(image, "a chart's values", about, partial(declared.place_of, values))


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
