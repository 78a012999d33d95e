"""Whether an endpoint answers at all: asked once before a run, so that a wrong URL is known at once."""

from __future__ import annotations

from motionsight_core.errors import RunError, one_line
from motionsight_core.mllm._address import EndpointAddress, key_in
from motionsight_core.settings import Settings

#: A server on its way up, or a dropped packet, gets a few seconds; a run has more patience.
TRIES, TRY_S = 3, 5.0


def require_endpoint(settings: Settings) -> None:
    """Make sure that the endpoint answers, and accepts our key.

    Which models there are is not looked at: many servers list only some of them.

    Raises:
        RunError: it does not answer, or refuses the key.
        UsageError: the address or the key cannot be used.
    """
    import openai

    address, variable = EndpointAddress.parse(settings.annotator), settings.endpoint.key_variable
    key = key_in(variable)
    client = openai.OpenAI(
        base_url=address.base_url,
        api_key=key or "none",
        max_retries=TRIES - 1,
        timeout=TRY_S,
    )
    with client:
        try:
            client.models.list()
        except openai.APIConnectionError as error:
            reason = one_line(error.__cause__ or error, most=200)
            raise RunError(
                f"The endpoint {address.base_url} cannot be reached ({reason}): start its server, or check "
                "the URL, which usually ends in /v1."
            ) from None
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            todo = "does not accept the key in" if key else "needs a key; set"
            raise RunError(
                f"The endpoint {address.base_url} {todo} the environment variable {variable} "
                f"(HTTP {error.status_code})."
            ) from None
        except Exception:
            return  # it answered, in a way of its own; asking will tell
