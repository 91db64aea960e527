"""The REST API's JSON, in the forms that TensorFlow Serving documents (RESTful API)."""

import base64
import binascii
import gc
import json
import reprlib

import numpy as np
import tensorflow as tf

from keras_infovae.serving.server.errors import RequestError, input_error, too_large
from keras_infovae.serving.server.service import malformed

ROW, COLUMN = "instances", "inputs"


def parse(body, limit):
    """Returns the object that a request's body is, of at most `limit` values.

    An object of Python's takes up to 100 bytes for 2 of JSON, and the interpreter does nothing else
    while it makes them all.
    """
    values = sum(map(body.count, _MARKS))
    if values > limit:
        raise too_large(f"The values of a body of JSON ({values})", limit, "max_json_values")
    with malformed("The body, which must be a JSON object,"):
        try:
            document = _loads(body.decode("utf-8"))
        except RecursionError:
            raise RequestError("INVALID_ARGUMENT", "The body's lists are nested too deep") from None
    if not isinstance(document, dict):
        raise RequestError("INVALID_ARGUMENT", f"The body must be an object. {_received(document)}")
    return document


_MARKS = (b",", b"[", b"{", b"\\")  # of which one stands beside each value, or part of a text
_MANY = 2**16  # bytes


def _loads(text):
    if len(text) < _MANY:
        return json.loads(text)
    # The collector would look through all new lists again and again, for most of the time.
    gc.disable()
    try:
        return json.loads(text)
    finally:
        gc.enable()


def signature_name(document):
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise RequestError("INVALID_ARGUMENT", f"`signature_name` must be text. {_received(name)}")
    return name


def form_of(document):
    """Returns which of the two forms a prediction is asked for in, "instances" or "inputs"."""
    given = [form for form in (ROW, COLUMN) if form in document]
    if len(given) != 1:
        found = ", ".join(map(repr, document)) or "none"
        message = f"One of `{ROW}` and `{COLUMN}` must be given. Received: {found}"
        raise RequestError("INVALID_ARGUMENT", message)
    return given[0]


def arrays(document, form, signature, checker):
    """Returns {name: array} of a prediction's inputs.

    Args:
        document: what `parse` gave.
        form: what `form_of` gave.
        signature: the `Signature` that is asked.
        checker: the server's `InputChecker`.
    """
    specs = signature.inputs
    if form == COLUMN:
        columns = _columns(document[form], specs)
    else:
        columns = _columns_of_rows(document[form], specs, checker)
    checker.check_names(specs, columns)
    return {name: to_array(name, value, specs[name]) for name, value in columns.items()}


def _columns(value, specs):
    return {_only(specs, COLUMN): value} if _names(value) is None else value


def _columns_of_rows(rows, specs, checker):
    if not isinstance(rows, list) or not rows:
        message = f"`{ROW}` must be a list of at least one row. {_received(rows)}"
        raise RequestError("INVALID_ARGUMENT", message)
    checker.check_rows(len(rows))
    names = [_names(row) for row in rows]
    for index, row in enumerate(rows):
        if names[index] != names[0]:
            kind = "be a plain value"
            if names[0] is not None:
                kind = "have " + (", ".join(f"`{name}`" for name in rows[0]) or "no names")
            message = f"`{ROW}[{index}]` must {kind}, like row 0. {_received(row)}"
            raise RequestError("INVALID_ARGUMENT", message)
    if names[0] is None:
        return {_only(specs, ROW): rows}
    return {name: [row[name] for row in rows] for name in rows[0]}


def _names(row):
    """Returns the names that a row gives its values, or None for a plain value."""
    return row.keys() if isinstance(row, dict) and not _is_base64(row) else None


def _only(specs, form):
    if len(specs) > 1:
        names = ", ".join(f"`{name}`" for name in specs)
        message = f"`{form}` must name the inputs, of which there are several: {names}"
        raise RequestError("INVALID_ARGUMENT", message)
    return next(iter(specs))


def to_array(name, value, spec):
    """Returns nested lists as an array of the spec's dtype, without a silent conversion."""
    try:
        values = np.array(value, object)
        kinds = set(map(type, values.ravel().tolist()))
    except ValueError:
        kinds = {list}
    if list in kinds:  # where lengths differ, or there are too many levels
        raise input_error(name, f"{spec}, in lists of equal lengths", _short(value))
    if spec.dtype == tf.string:
        binary = name.endswith("_bytes")
        flat = [
            b"" if item is None and spec.missing else _bytes(name, item, binary)
            for item in values.ravel().tolist()
        ]
        filled = np.empty(len(flat), object)
        filled[:] = flat
        return filled.reshape(values.shape)
    types, allowed = _JSON_NUMBERS[spec.dtype.is_floating, spec.dtype == tf.bool]
    wrong = kinds - allowed - ({type(None)} if spec.missing else set())
    if wrong:
        found = ", ".join(sorted(_JSON_TYPES.get(kind, kind.__name__) for kind in wrong))
        raise input_error(name, f"{spec}, {types} alone", found)
    try:
        with np.errstate(over="ignore"):  # becomes infinite, which the checks refuse
            return values.astype(spec.dtype.as_numpy_dtype)  # of which null becomes NaN
    except OverflowError:
        allowed = f"{spec}, within the range of {spec.dtype.name}"
        raise input_error(name, allowed, "a larger number") from None


_JSON_NUMBERS = {  # by whether the type is a float, and a truth value
    (True, False): ("numbers", {int, float}),
    (False, False): ("integers", {int}),
    (False, True): ("true or false", {bool}),
}
_JSON_TYPES = {bool: "true or false", type(None): "null", str: "text", dict: "an object"}


def _is_base64(value):
    return value.keys() == {"b64"}


def _bytes(name, value, binary):
    if isinstance(value, dict) and _is_base64(value):
        try:
            return _decoded(value["b64"])
        except (AttributeError, binascii.Error, ValueError) as error:
            raise input_error(name, '{"b64": TEXT} in base64', error) from None
    if isinstance(value, str) and not binary:
        return utf8(name, value)
    raise input_error(name, '{"b64": TEXT} in base64', _short(value))


def _decoded(text):
    """Returns the bytes of base64, whose padding may be left out, with white space anywhere."""
    text = "".join(text.split())
    bare = text.rstrip("=")
    padding = -len(bare) % 4
    if len(text) - len(bare) not in (0, padding):
        raise ValueError("Incorrect padding")
    return base64.b64decode(bare + padding * "=", validate=True)


def utf8(name, text):
    """Returns text as bytes; JSON may hold halves of surrogate pairs, which UTF-8 has none for."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise input_error(name, "Unicode text, of whole characters", _short(text)) from None


def prediction(outputs, form, specs):
    """Returns the answer's body: rows or columns; a single output goes without its name.

    Args:
        outputs: {name: array}.
        form: what `form_of` gave.
        specs: {name: Spec} of the outputs.
    """
    outputs = {name: _plain(value, specs[name]) for name, value in outputs.items()}
    if form == COLUMN:
        columns = {name: _text(value) for name, value in outputs.items()}
        return b'{"outputs":%b}' % _unnamed(columns)
    names, columns = list(outputs), list(outputs.values())
    rows = [_unnamed(dict(zip(names, map(_text, row)))) for row in zip(*columns)]
    return b'{"predictions":[%b]}' % b",".join(rows)


def _unnamed(columns):
    """Returns an object of {name: JSON}, or the only value itself."""
    if len(columns) == 1:
        return next(iter(columns.values()))
    return b"{%b}" % b",".join(encode(name) + b":" + text for name, text in columns.items())


def _plain(array, spec):
    """Returns an array of what JSON has: text, and None where values are missing."""
    if array.dtype.kind == "O":
        found = np.empty(array.size, object)
        found[:] = [_text_of(value) or (None if spec.missing else "") for value in array.ravel()]
        return found.reshape(array.shape)
    if spec.missing and np.isnan(array).any():
        return np.where(np.isnan(array), None, array.astype(object))
    return array


def _text_of(value):
    """Returns bytes as JSON has them: text, or in base64 what is none."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode("ascii")}


_AT_ONCE = 4096  # values, after which other threads of the interpreter may have a turn


def _text(array):
    """Returns an array, or a value of one of objects, as JSON."""
    if not hasattr(array, "size"):
        return encode(array)
    if array.size <= _AT_ONCE:
        return encode(array.tolist())
    if array.ndim > 1:
        return b"[%b]" % b",".join(map(_text, array))
    parts = (array[at : at + _AT_ONCE] for at in range(0, array.size, _AT_ONCE))
    return b"[%b]" % b",".join(encode(part.tolist())[1:-1] for part in parts)


def encode(document):
    """Returns strict JSON: NaN and infinity, which it cannot say, are an error of the server's."""
    return json.dumps(document, allow_nan=False, separators=(",", ":")).encode("ascii")


def _received(value):
    return f"Received: {_short(value)}"


def _short(value):
    return f"a list of {len(value)}" if isinstance(value, list) else reprlib.repr(value)
