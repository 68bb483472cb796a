"""LiteLLM's virtual keys: minted, spent, expired, deleted, and refused by the error.type that says why."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiops.lab.api.kinds import Json
from aiops.lab.clock import Clock
from aiops.lab.world.exchange import Answer

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(kw_only=True)
class VirtualKey:
    """One of them."""

    alias: str | None
    models: list[str]
    budget: float | None
    expires: datetime | None
    spend: float = 0.0


class VirtualKeys:
    """The table of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.live: dict[str, VirtualKey] = {}

    def mint(self, asked: Json) -> Answer:
        """POST /key/generate."""
        alias, duration = asked.get("key_alias"), asked.get("duration")
        lasts = timedelta(**{UNITS[duration[-1]]: int(duration[:-1])}) if duration else None
        token = f"sk-{secrets.token_urlsafe(16)}"
        key = self.live[token] = VirtualKey(
            alias=alias, models=asked.get("models") or [], budget=asked.get("max_budget"),
            expires=None if lasts is None else self._clock.now() + lasts,
        )  # fmt: skip
        return Answer(body={
            "key": token, "key_name": f"sk-...{token[-4:]}", "token": _hash(token), "token_id": _hash(token),
            "key_alias": alias, "models": key.models, "max_budget": key.budget, "spend": 0.0, "duration": None,
            "expires": key.expires and key.expires.isoformat().replace("+00:00", "Z"), "metadata": {},
        })  # fmt: skip

    def delete(self, asked: Json) -> Answer:
        """POST /key/delete."""
        gone = [token for token in asked.get("keys") or () if token in self.live]
        for token in gone:
            del self.live[token]
        if not gone:
            return error(404, "{'error': 'No keys found'}", "internal_server_error")
        return Answer(body={"deleted_keys": gone})

    def refusal(self, token: str) -> Answer | None:
        """Why this token is no good, if it is none."""
        if not token:
            return error(401, "Authentication Error, No api key passed in.", "auth_error", "None")
        key = self.live.get(token)
        if key is None:
            words = (
                f"Authentication Error, Invalid proxy server token passed. Received API Key = sk-...{token[-4:]}, Key "
                f"Hash (Token) ={_hash(token)}. Unable to find token in cache or `LiteLLM_VerificationTokenTable`"
            )
            return error(401, words, "token_not_found_in_db", "key")
        if key.expires and key.expires <= self._clock.now():
            words = f"Authentication Error - Expired Key. Key Expiry time {key.expires}"
            return error(401, words, "expired_key", f"sk-...{token[-4:]}")
        return None

    def refusal_of(self, token: str, model: str) -> Answer | None:
        """Why a good key may not ask this model, if it may not."""
        key = self.live[token]
        if key.models and model not in key.models:
            words = (
                f"The requested model '{model}' is not available for this API key, or the model name is invalid. "
                "Check the models available to you and try again."
            )
            return error(403, words, "key_model_access_denied", "model")
        if key.budget is not None and key.spend >= key.budget:
            who = f"Key={key.alias or 'key'} (sk-...{token[-4:]})"
            words = f"Budget has been exceeded! {who} Current cost: {key.spend}, Max budget: {key.budget}"
            return error(422, words, "budget_exceeded")
        return None


def error(status: int, message: str, kind: str, param: str | None = None) -> Answer:
    """As LiteLLM words it: its code is a text."""
    body = {"error": {"message": message, "type": kind, "param": param, "code": str(status)}}
    return Answer(status=status, body=body)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
