"""What a kustomization lists: resources first, patches after. Nothing is rendered.

The keys are those of https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from aiops.errors import TreeError
from aiops.gitops.document import Document, Unread, document
from aiops.gitops.files import Files
from aiops.gitops.parsing import Body, items, objects, parse, part, texts, value

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_GENERATORS = ("helmCharts", "configMapGenerator", "secretGenerator", "generators", "transformers")
_WRITTEN = ("patch", "literals", "images", "labels", "commonLabels", "commonAnnotations", "options", "helmCharts")
"""Fields whose texts are values, or told already, and nothing that is fetched."""
SCALABLE = "Deployment|ReplicaSet|ReplicationController|StatefulSet"
"""The kinds that its `replicas` are for."""

Found = Iterator[Document | Unread]


def find(files: Files, folder: str) -> str | None:
    """The kustomization file of a folder; None where it has none."""
    return next((path for name in NAMES if files.read(path := join(folder, name)) is not None), None)


def walk(files: Files, file: str, above: tuple[str, ...] = ()) -> Found:
    """Everything that a kustomization file lists; `above` are the kustomizations that led to it.

    TreeError where it leads back to itself, or lists what is not there or does not parse.
    """
    if file in above:
        raise TreeError(f"{file}: leads back to itself: {' -> '.join((*above, file))}")
    bodies = parse(files.read(file) or "", file)
    body = bodies[0] if bodies else {}
    if len(bodies) > 1 or not isinstance(body, Mapping):
        raise TreeError(f"{file}: a kustomization is one mapping")
    namespace = value(body, "namespace")
    for listed in (entry for key in ("resources", "bases", "components") for entry in texts(body, key)):
        for found in _listed(files, listed, (*above, file)):
            moves = isinstance(namespace, str) and isinstance(found, Document)
            yield replace(found, namespace=namespace) if moves else found
    yield from (Unread(text, file) for text in _remote_texts(body))
    yield from (Unread(key, file) for key in _GENERATORS if value(body, key))
    yield from _patches(files, body, file)


def join(folder: str, name: str) -> str:
    """The normal path of a name as it is written in a folder."""
    return posixpath.normpath(posixpath.join(folder, name))


def is_remote(text: str) -> bool:
    """It names something that is fetched, as kustomize understands it."""
    return "://" in text or "?ref=" in text or text.startswith(("github.com/", "git@"))


def _remote_texts(body: object) -> Iterator[str]:
    """Whatever a kustomization takes in from elsewhere, in whichever of its fields; not what it writes itself."""
    if isinstance(body, Mapping):
        for name, each in body.items():
            if name not in _WRITTEN:
                yield from _remote_texts(each)
    elif isinstance(body, list):
        for each in body:
            yield from _remote_texts(each)
    elif isinstance(body, str) and "\n" not in body and is_remote(body.partition("=")[2] or body):
        yield body


def _listed(files: Files, listed: str, above: tuple[str, ...]) -> Found:
    path = join(posixpath.dirname(above[-1]), listed)
    if files.read(path) is not None:
        yield from (document(body, file) for body, file in objects(files, [path]))
    elif inner := find(files, path):
        yield from walk(files, inner, above)
    elif is_remote(listed):
        return  # told with all that the file takes from elsewhere
    else:
        raise TreeError(f"{above[-1]}: lists `{listed}`, which is not in {files.where}")


def _patches(files: Files, body: Body, file: str) -> Found:
    for text in texts(body, "patchesStrategicMerge"):
        inline = "\n" in text
        yield from _patch(files, {"patch" if inline else "path": text}, file)
    for entry in (*items(body, "patches"), *items(body, "patchesJson6902")):
        yield from _patch(files, entry, file)
    for entry in items(body, "replicas"):
        replicas = {"spec": {"replicas": value(entry, "count")}}
        name = str(value(entry, "name"))
        yield replace(document(replicas, file), kind=SCALABLE, name=name, patch=True)


def _patch(files: Files, entry: Body, file: str) -> Found:
    """The documents of one patch, addressed to its target where it has one."""
    target = part(entry, "target")
    if "labelSelector" in target or "annotationSelector" in target:
        yield Unread("a patch by selector", file)
        return
    text, source = value(entry, "patch"), file
    if text is None:
        source = join(posixpath.dirname(file), str(value(entry, "path")))
        text = files.read(source)
    if text is None and is_remote(str(value(entry, "path"))):
        return
    if text is None:
        raise TreeError(f"{file}: the patch {source} is not in {files.where}")
    for body in _bodies(text, source):
        patch = replace(document(body, source), patch=True)
        if target:
            patch = replace(patch, kind=str(target.get("kind", "")), name=str(target.get("name", "")))
        yield _checked(patch)


def _bodies(text: str, source: str) -> list[Body]:
    """The bodies of a patch; a JSON patch, which is a list, as its `operations`."""
    bodies = [{"operations": body} if isinstance(body, list) else body for body in parse(text, source)]
    if not all(isinstance(body, Mapping) for body in bodies):
        raise TreeError(f"{source}: a patch is a mapping or a list of operations")
    return bodies


def _checked(patch: Document) -> Document:
    try:
        re.compile(f"{patch.kind}|{patch.name}")
    except re.error as error:
        raise TreeError(f"{patch.file}: the target of a patch is no regular expression: {error}") from error
    return patch
