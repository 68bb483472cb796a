"""Where in the files something is written: file and line of a field of an object."""

from collections.abc import Iterable, Iterator, Sequence

from aiops.gitops.document import Document
from aiops.gitops.files import Files
from aiops.gitops.nodes import Place, objects, roots, text_at, walk
from aiops.gitops.patch_lines import patch_lines
from aiops.gitops.patches import is_for

Path = Sequence[str | int]


def place(files: Files, document: Document, written: Iterable[Document], path: Path) -> Place:
    """Where a field of the document is written, or what of it is nearest.

    `written` are the documents and patches that may have set it; of the patches the last one wins.
    """
    found = [(depth, Place(document.file, line)) for depth, line in _own(files, document, path)]
    patches = (one for one in written if one.patch and is_for(one, document))
    for patch in {(one.file, one.kind, one.name): one for one in patches}.values():
        lines = patch_lines(files, patch, document.body, path)
        found += ((depth, Place(patch.file, line)) for depth, line in lines)
    deepest = max((depth for depth, _ in found), default=0)
    return next((where for depth, where in reversed(found) if depth == deepest), Place(document.file, 1))


def place_in_file(files: Files, file: str, path: Path) -> Place:
    """Where a field of a file's first document is written, or what of it is nearest."""
    found = roots(files.read(file) or "")
    return Place(file, walk(found[0], path)[1]) if found else Place(file, 1)


def _own(files: Files, document: Document, path: Path) -> Iterator[tuple[int, int]]:
    """(how much of the path is there, its line) in the document itself; nothing where its file does not have it."""
    whole = roots(files.read(document.file) or "")
    found = [each for root in whole for each in objects(root, document.kind, document.name)]
    here = (each for each in found if text_at(each, "metadata", "namespace") in ("", document.namespace))
    if node := next(here, next(iter(found), None)):
        yield walk(node, path)
