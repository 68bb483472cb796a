"""LiteLLM's config: its variables, and the aliases of its model_list."""

from collections.abc import Iterator, Mapping

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Objects
from aiops.lab.world.litellm import Alias
from aiops.lab.world.started import configs, environment, secret, served, server_of


def variables_of(objects: Objects, pod: Json) -> dict[str, str]:
    """Its environment; and for a chart that is a stub, whatever the Secrets of its namespace hold."""
    namespace, found = pod["metadata"]["namespace"], dict[str, str]()
    for body in objects.list("secrets", namespace):
        found |= secret(objects, namespace, body["metadata"]["name"])
    return found | environment(objects, namespace, server_of(pod))


def aliases_of(objects: Objects, pod: Json) -> dict[str, Alias]:
    """Those of its config; where none is in its volumes, one for each Deployment that serves a model."""
    variables = variables_of(objects, pod)
    entries = [each for config in configs(objects, pod) for each in config.get("model_list") or ()]
    aliases = (_configured(each, variables) for each in entries) if entries else _derived(objects, variables)
    return {alias.name: alias for alias in aliases}


def _configured(entry: Json, variables: Mapping[str, str]) -> Alias:
    params = entry["litellm_params"]
    model, key = str(params["model"]), str(params.get("api_key") or "")
    return Alias(
        name=entry["model_name"], model=model.partition("/")[2] or model, api_base=str(params.get("api_base") or ""),
        api_key=variables.get(key.removeprefix("os.environ/"), key),
        prices=(float(params.get("input_cost_per_token") or 0), float(params.get("output_cost_per_token") or 0)),
    )  # fmt: skip


def _derived(objects: Objects, variables: Mapping[str, str]) -> Iterator[Alias]:
    for body in objects.list("deployments.apps"):
        meta = body["metadata"]
        if model := served(server_of(body["spec"]["template"])):
            where = f"http://{meta['name']}.{meta['namespace']}.svc.cluster.local/v1"
            key = variables.get("UPSTREAM_API_KEY", "")
            yield Alias(name=meta["name"], model=model, api_base=where, api_key=key)
