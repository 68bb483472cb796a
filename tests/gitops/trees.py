"""Small trees with names of their own, as commits: nothing in the product may know these names."""

from collections.abc import Mapping

from aiops.gitops.files import Commit

URL = "https://git.example.com/red/blue.git"

APPSET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: whatever}
spec:
  goTemplate: true
  generators:
    - git:
        repoURL: https://git.example.com/red/blue.git
        revision: trunk
        files: [{path: generated/choice.yaml}]
      selector: {matchLabels: {enabled: "true", layer: ground}}
  template:
    metadata: {name: "set-{{.name}}"}
    spec: {source: {path: "{{ .folder }}/"}}
"""

GROUPS = """\
- {name: red, layer: ground, enabled: "true", folder: parts/red}
- {name: grey, layer: ground, enabled: "false", folder: parts/grey}
- {name: other, layer: sky, enabled: "true", folder: parts/other}
"""


def application(name: str, spec: str = "{}") -> str:
    return f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\nspec: {spec}\n"


PROJECT = "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: p}\n"

TREE = {
    "clusters/violet/appsets/bottom.yaml": APPSET,
    "clusters/violet/projects/p.yaml": PROJECT,
    "generated/choice.yaml": GROUPS,
    "parts/red/deep/apps.yaml": application("zinc") + "---\n" + application("iron"),
    "parts/red/README.md": "kind: Application",
    "parts/grey/apps.yaml": application("iron"),
}


def commit(changes: Mapping[str, str] | None = None, base: Mapping[str, str] = TREE) -> Commit:
    """A commit of the base with some files changed."""
    return Commit("0123456789abcdef", {**base, **(changes or {})})
