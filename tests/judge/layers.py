"""A tree of four layers: `ground` and `walls` are the profile, `roof` and then `antenna` are beyond it."""

from aiops.gitops.files import Commit
from aiops.gitops.tree import read_tree
from aiops.judge.delivery import Delivery

INSIDE, BEYOND = ("ground", "walls"), ("roof", "antenna")
POLICY = ("agentgateway.dev", "AgentgatewayPolicy")

APPSET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: layer-LAYER}
spec:
  goTemplate: true
  generators:
    - git:
        repoURL: https://git.example.com/acme/platform.git
        revision: main
        files: [{path: groups.yaml}]
      selector: {matchLabels: {enabled: "true", layer: LAYER}}
  template:
    metadata: {name: "group-{{.name}}"}
    spec: {source: {path: "{{.path}}"}}
"""
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: app-LAYER}
spec:
  source: {repoURL: "https://git.example.com/acme/platform.git", targetRevision: main, path: manifests/LAYER}
"""
LAYERS = sorted((*INSIDE, *BEYOND))
"""In the tree's order, which is not that of the profiles."""
TREE = {
    **{f"clusters/lab/appsets/{n}-{name}.yaml": APPSET.replace("LAYER", name) for n, name in enumerate(LAYERS)},
    **{f"catalog/{name}/app.yaml": APPLICATION.replace("LAYER", name) for name in LAYERS},
    "groups.yaml": "".join(
        f'- {{name: {name}, layer: {name}, enabled: "true", path: catalog/{name}}}\n' for name in LAYERS
    ),
}


def crd(group: str, kind: str) -> str:
    return (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        f"metadata: {{name: {kind.lower()}s.{group}}}\nspec: {{group: {group}, names: {{kind: {kind}}}}}\n---\n"
    )


def of(group: str) -> str:
    """Something else of the same API group."""
    return f"apiVersion: {group}/v1\nkind: Something\nmetadata: {{name: x}}\n---\n"


def delivery(**manifests: str) -> Delivery:
    """The profile `INSIDE` of a tree with these manifests in its layers."""
    files = Commit(
        "0123456789abcdef",
        {**TREE, **{f"manifests/{layer}/all.yaml": text for layer, text in manifests.items()}},
    )
    return Delivery(read_tree(files, "lab"), files, INSIDE, BEYOND)
