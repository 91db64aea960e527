"""What estimators are given, as DataFrames whose columns are those of `fit`."""

from sklearn.utils.validation import validate_data

from keras_infovae.tables.frames import is_frame
from keras_infovae.utils.checks import argument_error


def frame_of(estimator, X, columns=None, fewest=1):
    """Returns X as a DataFrame, by scikit-learn's rules for names and shapes.

    Args:
        estimator: the one that X is given to; without `columns` its `n_features_in_` and
            `feature_names_in_` are set.
        X: an array or DataFrame [n, columns].
        columns: the names of the columns that it was fitted to. Default None: it is being fitted.
        fewest: the least n. Default 1.

    Raises:
        ValueError, TypeError: for other columns, infinite values, sparse matrices, objects, and
            fewer rows.
    """
    import pandas

    fitting = columns is None
    if is_frame(X):
        validate_data(estimator, X, reset=fitting, skip_check_array=True)
        if len(X) < fewest:
            raise ValueError(
                f"Argument `X` must have at least {fewest} rows. Received: n_samples={len(X)}"
            )
        frame = X
    else:
        checks = {"ensure_all_finite": "allow-nan", "ensure_min_samples": fewest}
        frame = pandas.DataFrame(validate_data(estimator, X, reset=fitting, **checks))
        # By position, whatever the names are; they may be numbers in another order.
        return frame if fitting else frame.set_axis(columns, axis=1)
    if fitting or set(frame.columns) == set(columns):
        return frame
    return frame.set_axis(columns, axis=1)  # what was fitted to an array


def kinds_of_array(frame, kinds):
    """Returns {column: kind} for the columns of an array: numbers, none of them an identifier.

    Columns of zeros and ones are left to the rules, which find them binary.

    Args:
        frame: the array as a DataFrame.
        kinds: those that the user says, which take precedence, or None.

    Raises:
        TypeError: for `kinds` that are no dictionary.
    """
    if kinds is not None and not isinstance(kinds, dict):
        raise argument_error("kinds", "a dictionary or None", kinds, TypeError)
    numbers = [name for name in frame if not frame[name].dropna().isin([0, 1]).all()]
    return {**dict.fromkeys(numbers, "numeric"), **(kinds or {})}
