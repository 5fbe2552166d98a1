"""Certificates: one page around a signed credential, as a PDF that anybody can verify.

What the page says of its holder is what the credential in its QR code says, claim by claim. The title and the sentences
around that are not signed: a verification says them as well, so whoever compares its answer with the page finds out
what was changed. The page is drawn anew whenever it is asked for, and comes out the same.
"""
