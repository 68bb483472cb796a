"""Asking Argo CD to look again."""

from typing import Any

import pytest

from aiops.operations.refresh import request_refresh
from aiops.session import Session
from tests.judge.saved import REFRESH, with_changes
from tests.operations.api import APPLICATIONS, Api

NOTE = "argocd.argoproj.io/refresh"


@pytest.mark.parametrize(
    ("annotations", "written"),
    [({}, ["normal"]), (REFRESH, [None, "normal"])],
    ids=["asked for the first time", "taken back first where it is not answered"],
)
def test_an_unanswered_refresh_is_asked_for_anew(
    session: Session, api: Api, annotations: dict[str, str], written: list[Any]
) -> None:
    """Writing the same value again would change nothing, and Argo CD would see nothing."""
    app = with_changes("settled", {"metadata.annotations": annotations})
    api.put(APPLICATIONS, app)
    body = request_refresh(session.kube, "argocd", app)
    assert [patch["metadata"]["annotations"][NOTE] for _, _, patch in api.patches] == written
    assert body["metadata"]["annotations"][NOTE] == "normal"
