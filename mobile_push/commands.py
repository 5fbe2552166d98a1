"""`banshi fcm-sandbox`: Google's push service on this machine, for app developers without a Google account."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click


@click.command("fcm-sandbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=9099, show_default=True, help="Port to listen on.")
@click.option(
    "--service-account",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("fcm-sandbox.json"),
    show_default=True,
    help="Where to write the key file that the platform is given.",
)
def fcm_sandbox(host: str, port: int, service_account: Path) -> None:
    """Run a local server that speaks FCM HTTP v1 and Google's token endpoint."""
    from mobile_push.sandbox import serve

    try:
        asyncio.run(serve(host, port, service_account))
    except KeyboardInterrupt:
        pass
    except OSError as error:
        raise click.ClickException(f"{error.strerror or error}; say another --port or --service-account") from None
