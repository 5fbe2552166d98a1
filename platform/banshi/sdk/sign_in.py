"""Signing people in at the city's identity provider, for pages of a plugin's own: OpenID Connect's code flow."""

from __future__ import annotations

from banshi.builtin.sign_in.flow import ATTEMPT_LIFE_S, SIGN_IN

__all__ = ["ATTEMPT_LIFE_S", "SIGN_IN"]
