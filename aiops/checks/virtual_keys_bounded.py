"""Does a script of the tree make virtual keys that may spend without end, for ever?"""

import re
from collections.abc import Iterator, Mapping

from aiops.checks.check import Check, at, of, ok, owned_by, skip
from aiops.gitops.declared import Declared
from aiops.gitops.key_requests import KeyRequest, key_requests
from aiops.gitops.litellm_config import litellm_settings
from aiops.gitops.parsing import part
from aiops.gitops.written import whose
from aiops.judge.finding import Finding

_BOUNDS: Mapping[str, tuple[str, ...]] = {
    "max_budget": ("max_budget", "budget_id", "team_id"),
    "duration": ("duration",),
}
"""What bounds a key, and what else does so in its place: a budget that is kept, or that of a team."""
_DEFAULTS = ("default_key_generate_params", "upperbound_key_generate_params")
"""Of litellm_settings: what a key gets where its request asks for nothing."""
_CAUSES = {
    "max_budget": "whoever has the key, or finds it in a log, may spend without end",
    "duration": "a key that nobody deletes is good for ever, long after its Job or test is gone",
}


def _lint(declared: Declared) -> Iterator[Finding]:
    requests = list(key_requests(declared))
    given = {key for each in litellm_settings(declared) for name in _DEFAULTS for key in part(each, name)}
    bad = [(each, missing) for each in requests if (missing := _missing(each, given))]
    for request, missing in bad:
        names = " and no ".join(missing)
        manifest = next((each for each in declared.manifests if each.file == request.place.file), None)
        owner = whose(declared, request.place.file)
        ours = {"about": request.place.file, "owner": owned_by(owner)}
        yield Finding(
            status="warn",
            symptom=f"{manifest or request.place.file} makes a virtual key that has no {names}",
            cause="; ".join(_CAUSES[each] for each in missing),
            fix=f"add {' and '.join(missing)} to the payload, or to default_key_generate_params in litellm_settings",
            **(of(manifest) if manifest else ours),
            **at(request.place),
        )
    if not requests:
        yield skip("no script of the tree asks LiteLLM for a virtual key")
    elif not bad:
        yield ok(f"the {len(requests)} virtual keys that scripts of the tree make have a budget and an end")


def _missing(request: KeyRequest, given: set[str]) -> list[str]:
    return [bound for bound, names in _BOUNDS.items() if bound not in given and not _asks(request.words, names)]


def _asks(words: str, names: tuple[str, ...]) -> bool:
    """One of the names is there with a value that is something."""
    pattern = rf"(?<![\w-])({'|'.join(names)})\b(?!\\?[\"']?\s*[:=]\s*(null|None)\b)"
    return bool(re.search(pattern, words))


CHECK = Check(
    slug="virtual-keys-bounded",
    group="gateway",
    title="every virtual key that a script makes has a budget and an end",
    lint=_lint,
)
