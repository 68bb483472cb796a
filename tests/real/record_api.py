#!/usr/bin/env python3
"""Records from a running realstack what the lab's API server serves: aiops/lab/data/*.json.gz.

    . env.sh; tests/real/record_api.py    (KUBECONFIG: the stack's admin)

kubernetes.json.gz  /version; the kinds as discovery tells them, in their preferred version; their OpenAPI schemas
                    without descriptions; the ClusterRoles and ClusterRoleBindings that users meet
argocd.json.gz      Argo CD's CustomResourceDefinitions without descriptions, its ConfigMaps and its default project
"""

import gzip
import json
import ssl
import subprocess
import urllib.request
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "aiops" / "lab" / "data"
OMITTED = {  # groups, and resources of the core group, that neither aiops nor its users meet
    "certificates.k8s.io", "events.k8s.io", "flowcontrol.apiserver.k8s.io", "node.k8s.io",
    "bindings", "componentstatuses", "podtemplates",
}
ROLES = {
    "admin", "cluster-admin", "edit", "view", "system:aggregate-to-admin", "system:aggregate-to-edit",
    "system:aggregate-to-view", "system:basic-user", "system:discovery", "system:public-info-viewer",
}
ARGOCD = "argocd-cm", "argocd-cmd-params-cm", "argocd-gpg-keys-cm", "argocd-rbac-cm", "argocd-tls-certs-cm"
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
WORDS = {"description", "example", "externalDocs", "x-kubernetes-group-version-kind"}
ZERO = ("", 0, False)  # Go's zero values, which the OpenAPI of built-in kinds calls defaults; {} marks what always is there


def kubectl(*words):
    return json.loads(subprocess.run(["kubectl", *words], check=True, text=True, capture_output=True).stdout)


def raw(path):
    return kubectl("get", "--raw", path)


def bare(schema):
    """A schema without what only people read; a property may be called `description`."""
    if isinstance(schema, list):
        return [bare(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: bare(value) for key, value in schema.items() if key not in WORDS and key != "properties"}
    if "properties" in schema:
        found["properties"] = {key: bare(value) for key, value in schema["properties"].items()}
    return found


def plain(schema):
    """A built-in kind's schema: references in one way, and no defaults that are none."""
    if isinstance(schema, list):
        return [plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: plain(value) for key, value in schema.items() if key not in ("properties", "allOf")}
    if "properties" in schema:
        found["properties"] = {key: plain(value) for key, value in schema["properties"].items()}
    for each in schema.get("allOf", ()):
        found |= each
    if "default" in found and found["default"] in ZERO:
        del found["default"]
    return found


def references(schema):
    if isinstance(schema, list):
        for each in schema:
            yield from references(each)
    elif isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].rpartition("/")[2]
        for each in schema.values():
            yield from references(each)


def of(name):
    """A key under which discovery and OpenAPI say the same."""
    return name["group"], name["version"], name["kind"]


def kinds(custom):
    """What discovery tells, but for custom kinds; in the order in which kubectl resolves names."""
    for path in ("/api", "/apis"):
        for group in discovery(path)["items"]:
            name = group["metadata"].get("name", "")
            if name in OMITTED | custom:
                continue
            version = group["versions"][0]
            for found in version["resources"]:
                if name or found["resource"] not in OMITTED:
                    yield {
                        "group": name, "version": version["version"], "kind": found["responseKind"]["kind"],
                        "plural": found["resource"], "singular": found["singularResource"],
                        "namespaced": found["scope"] == "Namespaced", "verbs": found["verbs"],
                        "short": found.get("shortNames", []), "categories": found.get("categories", []),
                        "subresources": [each["subresource"] for each in found.get("subresources", [])],
                    }


def discovery(path):
    """kubectl cannot send an Accept header: by the server's own address and the token of its kubeconfig."""
    config = kubectl("config", "view", "--raw", "-o", "json")
    headers = {"Accept": DISCOVERY, "Authorization": f"Bearer {config['users'][0]['user']['token']}"}
    request = urllib.request.Request(config["clusters"][0]["cluster"]["server"] + path, headers=headers)
    return json.load(urllib.request.urlopen(request, context=ssl._create_unverified_context()))


def schemas(kinds):
    """The schemas of these kinds by their kind's name, and all to which they refer by theirs."""
    known, named = {}, {}
    for path in sorted({f"apis/{kind['group']}/{kind['version']}" if kind["group"] else "api/v1" for kind in kinds}):
        for name, schema in raw(f"/openapi/v3/{path}")["components"]["schemas"].items():
            known[name] = plain(bare(schema))
            for gvk in schema.get("x-kubernetes-group-version-kind", ()):
                named[of(gvk)] = name
    for kind in kinds:
        kind["schema"] = named[of(kind)]
    wanted, ahead = {}, [kind["schema"] for kind in kinds]
    while ahead:
        if (name := ahead.pop()) not in wanted:
            wanted[name] = known[name]
            ahead += references(known[name])
    return dict(sorted(wanted.items()))


def as_written(found):
    """An object as its author wrote it."""
    meta = {key: found["metadata"][key] for key in ("name", "namespace", "labels", "annotations") if key in found["metadata"]}
    meta.get("annotations", {}).pop("kubectl.kubernetes.io/last-applied-configuration", None)
    return {**{key: value for key, value in found.items() if key != "status"}, "metadata": meta}


def objects(kind, keep, *words):
    return [as_written(found) for found in kubectl("get", kind, *words, "-o", "json")["items"]
            if keep(found["metadata"]["name"])]


def write(name, content):
    text = json.dumps(content, separators=(",", ":")).encode()
    path = DATA / f"{name}.json.gz"
    path.write_bytes(gzip.compress(text, 9, mtime=0))
    print(f"{path}: {len(text) // 1000} KB, {path.stat().st_size // 1000} KB")


def main():
    crds = objects("customresourcedefinitions", lambda name: True)
    served = list(kinds({crd["spec"]["group"] for crd in crds}))
    write("kubernetes", {
        "version": raw("/version"), "omitted": sorted(OMITTED), "schemas": schemas(served), "kinds": served,
        "objects": [
            *objects("clusterroles", ROLES.__contains__), *objects("clusterrolebindings", ROLES.__contains__),
            *objects("priorityclasses", lambda name: True),
        ],
    })
    write("argocd", {
        "crds": [bare(crd) for crd in crds if crd["spec"]["group"] == "argoproj.io"],
        "objects": [
            *objects("configmaps", ARGOCD.__contains__, "-n", "argocd"),
            *objects("appprojects", "default".__eq__, "-n", "argocd"),
        ],
    })


if __name__ == "__main__":
    main()
