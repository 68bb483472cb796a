"""ExternalSecrets: which of them a plan needs, the store each reads, and the Secret each makes."""

from dataclasses import dataclass

from aiops.judge.plan import plan_of, tracked
from aiops.snapshot import Json
from aiops.snapshot.look import Look


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One ExternalSecret that an application of the plan deploys."""

    namespace: str
    name: str
    application: str
    layer: str
    body: Json | None
    """None: it is not on the cluster."""

    def __str__(self) -> str:
        return f"ExternalSecret {self.namespace}/{self.name}"

    @property
    def owner(self) -> str:
        """Whose it is."""
        return f"application {self.application} of layer {self.layer}"

    @property
    def store(self) -> tuple[str, str, str]:
        """(kind, namespace, name) of the store it reads; empty where its entries name their own."""
        reference = ((self.body or {}).get("spec") or {}).get("secretStoreRef") or {}
        kind = reference.get("kind") or "SecretStore"
        return kind, "" if kind == "ClusterSecretStore" else self.namespace, reference.get("name", "")

    @property
    def secret(self) -> str:
        """Name of the Secret that it makes; empty where it makes none of its own."""
        target = ((self.body or {}).get("spec") or {}).get("target") or {}
        return "" if target.get("creationPolicy") in ("None", "Merge") else target.get("name") or self.name


def wanted(look: Look) -> tuple[Wanted, ...]:
    """Those of the plan, in its order; of a manual application, which may never have been synced, what is there."""
    plan = plan_of(look)
    expected = {each.name: each for each in plan.expected}
    there = {(body["metadata"]["namespace"], body["metadata"]["name"]): body for body in look.items("external-secrets")}
    return tuple(
        Wanted(
            namespace=key[0],
            name=key[1],
            application=application,
            layer=expected[application].layer,
            body=there.get(key),
        )
        for key, application in tracked(look, plan, "ExternalSecret").items()
        if expected[application].automatic or key in there
    )
