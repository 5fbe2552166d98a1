"""Passes on a plugin's own pages: where a code leads, and how it is drawn; and the fonts of what is printed."""

from banshi.builtin.certificates.fonts import open_fonts
from banshi.builtin.passes.wire.addressed import VERIFIER, code_of
from banshi.builtin.passes.wire.picture import svg

__all__ = ["VERIFIER", "code_of", "open_fonts", "svg"]
