"""What can go wrong between this system and the services it connects to.

Pure: the message is an English source string with `{0}` placeholders; it is translated where it meets a person
(`api_errors.describe`). `error_code` and `http_status_code` are what an API client sees.
"""


class ConnectError(Exception):
    """Base of all errors of this app. `source` and `params` make the message in any language."""

    error_code = "CONNECT_ERROR"
    http_status_code = 417

    def __init__(self, source: str, *params: object) -> None:
        self.source = source
        self.params = params
        super().__init__(source.format(*params))


class ConfigMissing(ConnectError):
    """A setting is absent or unusable; the message names the key and the command that sets it."""

    error_code = "NOT_CONFIGURED"


class GatewayUnavailable(ConnectError):
    """The service did not answer, or answered that it cannot at the moment. Trying again later may help."""

    error_code = "GATEWAY_UNAVAILABLE"
    http_status_code = 503


class GatewayRefused(ConnectError):
    """The service answered no. `code` is its own error code, `message` its words."""

    error_code = "GATEWAY_REFUSED"

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__("The service refused the request: {0} ({1})", message, code)


class SignatureInvalid(ConnectError):
    """A message does not come from whom it claims to, or is too old to be believed."""

    error_code = "SIGNATURE_INVALID"
    http_status_code = 401


class NoConsent(GatewayRefused):
    """WeChat 43101: the person has not agreed to (another) message of this template."""

    error_code = "NO_CONSENT"


class SignInAgain(GatewayRefused):
    """WeChat 40029, 40163, 40226: the sign-in code is wrong, used, or its account blocked by WeChat for the moment."""

    error_code = "SIGN_IN_AGAIN"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.source, self.params = "WeChat did not accept this sign-in. Please sign in again.", ()


class PhoneAgain(GatewayRefused):
    """WeChat 40029, 40163: the code of the phone button is wrong or used."""

    error_code = "CONFIRM_PHONE_AGAIN"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.source, self.params = (
            "WeChat did not confirm the phone number. Please press the button again.",
            (),
        )


class PhoneForeign(ConnectError):
    """The phone number is not one of mainland China, whatever its digits look like without the country code."""

    error_code = "PHONE_FOREIGN"


class DecryptionFailed(ConnectError):
    """A sealed value cannot be opened: wrong or missing key, or the value was changed or moved."""

    error_code = "DECRYPTION_FAILED"
    http_status_code = 500


class Locked(ConnectError):
    """Too many tries. `retry_after` is the number of seconds to wait."""

    error_code = "LOCKED"
    http_status_code = 429

    def __init__(self, source: str, retry_after: int, *params: object) -> None:
        self.retry_after = retry_after
        super().__init__(source, *params)


class TooOften(Locked):
    """A request came sooner than its limit allows, without any suspicion of guessing."""

    error_code = "TOO_OFTEN"


class CodeWrong(ConnectError):
    """A sign-in code is wrong, used or too old."""

    error_code = "CODE_WRONG"
