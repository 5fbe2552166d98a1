"""Integrators' clients, their secrets and keys, and the tokens that they hold. None of these is kept, only digests."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

__all__ = ["AccessToken", "ApiClient", "ApiKey", "ClientSecret"]


class ApiClient(Model):
    """A program of an integrator's that may call the API for itself."""

    id = fields.CharField(max_length=32, primary_key=True)
    name = fields.CharField(max_length=100)
    #: Whom to call when the program does harm, for operators' eyes alone.
    contact = fields.CharField(max_length=255)
    #: test, team or live.
    mode = fields.CharField(max_length=8)
    #: Subjects of the people for whom it makes cases while it is of the mode team.
    team: fields.Field[list[str] | None] = fields.JSONField(null=True)
    #: What it may ask for: verbs, or verbs within a department.
    scopes: fields.Field[list[str]] = fields.JSONField()
    created_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "clients_client"

    def may_have(self, scope: str) -> bool:
        """Whether a token of the client's may allow that: a verb within one department where it has the verb, too."""
        return scope in self.scopes or scope.partition(":")[0] in self.scopes


class ClientSecret(Model):
    """One secret of a client. While it is rotated there are two."""

    #: SHA-256 of the secret, which has 256 random bits: nobody guesses it, so nothing slower is needed.
    digest = fields.CharField(max_length=64, primary_key=True)
    client = fields.CharField(max_length=32, db_index=True)
    created_at = fields.DatetimeField()
    #: When it ends, None while it is the newest.
    expires_at = fields.DatetimeField(null=True)
    last_used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "clients_secret"


class ApiKey(Model):
    """A key of a client for standards that know no tokens. It ends when it is revoked."""

    #: SHA-256 of the key.
    digest = fields.CharField(max_length=64, primary_key=True)
    #: What operators call it.
    name = fields.CharField(max_length=32, unique=True)
    client = fields.CharField(max_length=32, db_index=True)
    #: Of the client's scopes, those that the key allows.
    scopes: fields.Field[list[str]] = fields.JSONField()
    created_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)
    #: To the minute.
    last_used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "clients_key"


class AccessToken(Model):
    """A token that a client holds."""

    #: SHA-256 of the token.
    digest = fields.CharField(max_length=64, primary_key=True)
    client = fields.CharField(max_length=32, db_index=True)
    scopes: fields.Field[list[str]] = fields.JSONField()
    issued_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "clients_access_token"
