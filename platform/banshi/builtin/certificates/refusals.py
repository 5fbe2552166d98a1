"""Why a certificate is no longer shown."""

from __future__ import annotations

from banshi.builtin.sentences import say
from banshi.foundation.errors import Problem


class CertificateRevoked(Problem):
    """The certificate was revoked and is no longer shown; the case says why."""

    status = 410
    code = "certificate-revoked"
    says = say


class CertificateExpired(Problem):
    """The certificate has ended and is no longer shown; apply for a new one."""

    status = 410
    code = "certificate-expired"
    says = say
