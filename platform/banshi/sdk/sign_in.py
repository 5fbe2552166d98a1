"""Signing people in at the city's identity provider, for pages of a plugin's own: OpenID Connect's code flow."""

from __future__ import annotations

from banshi.builtin.sign_in.flow import ATTEMPT_LIFE_S, SIGN_IN
from banshi.builtin.sign_in.kept import CAME, KeptCookie, has_come_back

__all__ = ["ATTEMPT_LIFE_S", "CAME", "SIGN_IN", "KeptCookie", "has_come_back"]
