"""The picture of the cluster, as changes of a watch and answers to writes make it."""

from queue import SimpleQueue
from typing import Any

import pytest

from aiops.clients.kube import APPLICATION, Kube
from aiops.clients.watch import Broken, Listed
from aiops.operations.picture import Picture


def app(name: str, version: int) -> dict[str, Any]:
    return {"metadata": {"name": name, "resourceVersion": str(version)}}


@pytest.fixture
def picture(kube: Kube) -> Picture:
    return Picture(kube, "argocd", SimpleQueue())


def test_a_list_keeps_what_is_newer_and_nothing_that_is_gone(picture: Picture) -> None:
    picture.put(APPLICATION, app("ours", 9))
    picture.put(APPLICATION, app("theirs", 5))
    picture.put(APPLICATION, app("gone", 9))
    picture.take(Listed(APPLICATION, (app("ours", 8), app("theirs", 10), app("new", 7))))
    assert picture.applications == {"ours": app("ours", 9), "theirs": app("theirs", 10), "new": app("new", 7)}


def test_a_bug_of_a_watch_is_raised(picture: Picture) -> None:
    with pytest.raises(KeyError, match="bug"):
        picture.take(Broken(APPLICATION, KeyError("bug")))
