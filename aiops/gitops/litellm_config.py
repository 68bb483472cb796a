"""LiteLLM's config in a tree, wherever it is written: a file of its own, a ConfigMap's text, Helm values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiops.gitops.declared import Declared
from aiops.gitops.nodes import Place
from aiops.gitops.parsing import Body, part
from aiops.gitops.written import all_fields, whose

_LIST, _SETTINGS = "model_list", "litellm_settings"


@dataclass(frozen=True)
class Entry:
    """One model that LiteLLM offers."""

    application: str
    """Whose file it is in; empty where no application is known to use it."""
    name: str
    """What its clients ask for."""
    body: Body
    places: Mapping[tuple[str | int, ...], Place]
    """Where what of it is written, by its path in the entry; the entry itself by `()`."""

    @property
    def params(self) -> Body:
        """How LiteLLM reaches it."""
        return part(self.body, "litellm_params")

    @property
    def info(self) -> Body:
        """What LiteLLM is told of it besides."""
        return part(self.body, "model_info")

    def place(self, *path: str) -> Place:
        """Where a field is written; its nearest parent where it is not."""
        return next(self.places[path[:length]] for length in range(len(path), -1, -1) if path[:length] in self.places)


def model_entries(declared: Declared) -> Iterator[Entry]:
    """The entries of every `model_list` of the tree."""
    fields = list(all_fields(declared.files, _LIST))
    for entry in fields:
        if entry.path[-2:-1] != (_LIST,):
            continue
        body = entry.value()
        if isinstance(body, dict) and ("litellm_params" in body or "model_name" in body):
            own = (each for each in fields if (each.place.file, each.document) == (entry.place.file, entry.document))
            length = len(entry.path)
            places = {each.path[length:]: each.place for each in own if each.path[:length] == entry.path}
            yield Entry(whose(declared, entry.place.file), str(body.get("model_name") or ""), body, places)


def litellm_settings(declared: Declared) -> Iterator[Body]:
    """Every `litellm_settings` of the tree."""
    for field in all_fields(declared.files, _SETTINGS):
        if field.path[-1] == _SETTINGS and isinstance(body := field.value(), dict):
            yield body
