import pytest

from aiops.gitops.repository import same_repository

ONE = "https://git.example.com/acme/platform.git"


@pytest.mark.parametrize(
    "other",
    [
        "https://git.example.com/acme/platform",
        "https://git.example.com/acme/platform.git/",
        "https://GIT.Example.com/acme/platform",
        "https://user:token@git.example.com/acme/platform.git",
        "https://git.example.com:443/acme/platform",
        "ssh://git@git.example.com/acme/platform.git",
        "ssh://git@git.example.com:22/acme/platform.git",
        "git@git.example.com:acme/platform.git",
        "git.example.com:/acme/platform",
        " https://git.example.com/acme/platform.git\n",
    ],
)
def test_spellings_of_one_repository(other: str) -> None:
    assert same_repository(ONE, other)
    assert same_repository(other, ONE)


@pytest.mark.parametrize(
    "other",
    [
        "https://git.example.com/acme/platforms",
        "https://git.example.com/Acme/platform",
        "https://git.example.org/acme/platform",
        "https://git.example.com:8443/acme/platform",
        "/acme/platform",
        "",
    ],
)
def test_different_repositories(other: str) -> None:
    assert not same_repository(ONE, other)


@pytest.mark.parametrize("other", ["/srv/p.git", "/srv/p", "file:///srv/p/", "file://localhost/srv/%70.git"])
def test_a_repository_on_this_machine(other: str) -> None:
    assert same_repository("file:///srv/p.git", other)
