"""Passes on a plugin's own pages: where a code leads, and how it is drawn; and the fonts of what is printed."""

from banshi.builtin.certificates.fonts import open_fonts as open_fonts
from banshi.builtin.passes.wire.addressed import VERIFIER as VERIFIER
from banshi.builtin.passes.wire.addressed import code_of as code_of
from banshi.builtin.passes.wire.picture import svg as svg
