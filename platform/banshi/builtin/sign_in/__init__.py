"""Signing people in ourselves, for pages and links of ours: OpenID Connect's authorization code flow."""
