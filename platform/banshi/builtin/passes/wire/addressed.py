"""A code that any phone's camera opens: an address whose fragment is the signed text.

A fragment is sent to nobody: the page behind the address reads it, and no server's log has it. On the wire::

    code = address "#" text          ; the text's blanks and percent signs as %20 and %25, all else as it is

so that the text's part stays in the alphanumeric alphabet of QR codes. The text alone is a code, too.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

from banshi.builtin.passes.refusals import PassRefused, Reason
from banshi.foundation.keys import Key
from banshi.kernel.runtime.running import Platform

#: The path of a page that says whether what stands behind its # is valid; whoever has one offers it.
VERIFIER: Key[str] = Key("page that verifies passes")
#: What base45 has and a fragment takes as it is (RFC 3986, section 3.5).
_PLAIN = "$*+/:-."


def code_of(platform: Platform, text: str) -> str:
    """What the code of a pass says: the address of the city's page with the text, or the text where there is none."""
    pages, address = platform.registry.offered(VERIFIER), platform.settings.address
    return f"{address}{pages[0][1]}#{quote(text, safe=_PLAIN)}" if pages and address else text


def text_in_code(code: str) -> str:
    """The text of what was scanned, whatever page it leads to. Raises PassRefused for another spelling of the same."""
    address, sign, rest = code.partition("#")
    if not (sign and address.startswith(("https://", "http://"))):
        return code
    text = unquote(rest)
    if quote(text, safe=_PLAIN) != rest:
        raise PassRefused(Reason.MALFORMED, "what stands behind the address is spelled in another way than ours")
    return text
