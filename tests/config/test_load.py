from datetime import date
from pathlib import Path

import pytest

from aiops.config.load import load
from aiops.config.model import Config, GroupRule, Suppression
from aiops.errors import ConfigError

MINIMAL = "cluster: {name: lab}\nrepoURL: https://git.example.com/x.git\naiops: {tree: .}\n"

WRITTEN = """\
# A comment.
cluster:
  name: "lab" # after a value
  projectID: my-project
  location:
    europe-west1-b
repoURL: &url https://git.example.com/x.git#main
domain: ""
profile: 'prod'
gpu_stack: operator
dns:
  automate: true
  provider:
    cloudflare # the value on a line of its own
features: {demos: false, search: true}
aiops:
  context: admin
  tree: tree
  model: serving/vllm
  argocd:
    server: *url
  prices: {nvidia-l4: 0.85, nvidia-tesla-t4: 1}
  timeouts: {wait: 1h30m, request: "5s"}
  profiles:
    tiny: [platform, search]
  groups:
    - name: search
      layer: search
      gate: features.search
    - {name: kserve, layer: demos, gate: gpu_stack=operator, default: true}
  suppressions:
    - {check: gpu-*, reason: "the new pool comes in May", until: 2027-05-31}
    - {check: nodes-ready, reason: known, until: "2027-01-31", about: Node a}
"""


def written(folder: Path, text: str) -> Config:
    (folder / "config.yaml").write_text(text)
    return load(folder / "config.yaml")


def problems(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        written(folder, text)
    return tuple(line.removeprefix(f"{folder}/") for line in caught.value.problems)


def test_every_kind_of_value(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    config = written(tmp_path, WRITTEN)
    assert (config.path, config.tree) == (tmp_path / "config.yaml", tmp_path / "tree")
    assert (config.environment, config.cluster.name) == ("lab", "lab")
    assert (config.cluster.project_id, config.cluster.location) == ("my-project", "europe-west1-b")
    assert config.repo_url == "https://git.example.com/x.git#main"
    assert (config.domain, config.profile, config.gpu_stack) == ("", "prod", "operator")
    assert (config.dns.automate, config.dns.provider, config.dns.proxied) == (True, "cloudflare", False)
    assert config.features == {"demos": False, "search": True}
    own = config.aiops
    assert (own.context, own.model, own.argocd.server) == ("admin", "serving/vllm", config.repo_url)
    assert own.prices == {"nvidia-l4": 0.85, "nvidia-tesla-t4": 1.0}
    assert (own.timeouts.wait, own.timeouts.request, own.timeouts.git) == (5400, 5, 20)
    assert own.profiles == {"tiny": ("platform", "search")}
    assert own.groups == (
        GroupRule("search", "search", "features.search"),
        GroupRule("kserve", "demos", "gpu_stack=operator", default=True),
    )
    assert own.suppressions == (
        Suppression("gpu-*", "the new pool comes in May", date(2027, 5, 31)),
        Suppression("nodes-ready", "known", date(2027, 1, 31), about="Node a"),
    )


def test_defaults(tmp_path: Path) -> None:
    config = written(tmp_path, MINIMAL)
    assert (config.repo_branch, config.profile, config.secret_backend) == ("main", "cost", "gcpsm")
    assert (config.secret_store_auth, config.gpu_stack) == ("workload-identity", "gke-managed")
    assert config.features == {}
    assert (config.aiops.argocd.namespace, config.aiops.context) == ("argocd", None)


PROBLEMS = [
    ("profil: cost", "profil: unknown key; did you mean `profile`?"),
    ("dns: {zone: x}", "dns.zone: unknown key; known: automate, provider, proxied"),
    ("features: {kserv: true}", "features.kserv: unknown key; did you mean `kserve`?"),
    ("features: [kserve]", "features: must be a mapping of keys, not a list"),
    ("dns: on", "dns: must be a mapping of keys, not `on`"),
    ('features: {kserve: "false"}', 'features.kserve: must be `false`, not `"false"`'),
    ("features: {kserve: yes}", "features.kserve: must be `true`, not `yes`"),
    ("features: {kserve: no}", "features.kserve: must be `false`, not `no`"),
    ("features: {kserve: On}", "features.kserve: must be `true`, not `On`"),
    ("features: {kserve: off}", "features.kserve: must be `false`, not `off`"),
    ("features: {kserve: True}", "features.kserve: must be `true`, not `True`"),
    ("features: {kserve: FALSE}", "features.kserve: must be `false`, not `FALSE`"),
    ("features: {kserve: 1}", "features.kserve: must be `true`, not `1`"),
    ("features: {kserve: 0}", "features.kserve: must be `false`, not `0`"),
    ("features: {kserve: maybe}", "features.kserve: must be `true` or `false`, not `maybe`"),
    ("features: {kserve: [true]}", "features.kserve: must be `true` or `false`, not a list"),
    ("features: &a {kserve: *a}", "features.kserve: must be `true` or `false`, not a mapping"),
    ("features: {kserve: }", "features.kserve: has no value; write one, or remove the key"),
    ("domain: ~", "domain: has no value; write one, or remove the key"),
    ("repoBranch: 1.10", 'repoBranch: YAML reads `1.10` as a number; write "1.10"'),
    ("repoBranch: on", 'repoBranch: YAML reads `on` as true or false; write "on"'),
    ("repoBranch: 2026-01-01", 'repoBranch: YAML reads `2026-01-01` as a date; write "2026-01-01"'),
    ("repoBranch: {a: b}", "repoBranch: must be a single value, not a mapping"),
    ('repoBranch: ""', "repoBranch: must not be empty"),
    ("profile: prd", "profile: `prd` is not one of cost, dev, prod; did you mean `prod`?"),
    ("gpu_stack: amd", "gpu_stack: `amd` is not one of gke-managed, operator, none"),
    ("profile: cost\nprofile: prod", "profile: is written twice; first on line 4"),
    ("1: x", "the key `1` must be a string; put it in quotes"),
]


@pytest.mark.parametrize(("line", "expected"), PROBLEMS)
def test_a_problem_names_line_key_and_right_word(tmp_path: Path, line: str, expected: str) -> None:
    number = 4 + line.count("\n")
    assert problems(tmp_path, MINIMAL + line) == (f"config.yaml:{number}: {expected}",)


OWN_PROBLEMS = [
    ("timeouts: {wait: 900}", "timeouts.wait: `900` is not a duration; write it as `15m`, `90s` or `1h30m`"),
    ("timeouts: {wait: 0s}", "timeouts.wait: `0s` is no time at all; the shortest duration is longer than 0"),
    ("prices: {l4: -1}", "prices.l4: must be a number of at least 0, not `-1`"),
    ("prices: {l4: .nan}", "prices.l4: must be a number of at least 0, not `.nan`"),
    ('prices: {l4: "1"}', 'prices.l4: must be a number of at least 0, not `"1"`'),
    ("profiles: {tiny: platform}", "profiles.tiny: must be a list, not `platform`"),
    ("profiles: {tiny: [1]}", 'profiles.tiny[0]: YAML reads `1` as a number; write "1"'),
    (
        "argocd: {namespace: ../x}",
        "argocd.namespace: `../x` is not a name: letters, digits, `-`, `_` and `.`",
    ),
    ("groups: [{name: x, gate: always}]", "groups[0].layer: is missing"),
    (
        "groups: [{name: x, layer: y, gate: sometimes}]",
        "groups[0].gate: `sometimes` is not a gate: `always`, `features.<flag>` or `gpu_stack=<value>`",
    ),
    ("suppressions: [{check: a, reason: r}]", "suppressions[0].until: is missing"),
    ("suppressions: [{check: a, until: 2027-01-31}]", "suppressions[0].reason: is missing"),
    ('suppressions: [{check: a, reason: "", until: 2027-01-31}]', "suppressions[0].reason: must not be empty"),
    ("suppressions: [{reason: r, until: 2027-01-31}]", "suppressions[0].check: is missing"),
    (
        "suppressions: [{check: a, reason: r, until: 2027-02-30}]",
        "suppressions[0].until: `2027-02-30` is not a day; write it as 2027-01-31",
    ),
    (
        "suppressions: [{check: a, reason: r, until: never}]",
        "suppressions[0].until: `never` is not a day; write it as 2027-01-31",
    ),
]


@pytest.mark.parametrize(("line", "expected"), OWN_PROBLEMS)
def test_a_problem_in_our_own_section(tmp_path: Path, line: str, expected: str) -> None:
    assert problems(tmp_path, MINIMAL.replace("{tree: .}", f"\n  tree: .\n  {line}")) == (
        f"config.yaml:5: aiops.{expected}",
    )


WHOLE = [
    (
        "cluster: {name: ../up}\nrepoURL: x\naiops: {tree: .}\n",
        ("config.yaml:1: cluster.name: `../up` is not a name: letters, digits, `-`, `_` and `.`",),
    ),
    ("", ("config.yaml:1: the file is empty",)),
    ("- a\n", ("config.yaml:1: must be a mapping of keys, not a list",)),
    (MINIMAL + "---\na: b\n", ("config.yaml:5: a second YAML document; a config is one",)),
    ("a: b\n  c: d\n", ("config.yaml:2: is not YAML: mapping values are not allowed here",)),
    ("a: *b\n", ("config.yaml:1: is not YAML: found undefined alias 'b'",)),
    ("cluster: {name: lab}\naiops: {tree: .}\n", ("config.yaml:1: repoURL: is missing",)),
    ("repoURL: x\naiops: {tree: .}\n", ("config.yaml:1: cluster.name: is missing",)),
    (
        "cluster: {name: lab}\nrepoURL: x\n",
        ("config.yaml:1: aiops.tree: is missing, and the file lies in no git checkout",),
    ),
]


@pytest.mark.parametrize(("text", "expected"), WHOLE)
def test_a_problem_of_the_whole_file(tmp_path: Path, text: str, expected: tuple[str, ...]) -> None:
    assert problems(tmp_path, text) == expected


def test_all_problems_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "cluster: {name: 1}\nrepoURL: x\nrepoURL: y\nfeatures: {demos: yes}\naiops: {tree: nowhere}\n"
    assert problems(tmp_path, text) == (
        'config.yaml:1: cluster.name: YAML reads `1` as a number; write "1"',
        "config.yaml:3: repoURL: is written twice; first on line 2",
        "config.yaml:4: features.demos: must be `true`, not `yes`",
        f"config.yaml:5: aiops.tree: no such folder: {tmp_path}/nowhere",
    )


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(tmp_path / "absent.yaml")
    (tmp_path / "config.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load(tmp_path / "config.yaml")
    (tmp_path / "config.yaml").write_bytes(b"a: \x01\n")
    with pytest.raises(ConfigError, match="is not YAML"):
        load(tmp_path / "config.yaml")


def test_the_environment_is_the_folder_and_the_tree_is_two_up(tmp_path: Path) -> None:
    folder = tmp_path / "environments/blue"
    folder.mkdir(parents=True)
    config = written(folder, "repoURL: x\n")
    assert (config.environment, config.cluster.name, config.tree) == ("blue", "blue", tmp_path)
    config = written(folder, "repoURL: x\ncluster: {name: c1}\n")
    assert (config.environment, config.cluster.name) == ("blue", "c1")


def test_the_tree_is_the_checkout(tmp_path: Path) -> None:
    (tmp_path / ".git").touch()  # a worktree's is a file
    (tmp_path / "a").mkdir()
    assert written(tmp_path / "a", "repoURL: x\ncluster: {name: c}\n").tree == tmp_path
