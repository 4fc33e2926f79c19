"""For those who receive webhooks: whether one is the engine's.

    event = verify(request.headers, body, secret)

The secret is told by ``jupyter-capture webhooks secret``. Nothing else of this package is needed
where webhooks are received; the engine may run elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from jupyter_capture.errors import AuthenticationError, InvalidRequestError

__all__ = ["verify"]


def verify(headers: Mapping[str, str], body: bytes | str, secret: str) -> dict[str, Any]:
    """The event that a webhook tells, once it is sure who sent it, and that it is five minutes old
    at most.

    ``headers``: the request's, in any case of letters. ``body``: as it came, before anything has
    parsed it. ``secret``: ``whsec_…``.

    Raises AuthenticationError where the signature does not fit: answer 401. Raises
    InvalidRequestError where the secret is none.
    """
    try:
        signer = Webhook(secret)
    except Exception:
        raise InvalidRequestError(
            "This is no webhook secret. `jupyter-capture webhooks secret` shows the engine's; it "
            "begins with whsec_."
        ) from None
    try:
        event = signer.verify(body, dict(headers.items()))
    except WebhookVerificationError as error:
        raise AuthenticationError(
            f"This webhook is not the engine's: {error}. Hand over the headers and the body as "
            "they came, and the secret of `jupyter-capture webhooks secret`."
        ) from None
    except (ValueError, UnicodeError):
        # A signature that is no base64, a body that is no text: whoever sent it.
        raise AuthenticationError(
            "This webhook is not the engine's: it is no signed JSON."
        ) from None
    if not isinstance(event, dict):
        raise AuthenticationError("This webhook is not the engine's: it holds no event.")
    return event
