"""The errors that apps and this runtime raise, with the HTTP status a request answers it with.

Class names, bases and status codes are those of Frappe v15, because clients read `exc_type` and the status.
"""

from __future__ import annotations

from werkzeug.exceptions import NotFound


class SiteNotSpecifiedError(Exception):
    """A bench command needs a site and none was named."""


class IncorrectSitePath(NotFound):
    """The folder of the site does not exist."""


class ValidationError(Exception):
    """What was sent breaks a rule; the message is for the person who sent it."""

    http_status_code = 417


class FrappeTypeError(TypeError):
    """An argument of a whitelisted method has the wrong type."""

    http_status_code = 417


class AuthenticationError(Exception):
    """Wrong password, key or secret."""

    http_status_code = 401


class PermissionError(Exception):
    """The user may not do this."""

    http_status_code = 403


class DoesNotExistError(ValidationError):
    """No document of this name, or no such DocType."""

    http_status_code = 404


class NameError(Exception):
    """The name of a document cannot be used."""

    http_status_code = 409


class DuplicateEntryError(NameError):
    """A document of this name exists."""


class SessionStopped(Exception):
    """The site is in maintenance."""

    http_status_code = 503


class CSRFTokenError(Exception):
    """A write came without the token of its session."""

    http_status_code = 400


class TooManyRequestsError(Exception):
    """The site's budget of work is used up."""

    http_status_code = 429


class DataError(ValidationError):
    """A query asks for what there is not."""


class MandatoryError(ValidationError):
    """A field that must be filled is empty."""


class NonNegativeError(ValidationError):
    """A number must not be negative."""


class RateLimitExceededError(ValidationError):
    """A method was called too often."""

    http_status_code = 429


class CannotChangeConstantError(ValidationError):
    """A field that is set once was changed."""


class CharacterLengthExceededError(ValidationError):
    """A text is longer than its field."""


class UpdateAfterSubmitError(ValidationError):
    """A submitted document was changed."""


class LinkValidationError(ValidationError):
    """A linked document does not exist."""


class CancelledLinkError(LinkValidationError):
    """A linked document is cancelled."""


class DocstatusTransitionError(ValidationError):
    """Drafts are submitted, submitted documents cancelled, and nothing else."""


class TimestampMismatchError(ValidationError):
    """Somebody else saved the document meanwhile."""


class LinkExistsError(ValidationError):
    """Other documents link to what is to be deleted."""


class InvalidEmailAddressError(ValidationError):
    """This is no e-mail address."""


class UniqueValidationError(ValidationError):
    """Another document has this value in a unique field."""


class AppNotInstalledError(ValidationError):
    """The app is not installed on the site."""


class QueryTimeoutError(Exception):
    """Another transaction held the lock for too long; the caller may try the whole transaction again."""

    http_status_code = 503


class QueryDeadlockError(Exception):
    """The transaction was chosen to end a deadlock; it may be tried again as a whole."""

    http_status_code = 503


class SecurityException(Exception):
    """Too many wrong passwords; stock Frappe answers 500."""

    http_status_code = 429
