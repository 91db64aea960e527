"""Requests that cannot be answered."""

# Codes of gRPC, and the HTTP statuses that TensorFlow Serving gives for them.
HTTP_STATUS = {
    "INVALID_ARGUMENT": 400,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "UNAVAILABLE": 503,
    "UNIMPLEMENTED": 501,
    "DEADLINE_EXCEEDED": 504,
    "INTERNAL": 500,
}

_LONGEST = 400  # gRPC carries messages in headers, which clients take up to 8 KiB of


class RequestError(Exception):
    """The answer to a request is an error.

    Args:
        code: of gRPC, one of `HTTP_STATUS`.
        message: for the client, cut to 400 characters: names in it may be as long as the request.
        http_status: where it is not that of the code.
    """

    def __init__(self, code, message, http_status=None):
        super().__init__(message[:_LONGEST])
        self.code = code
        self.http_status = http_status or HTTP_STATUS[code]


def input_error(name, expectation, received):
    """Returns (does not raise) the error of an input that is not as expected.

    Example:

    >>> str(input_error("seed", "at least 0", -1))
    'Input `seed` must be at least 0. Received: -1'
    """
    message = f"Input `{name}` must be {expectation}. Received: {received}"
    return RequestError("INVALID_ARGUMENT", message)


def too_large(what, limit, flag):
    """Returns the error of a request beyond a limit of the server's.

    It is not RESOURCE_EXHAUSTED, after which clients send the same request again.

    Example:

    >>> str(too_large("The rows of a request (9)", 8, "max_rows"))
    "The rows of a request (9) must be at most 8, the server's --max_rows"
    """
    message = f"{what} must be at most {limit}, the server's --{flag}"
    return RequestError("INVALID_ARGUMENT", message, 413)


def from_tensorflow(error):
    """Returns what TensorFlow raised when a signature ran, as a `RequestError`.

    What the model itself refuses (values out of range, broken files) is the client's fault. So is a
    message that is no text: it quotes bytes of the request.
    """
    if isinstance(error, UnicodeDecodeError):
        code, message = "INVALID_ARGUMENT", error.object.decode("utf-8", "replace")
    else:
        code = "INVALID_ARGUMENT" if type(error).__name__ == "InvalidArgumentError" else "INTERNAL"
        message = getattr(error, "message", None) or f"{type(error).__name__}: {error}"
    # The rest names nodes of the graph, and the Python code that made them.
    message = message.split("\n\nOriginal stack trace")[0].split("\n\t [[")[0]
    return RequestError(code, message.removeprefix("Graph execution error:").strip())
