"""What a server is told when it starts."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Settings:
    """The checked flags of `keras-infovae serve`, which states what they mean and their defaults.

    Example:

    >>> import json
    >>> given = {field.name: 1 for field in dataclasses.fields(Settings)}
    >>> Settings(**json.loads(json.dumps(given))).max_rows
    1
    """

    directory: str
    model_name: str
    host: str
    port: int
    rest_port: int
    num_versions: int
    labels: dict
    poll_seconds: float
    batching: bool
    max_batch_size: int
    batch_timeout_ms: float
    batch_threads: int
    max_queued_requests: int
    max_request_bytes: int
    max_rows: int
    max_image_pixels: int
    max_response_bytes: int
    max_json_values: int
    max_bytes_at_once: int
    max_connections: int
    read_seconds: float
    idle_seconds: float
    cors: bool
    grace_seconds: float
