"""One manifest of the tree."""

from dataclasses import dataclass

from aiops.gitops.parsing import Body, value


@dataclass(frozen=True)
class Document:
    """A manifest, or a patch of one."""

    group: str
    """API group; empty for the core group."""
    version: str
    kind: str
    """Of a patch: a regular expression of the kinds it is for; empty for any. The name likewise."""
    name: str
    namespace: str
    """As written, or as a kustomization sets it; means nothing for a cluster-scoped kind."""
    body: Body
    """The manifest; of a JSON patch, its list under `operations`."""
    file: str
    patch: bool = False
    """A kustomization applies it to the documents before it."""


@dataclass(frozen=True)
class Unread:
    """A part of a path that only its renderer knows."""

    what: str
    """A URL, a Helm chart, a generator."""
    file: str
    """Who asks for it."""


def document(body: Body, file: str) -> Document:
    """The manifest with its identity."""
    group, _, version = str(value(body, "apiVersion") or "").rpartition("/")
    return Document(
        group=group,
        version=version,
        kind=str(value(body, "kind") or ""),
        name=str(value(body, "metadata", "name") or ""),
        namespace=str(value(body, "metadata", "namespace") or ""),
        body=body,
        file=file,
    )
