"""LiteLLM's virtual keys: minted, spent, expired, deleted, and refused by the error.type that says why."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.serving.exchange import Answer
from tests.serving.shapes import Json, litellm_denied, litellm_error

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass
class Key:
    """One virtual key."""

    key: str
    alias: str | None
    models: list[str]
    max_budget: float | None
    expires: float | None
    """Seconds since the epoch; None: never."""
    spend: float = 0.0


@dataclass
class Keys:
    """The table of them."""

    now: Callable[[], float] = time.time
    """The server's clock, seconds since the epoch."""
    budget_status: int = 422
    """litellm_settings.budget_exceeded_status_code; other versions say 400 and 429."""
    live: dict[str, Key] = field(default_factory=dict)
    minted: list[Key] = field(default_factory=list)
    """All that ever were, the deleted ones too."""

    def mint(self, asked: Json) -> Answer:
        """POST /key/generate."""
        alias = asked.get("key_alias")
        if alias is not None and any(each.alias == alias for each in self.live.values()):
            message = f"Key with alias '{alias}' already exists. Unique key aliases across all keys are required."
            return Answer(400, litellm_error(400, message, "bad_request_error", "key_alias"))
        duration, number = asked.get("duration"), len(self.minted) + 1
        expires = None if duration is None else self.now() + int(duration[:-1]) * SECONDS[duration[-1]]
        key = Key(f"sk-{number:022}", alias, asked.get("models") or [], asked.get("max_budget"), expires)
        self.live[key.key] = key
        self.minted.append(key)
        return Answer(body=_minted(key))

    def delete(self, asked: Json) -> Answer:
        """POST /key/delete, by `keys` or by `key_aliases`."""
        wanted, aliases = asked.get("keys") or [], asked.get("key_aliases") or []
        gone = [key for key in self.live.values() if key.key in wanted or key.alias in aliases]
        if not gone:
            return Answer(404, litellm_error(404, "{'error': 'No keys found'}", "internal_server_error"))
        for key in gone:
            del self.live[key.key]
        return Answer(body={"deleted_keys": wanted or [_hash(key.key) for key in gone]})

    def refusal(self, key: str) -> Answer | None:
        """Why this key is no good, if it is none."""
        if not key:
            return _denied("Authentication Error, No api key passed in.", "auth_error", "None")
        if not key.startswith("sk-"):
            tried = f"{key[:4]}****{key[-4:]}"
            words = f"LiteLLM Virtual Key expected. Received={tried}, expected to start with 'sk-'."
            return _denied(words, "auth_error", "None")
        found = self.live.get(key)
        if found is None:
            words = (
                "Authentication Error, Invalid proxy server token passed. "
                f"Received API Key = sk-...{key[-4:]}, "
                f"Key Hash (Token) ={_hash(key)}. Unable to find token in cache or `LiteLLM_VerificationTokenTable`"
            )
            return _denied(words, "token_not_found_in_db", "key")
        if found.expires is not None and found.expires <= self.now():
            times = f"Key Expiry time {_time(found.expires)} and current time {_time(self.now())}"
            return _denied(f"Authentication Error - Expired Key. {times}", "expired_key", f"sk-...{_hash(key)[-4:]}")
        return None

    def refusal_of(self, key: str, model: str) -> Answer | None:
        """Why a good key may not ask this model, if it may not."""
        found = self.live[key]
        if found.models and model not in found.models:
            return Answer(403, litellm_error(403, litellm_denied(model), "key_model_access_denied", "model"))
        if found.max_budget is not None and found.spend >= found.max_budget:
            words = (
                f"Budget has been exceeded! Key={found.alias or 'key'} (sk-...{key[-4:]}) "
                f"Current cost: {found.spend}, Max budget: {found.max_budget}"
            )
            return Answer(self.budget_status, litellm_error(self.budget_status, words, "budget_exceeded"))
        return None


def _denied(message: str, kind: str, param: str) -> Answer:
    return Answer(401, litellm_error(401, message, kind, param))


def _minted(key: Key) -> Json:
    """As LiteLLM answers: `duration` comes back null, `token` is the hash."""
    expires = None if key.expires is None else _time(key.expires)
    return {
        "key_alias": key.alias,
        "duration": None,
        "models": key.models,
        "spend": 0.0,
        "max_budget": key.max_budget,
        "user_id": None,
        "team_id": None,
        "metadata": {},
        "key": key.key,
        "key_name": f"sk-...{key.key[-4:]}",
        "expires": expires,
        "token_id": _hash(key.key),
        "token": _hash(key.key),
        "created_by": "default_user_id",
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
