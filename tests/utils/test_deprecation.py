"""Names that are going to be removed: they work, and say once what takes their place."""

import inspect
import warnings

import pytest

from keras_infovae.utils.deprecation import deprecated


class Model:
    @deprecated(since="0.9.0", removal="0.10.0", use="`Other`")
    def __init__(self, size=1):
        self.size = size

    @deprecated(since="1.0", removal="2.0", use="`double(x)`")
    def twice(self, x, *, times=2):
        """Twice x."""
        return times * x


def test_it_says_once_what_to_use_and_from_where_it_was_called():
    message = "`Model` is deprecated since 0.9.0 and will be removed in 0.10.0: use `Other`"
    with pytest.warns(FutureWarning, match=message) as said:
        assert Model(3).size == 3
    assert [warning.filename for warning in said] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Model().size == 1
    with pytest.warns(FutureWarning, match="`Model.twice` .*: use `double"):
        assert Model().twice(2, times=5) == 10


def test_signature_and_documentation_are_those_of_the_function():
    assert str(inspect.signature(Model.twice)) == "(self, x, *, times=2)"
    assert Model.twice.__doc__ == "Twice x."


@pytest.mark.parametrize(
    ("since", "removal", "message"),
    [
        ("0.3.0", "0.3.0", "`removal` must be after `since`, '0.3.0'. Received: '0.3.0'"),
        ("0.10.0", "0.9.0", "`removal` must be after `since`, '0.10.0'. Received: '0.9.0'"),
        ("next", "0.9.0", "`since` must be a version, such as '0.3.0'. Received: 'next'"),
        ("0.1.0", "1.0rc1", "`removal` must be a version.*Received: '1.0rc1'"),
    ],
)
def test_versions_are_checked(since, removal, message):
    with pytest.raises(ValueError, match=message):
        deprecated(since=since, removal=removal, use="")
