"""Do people come in by LiteLLM's own login, which lets in five of them?"""

from collections.abc import Collection, Iterator

from aiops.checks.check import Check, at, ok, owned_by, skip
from aiops.gitops.declared import Declared
from aiops.gitops.litellm_config import model_entries
from aiops.gitops.monitors import body_of
from aiops.gitops.nodes import Place
from aiops.gitops.written import all_fields, whose
from aiops.judge.attachment import guards
from aiops.judge.finding import Evidence, Finding
from aiops.judge.gateway import MASTER_KEYS, is_gateway
from aiops.judge.sso import LICENSE, SSO, backend_keys, variables_of
from aiops.snapshot import ref_of
from aiops.snapshot.look import Look

_CAUSE = "LiteLLM's login for its admin UI is free for 5 users: the sixth is refused, unless there is a licence"
_FIX = f"add a login at the edge with a portal that hands out keys, or {LICENSE}; then SSO of LiteLLM is for its admins"


def _lint(declared: Declared) -> Iterator[Finding]:
    logins = list(_logins(declared))
    if not logins:
        yield skip("nothing of the tree switches on LiteLLM's own login")
    elif any(_names(declared, LICENSE)):
        yield ok("LiteLLM has a licence for its own login")
    elif portal := _portal(declared):
        yield ok(f"people get their keys behind a login at the edge ({portal}), not by LiteLLM's own")
    else:
        for name, place in logins:
            owner = whose(declared, place.file)
            yield Finding(
                status="warn",
                symptom=f"{name} switches on LiteLLM's own login, and nothing else lets people get a key",
                cause=_CAUSE,
                fix=_FIX,
                about=place.file if "/" in place.file else "",
                owner=owned_by(owner),
                **at(place),
            )


def _logins(declared: Declared) -> Iterator[tuple[str, Place]]:
    """(variable, where) of what gives LiteLLM one that switches its login on."""
    own = {each.file for each in declared.manifests if is_gateway(body_of(each))}
    own |= {entry.place().file for entry in model_entries(declared)}
    for variable in SSO:
        for place in _names(declared, variable):
            text = declared.files.read(place.file) or ""
            if place.file in own or (variable == SSO[0] and "litellm" in text.lower()):
                yield variable, place


def _names(declared: Declared, variable: str) -> Iterator[Place]:
    """Where a variable is named: as a key, as the name of an item, as the key of a Secret."""
    for field in all_fields(declared.files, variable):
        if field.path[-1] == variable or (field.path[-1] in ("name", "secretKey", "envVar") and field.text == variable):
            yield field.place


def _portal(declared: Declared) -> str:
    """Who else may hand out keys: what holds LiteLLM's master key, where the edge asks for a login.

    Where nobody tells where the master key comes from, a login at the edge is enough.
    """
    on = [each for each in declared.manifests if each.application not in declared.off]
    guarding = next((str(each) for each in on if guards(each.body)), "")
    filled = [(each, keys) for each in declared.of("ExternalSecret") if (keys := backend_keys(each.body, MASTER_KEYS))]
    own = {each.file for each in (*(each for each, _ in filled), *declared.of("ClusterSecretStore", "SecretStore"))}
    keys = {key for _, found in filled for key in found}
    holders = {name for key in keys for name in _holders(declared, key, own) if name not in declared.off}
    return guarding and (", ".join(sorted(holders)) if keys else guarding)


def _holders(declared: Declared, key: str, own: Collection[str]) -> Iterator[str]:
    """The applications with a file that takes the master key, but for LiteLLM's own."""
    names = {app.name for app in declared.applications}
    for field in all_fields(declared.files, key):
        if field.text == key and field.place.file not in own:
            folder = field.place.file.rpartition("/")[0].rpartition("/")[2]
            yield whose(declared, field.place.file) or (folder if folder in names else field.place.file)


def _judge(look: Look) -> Iterator[Finding]:
    secrets = look.items("external-secrets")
    found = [(each, *variables_of(each, secrets)) for each in look.items("deployments") if is_gateway(each)]
    logins = [(each, names, unknown) for each, names, unknown in found if names & set(SSO)]
    guarding = next((str(ref_of(each)) for each in look.items("gateway-policies") if guards(each)), "")
    if not logins:
        yield skip("no LiteLLM is there whose own login is on")
    for body, names, unknown in logins:
        who = ref_of(body)
        if LICENSE in names or guarding:
            yield ok(f"{who} has {LICENSE}" if LICENSE in names else f"people come in by the edge ({guarding})")
        elif unknown:
            yield skip(f"whether {who} has a licence is not told: {unknown[0]} brings variables that nobody names")
        else:
            variable = next(each for each in SSO if each in names)
            yield Finding(
                status="warn",
                symptom=f"{who} has its own login on, and the edge asks nobody for one",
                cause=_CAUSE,
                about=str(who),
                fix=_FIX,
                evidence=(Evidence("its variables", f"{variable} is among them, {LICENSE} is not"),),
            )


CHECK = Check(
    slug="litellm-sso-seats",
    group="gateway",
    title="people do not depend on LiteLLM's own login, which lets in five",
    reads=("deployments", "external-secrets", "gateway-policies"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)
