"""Public names that are going to be removed."""

import functools
import warnings

_said = set()


def deprecated(since, removal, use):
    """Decorator of a public function, method or constructor that is going to be removed.

    For a name that a release had: it goes on working as it did, and says once in a process what
    takes its place, until the version in which it is removed. A name that no release had is removed
    at once. CONTRIBUTING.md, "Changing a public name", has the steps.

    Args:
        since: the version from which on it says so, such as "0.3.0".
        removal: the version that is going to be without it, such as "0.5.0"; after `since`.
        use: what to use instead, such as "`encode(x)`".

    Returns:
        The decorator. What it makes warns with a FutureWarning, which is shown by default, at the
        line that calls it.

    Raises:
        ValueError: when `removal` is not after `since`, or one is no version.

    Example:

    >>> @deprecated(since="0.3.0", removal="0.5.0", use="`encode(x)`")
    ... def codes(x):
    ...     return x
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as said:
    ...     warnings.simplefilter("always")
    ...     codes(1) + codes(2)
    3
    >>> print(said[0].message)
    `codes` is deprecated since 0.3.0 and will be removed in 0.5.0: use `encode(x)`
    """
    if _release("removal", removal) <= _release("since", since):
        raise ValueError(
            f"Argument `removal` must be after `since`, {since!r}. Received: {removal!r}"
        )

    def decorator(function):
        name = function.__qualname__.removesuffix(".__init__")

        @functools.wraps(function)
        def warning(*arguments, **options):
            if name not in _said:
                _said.add(name)
                message = (
                    f"`{name}` is deprecated since {since} and will be removed in {removal}: "
                    f"use {use}"
                )
                warnings.warn(message, FutureWarning, stacklevel=2)
            return function(*arguments, **options)

        return warning

    return decorator


def _release(argument, version):
    parts = version.split(".")
    if not all(part.isdecimal() for part in parts):
        raise ValueError(
            f"Argument `{argument}` must be a version, such as '0.3.0'. Received: {version!r}"
        )
    return tuple(map(int, parts))
