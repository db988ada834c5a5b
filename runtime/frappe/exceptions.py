"""Every error the public API may raise, with the HTTP status a request answers it with.

Class names, bases and status codes are those of Frappe v15, because clients read `exc_type` and the status.
"""

from __future__ import annotations

from werkzeug.exceptions import NotFound


class SiteNotSpecifiedError(Exception):
    """A bench command needs a site and none was named."""


class UrlSchemeNotSupported(Exception):
    """A URL uses a scheme other than the allowed ones."""


class IncorrectSitePath(NotFound):
    """The folder of the site does not exist."""


class ValidationError(Exception):
    """What was sent breaks a rule; the message is for the person who sent it."""

    http_status_code = 417


class FrappeTypeError(TypeError):
    """An argument of a whitelisted method has the wrong type."""

    http_status_code = 417


class AuthenticationError(Exception):
    http_status_code = 401


class SessionExpired(Exception):
    http_status_code = 401


class PermissionError(Exception):
    http_status_code = 403


class DoesNotExistError(ValidationError):
    http_status_code = 404

    def __init__(self, *args: object, doctype: str | None = None) -> None:
        super().__init__(*args)
        self.doctype = doctype


class PageDoesNotExistError(ValidationError):
    http_status_code = 404


class NameError(Exception):
    http_status_code = 409


class DuplicateEntryError(NameError):
    pass


class OutgoingEmailError(Exception):
    http_status_code = 501


class SessionStopped(Exception):
    http_status_code = 503


class UnsupportedMediaType(Exception):
    http_status_code = 415


class RequestToken(Exception):
    http_status_code = 200


class Redirect(Exception):
    http_status_code = 301

    def __init__(self, http_status_code: int = 301) -> None:
        self.http_status_code = http_status_code
        super().__init__()


class CSRFTokenError(Exception):
    http_status_code = 400


class TooManyRequestsError(Exception):
    http_status_code = 429


class ImproperDBConfigurationError(Exception):
    """The database server is not set up as it must be."""

    def __init__(self, reason: str, msg: str | None = None) -> None:
        super().__init__(msg or "Database is not configured properly")
        self.reason = reason


class DataError(ValidationError):
    pass


class UnknownDomainError(Exception):
    pass


class MappingMismatchError(ValidationError):
    pass


class InvalidStatusError(ValidationError):
    pass


class MandatoryError(ValidationError):
    pass


class NonNegativeError(ValidationError):
    pass


class InvalidSignatureError(ValidationError):
    pass


class RateLimitExceededError(ValidationError):
    http_status_code = 429


class CannotChangeConstantError(ValidationError):
    pass


class CharacterLengthExceededError(ValidationError):
    pass


class UpdateAfterSubmitError(ValidationError):
    pass


class LinkValidationError(ValidationError):
    pass


class CancelledLinkError(LinkValidationError):
    pass


class DocstatusTransitionError(ValidationError):
    pass


class TimestampMismatchError(ValidationError):
    pass


class EmptyTableError(ValidationError):
    pass


class LinkExistsError(ValidationError):
    pass


class InvalidEmailAddressError(ValidationError):
    pass


class InvalidNameError(ValidationError):
    pass


class InvalidPhoneNumberError(ValidationError):
    pass


class TemplateNotFoundError(ValidationError):
    pass


class UniqueValidationError(ValidationError):
    pass


class AppNotInstalledError(ValidationError):
    pass


class IncompatibleApp(ValidationError):
    pass


class InvalidDates(ValidationError):
    pass


class DataTooLongException(ValidationError):
    pass


class FileAlreadyAttachedException(Exception):
    pass


class DocumentAlreadyRestored(ValidationError):
    pass


class AttachmentLimitReached(ValidationError):
    pass


class QueryTimeoutError(Exception):
    """Another transaction held the lock for too long; the caller may try the whole transaction again."""

    http_status_code = 503


class QueryDeadlockError(Exception):
    """The transaction was chosen to end a deadlock; it may be tried again as a whole."""

    http_status_code = 503


class InReadOnlyMode(ValidationError):
    http_status_code = 503


class SessionBootFailed(ValidationError):
    http_status_code = 500


class PrintFormatError(ValidationError):
    pass


class TooManyWritesError(Exception):
    pass


class ImplicitCommitError(ValidationError):
    """A DDL statement inside a transaction that has written something."""


class RetryBackgroundJobError(Exception):
    pass


class DocumentLockedError(ValidationError):
    pass


class CircularLinkingError(ValidationError):
    pass


class SecurityException(Exception):
    pass


class InvalidColumnName(ValidationError):
    pass


class InvalidDatabaseFile(ValidationError):
    pass


class CommandFailedError(Exception):
    def __init__(self, message: str, out: str = "", err: str = "") -> None:
        super().__init__(message)
        self.out = out
        self.err = err


class ExecutableNotFound(FileNotFoundError):
    pass


class InvalidRoundingMethod(FileNotFoundError):
    pass


class InvalidRemoteException(Exception):
    pass


class InvalidAuthorizationHeader(CSRFTokenError):
    pass


class InvalidAuthorizationPrefix(CSRFTokenError):
    pass


class InvalidAuthorizationToken(CSRFTokenError):
    pass


class LinkExpired(ValidationError):
    http_status_code = 410
    title = "Link Expired"
    message = "The link has been expired"


class InvalidKeyError(ValidationError):
    http_status_code = 401
    title = "Invalid Key"
    message = "The document key is invalid"
