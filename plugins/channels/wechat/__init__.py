"""WeChat's official account: its messages to and from the conversations."""

from __future__ import annotations

from collections.abc import Sequence

import click

from banshi import hookimpl
from wechat.sandbox.command import wechat_sandbox


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    return [wechat_sandbox]
