"""Why a request is not taken for the provider's, in words for who runs the gateway."""

from __future__ import annotations

from actors.gateway.access.denial import AccessDeniedError, Denial


def unsigned(header: str) -> AccessDeniedError:
    """Return the error for a request that proves nothing."""
    return AccessDeniedError(
        Denial.UNSIGNED,
        f"the request has no {header}: only the provider itself is served here, and a proxy in "
        "front has to leave its headers as they are",
    )


def wrongly_signed(option: str) -> AccessDeniedError:
    """Return the error for a signature that does not fit.

    Args:
        option: With what it was compared.
    """
    return AccessDeniedError(
        Denial.SIGNATURE_WRONG,
        f"the signature does not fit: look whether {option} is that of this account, and whether "
        "phone.public_url is the address that the provider was given, with scheme and port",
    )


def wrong_secret(option: str) -> AccessDeniedError:
    """Return the error for a secret that is another one."""
    return AccessDeniedError(
        Denial.SIGNATURE_WRONG, f"what the request proves itself with is not that of {option}"
    )


def late() -> AccessDeniedError:
    """Return the error for a request that was signed some time ago."""
    return AccessDeniedError(
        Denial.SIGNATURE_LATE,
        "the request was signed more than five minutes ago, or later than now: look whether the "
        "clock of this machine is right",
    )


def not_set(option: str) -> AccessDeniedError:
    """Return the error for a request that cannot be looked at."""
    return AccessDeniedError(Denial.UNSIGNED, f"set {option}: without it nobody can be known here")
