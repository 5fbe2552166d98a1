"""Signed QR passes: how each is made (`wire`), shown, issued, verified and revoked."""
