"""`banshi push-sandbox`: push services on this machine, for app developers without an account; and a key for one."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("push-sandbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=9096, show_default=True, help="Port to listen on.")
@click.option("--to", default="", help="Address that JPush's receipts go to, where a push names none.")
@click.option(
    "--keys",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("push-sandbox"),
    show_default=True,
    help="Folder for the key files that the platform is given.",
)
def push_sandbox(host: str, port: int, to: str, keys: Path) -> None:
    """Run FCM, Web Push, APNs and JPush on this machine, with a page that shows what is on the phones."""
    from mobile_push.sandbox.together import serve
    from sandboxes.command import until_ended

    keys.mkdir(exist_ok=True)
    until_ended(serve(host, port, keys, to), "--port or --keys")


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
    from sandboxes.command import until_ended

    until_ended(serve(host, port, service_account), "--port or --service-account")


@click.command("webpush-sandbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=9098, show_default=True, help="Port to listen on.")
def webpush_sandbox(host: str, port: int) -> None:
    """Run a local push server that speaks Web Push and opens what it gets."""
    from mobile_push.sandbox.webpush.push_service import serve_webpush
    from sandboxes.command import until_ended

    until_ended(serve_webpush(host, port))


@click.command("webpush-key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def webpush_key(file: Path) -> None:
    """Write a key for Web Push to FILE, unless it is there, and print its public half for the app."""
    from mobile_push.providers.webpush.vapid import public_key, read_key, write_key

    try:
        key = write_key(file)
        click.echo(f"Wrote {file}; keep it: phones subscribe with its public half.", err=True)
    except FileExistsError:
        try:
            key = read_key(file)
        except ValueError as error:
            raise click.ClickException(str(error).removeprefix("private_key_file ")) from None
    except OSError as error:
        raise click.ClickException(f"{file} can't be written ({error.strerror}); name another") from None
    click.echo(public_key(key))
