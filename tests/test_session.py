"""One operator session: which context it means, and what is made only when it is used."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiops.clients import kube
from aiops.errors import ConfigError, TargetError, WrongUse
from aiops.progress.events import Event, Said
from aiops.session import Session, new_run

CONFIG = """\
repoURL: https://git.example.com/acme/platform.git
aiops:
  tree: .
  profiles: {{edge: [platform, routing]}}
{context}
"""


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Session]:
    def make(context: str = "", **more: Any) -> Session:
        line = f"  context: {context}" if context else ""
        (tmp_path / "environments" / "lab").mkdir(parents=True, exist_ok=True)
        (tmp_path / "environments" / "lab" / "config.yaml").write_text(CONFIG.format(context=line))
        return Session({}, tmp_path, list[Event]().append, **more)

    return make


@pytest.mark.parametrize(
    ("named", "option", "context"),
    [("blue", None, "blue"), ("", "red", "red"), ("blue", "blue", "blue"), ("", None, None), ("blue", "", "blue")],
)
def test_the_option_and_the_config_agree(
    made: Callable[..., Session], named: str, option: str | None, context: str | None
) -> None:
    assert made(named, context_option=option).context == context


def test_two_contexts_are_a_wrong_use(made: Callable[..., Session]) -> None:
    with pytest.raises(TargetError, match=r"--context red is not the context that .*config.yaml names: blue") as told:
        made("blue", context_option="red").context  # noqa: B018
    assert told.value.exit_code == 2


def test_layers_are_the_tables_and_the_configs(made: Callable[..., Session]) -> None:
    session = made()
    assert session.layers("serving") == ("platform", "serving")
    assert session.layers("edge") == ("platform", "routing")
    assert {"platform", "edge"} < set(session.profiles())
    with pytest.raises(WrongUse, match="no profile `edgy`; did you mean `edge`"):
        session.layers("edgy")


@pytest.mark.parametrize(("named", "who"), [("blue", "context blue"), ("", "the kubeconfig")])
def test_a_login_that_takes_long_is_told(
    made: Callable[..., Session], monkeypatch: pytest.MonkeyPatch, named: str, who: str
) -> None:
    monkeypatch.setattr(kube, "connect", lambda *_, login, **__: login)
    asked, events = made(named), list[Event]()
    asked.report = events.append
    login: Any = asked.kube
    login.late()
    assert (login.limit_s, events) == (
        60.0, [Said(text=f"{who}: its login program has not answered yet", level="warn")]
    )  # fmt: skip


def test_nothing_is_read_before_it_is_used(tmp_path: Path) -> None:
    """So that a broken config stands in the way of those commands alone that need it."""
    session = Session({"AIOPS_CONFIG": str(tmp_path / "none.yaml")}, tmp_path, list[Event]().append)
    with pytest.raises(ConfigError):
        session.config  # noqa: B018


def test_the_platforms_own_repository_is_known_however_it_is_spelled(made: Callable[..., Session]) -> None:
    session = made()
    assert session.own("git@git.example.com:acme/platform")
    assert not session.own("https://git.example.com/acme/other.git")


def test_a_run_has_an_id_of_its_own() -> None:
    runs = {new_run() for _ in range(20)}
    assert len(runs) > 1
    assert all(len(run) == len("20260131T120000-3f9a") for run in runs)
