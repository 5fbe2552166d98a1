"""The `webpush` provider: browsers, and UnifiedPush distributors such as ntfy, which speak the same protocol.

RFC 8030 delivers, RFC 8291 encrypts (aes128gcm, RFC 8188), RFC 8292 says who sends (VAPID). What is imported here is
light: what encrypts and signs is loaded when a provider opens.
"""

from __future__ import annotations

from mobile_push.providers.webpush.settings import WebPushSettings
from mobile_push.providers.webpush.subscriptions import Subscription, subscription

__all__ = ["Subscription", "WebPushSettings", "subscription"]
