"""login and RefreshToken: the only answers without the `Response` wrapper."""

from adapters.platforms.simulator.sft import codes
from adapters.platforms.simulator.sft.context import Call, Platform
from adapters.platforms.simulator.sft.envelope import Body, BusinessError


def login(platform: Platform, call: Call) -> Body:
    """POST /login"""
    return platform.sessions.login(call.body)


def refresh_token(platform: Platform, call: Call) -> Body:
    """GET /RefreshToken"""
    pair = platform.sessions.refresh(call.token)
    if pair is None:
        raise BusinessError(codes.AUTHORISATION_FAILED, "Authorization Failed")
    return pair
