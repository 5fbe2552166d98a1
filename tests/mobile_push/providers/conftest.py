"""FCM's provider on the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mobile_push.providers.fcm.provider import FcmProvider
from mobile_push.providers.fcm.settings import FcmSettings
from mobile_push.sandbox import FcmSandbox


@pytest.fixture
def settings(sandbox: FcmSandbox, tmp_path: Path) -> FcmSettings:
    key = sandbox.service_account_file(tmp_path / "key.json")
    return FcmSettings(key, base_url=sandbox.base_url, topics_url=sandbox.topics_url, timeout=5.0)


@pytest.fixture
async def fcm(settings: FcmSettings) -> AsyncIterator[FcmProvider]:
    async with FcmProvider(settings) as provider:
        yield provider
