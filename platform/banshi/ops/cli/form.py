"""`banshi form`: a page with an item's form, as it would be shown."""

from __future__ import annotations

from pathlib import Path

import click

from banshi.kernel.contract.texts import LANGUAGES
from banshi.kernel.loading.cli_context import registry_of


@click.command("form")
@click.argument("code")
@click.option(
    "--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True, help="Of the reader."
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The file, instead of CODE.html here.")
@click.pass_context
def command(ctx: click.Context, code: str, language: str, output: Path | None) -> None:
    """Write a page with the form of the item CODE, as it would be shown.

    It has groups, hints, choices, units, and what is asked when. It needs no network, and sends nothing.
    """
    from banshi.builtin.catalogue.material_fields import form_document
    from banshi.builtin.form_words.page import page_of
    from banshi.foundation.findings import did_you_mean
    from banshi.kernel.contract.items import text_in

    registry = registry_of(ctx)[0]
    item = registry.items.get(code)
    if item is None:
        raise click.UsageError(f"there is no item {code!r}: {did_you_mean(code, registry.items.codes())}")
    form = form_document(item, language)
    if form is None:
        raise click.UsageError(f"the item {code!r} has no form")
    file = output or Path(f"{code}.html")
    try:
        file.write_text(page_of(form, text_in(item.title, language), language), encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{file} can't be written: {error.strerror}") from error
    click.echo(f"{file}")
