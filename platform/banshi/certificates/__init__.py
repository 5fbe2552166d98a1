"""Certificates: one page around a signed credential, as a PDF that anybody can verify.

What the page says of its holder is what the credential in its QR code says, claim by claim, so that nothing on it can
be changed without being found out. It is drawn anew whenever it is asked for, and comes out the same.
"""
