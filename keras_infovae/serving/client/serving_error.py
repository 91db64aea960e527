"""What a server, or the way to it, answers instead of numbers."""


class ServingError(RuntimeError):
    """A request that a server did not answer.

    Attributes:
        address: of the server.
        signature: that was asked for; None for the model's status or metadata.
        status: the name of a gRPC status ("INVALID_ARGUMENT"), or of REST "HTTP 400"; in both
            "UNAVAILABLE" where there is no connection and "DEADLINE_EXCEEDED" where time is up.
        details: what the server said.
        is_transient: whether the same request may well be answered a moment later.
        retry_after: seconds that the server asks to be left alone, at least 0.
    """

    def __init__(
        self,
        address: str,
        model_name: str,
        signature: str | None,
        status: str | int,
        details: str,
        is_transient: bool = False,
        retry_after: float = 0.0,
    ) -> None:
        subject = f"Model `{model_name}`"
        if signature is not None:
            subject = f"Signature `{signature}` of model `{model_name}`"
        super().__init__(f"{subject} was not answered by {address}. {status}: {details}")
        self.address = address
        self.signature = signature
        self.status = status
        self.details = details
        self.is_transient = is_transient
        self.retry_after = retry_after
