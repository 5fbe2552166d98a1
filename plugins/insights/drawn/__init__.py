"""Series, maps and the weekly report as pictures and pages: SVG by `charts`, PNG and PDF of it by Typst; no browser."""
