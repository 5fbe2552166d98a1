"""Whether two things are alike: what people ask and what is known, by words; and pictures, by their fingerprints.

fits(terms_in("示例大桥垮了，是真的吗"), about(["示例大桥垮塌"], claim)); are_alike(await fingerprint(picture), kept)
"""

from likeness.pictures import FINGERPRINT, PICTURES, apart, are_alike, fingerprint, fingerprint_of
from likeness.words import TRUTH, About, Terms, about, fits, terms_in

__all__ = [
    "FINGERPRINT",
    "PICTURES",
    "TRUTH",
    "About",
    "Terms",
    "about",
    "apart",
    "are_alike",
    "fingerprint",
    "fingerprint_of",
    "fits",
    "terms_in",
]
