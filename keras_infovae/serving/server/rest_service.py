"""The REST API of TensorFlow Serving, its metrics, and a sign of life, as an ASGI application."""

import asyncio
import contextlib
import logging

from google.protobuf import json_format
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route
from tensorflow_serving.apis import get_model_metadata_pb2

from keras_infovae.serving.server import examples, json_form
from keras_infovae.serving.server.errors import RequestError, input_error, too_large
from keras_infovae.serving.server.metrics import CONTENT_TYPE
from keras_infovae.serving.server.room import SMALL
from keras_infovae.serving.server.service import no_classes
from keras_infovae.serving.signatures import regress

_LOG = logging.getLogger("keras_infovae.serve")
_MODEL = "/v1/models/{model}"
_VERSION = _MODEL + "/versions/{version}"
_DRAIN_SECONDS = 5.0  # for which the rest of a body that is too large is read and thrown away


class RestService:
    """Answers HTTP requests by a `Service`.

    Attributes:
        application: the ASGI application.
    """

    def __init__(self, service):
        self._service = service
        routes = [
            Route(path, self._metrics) for path in ("/metrics", "/monitoring/prometheus/metrics")
        ]
        routes.append(Route("/healthz", self._health))
        for path in (_VERSION, _MODEL):
            for suffix, method, answer in (
                (":predict", "predict", self._predict),
                (":regress", "regress", self._regress),
                (":classify", "classify", self._classify),
                ("/metadata", "metadata", self._metadata),
                ("", "status", self._status),
            ):
                verbs = ["POST"] if suffix.startswith(":") else ["GET"]
                routes.append(Route(path + suffix, self._observed(method, answer), methods=verbs))
        self.application = Starlette(
            routes=routes, exception_handlers={HTTPException: _no_such_page}
        )

    # === What is not of the API ===

    async def _metrics(self, request):
        return Response(self._service.metrics.text(), media_type=CONTENT_TYPE)

    async def _health(self, request):
        ready = self._service.ready
        return Response("ready\n" if ready else "not ready\n", 200 if ready else 503)

    # === The API ===

    def _observed(self, method, answer):
        """Returns an endpoint that counts its requests and turns errors into answers."""

        async def endpoint(request):
            with self._service.metrics.request("rest", method) as observed:
                try:
                    return _json(await answer(request, observed))
                except RequestError as error:
                    observed.status = error.code
                    return _error(error.http_status, str(error))
                except ClientDisconnect:
                    observed.status = "CANCELLED"
                    return _error(499, "The client has gone")  # nobody reads it
                except asyncio.CancelledError:  # by the end of the grace alone
                    observed.status = "UNAVAILABLE"
                    return _error(503, "The server is stopping")
                except Exception:
                    _LOG.exception("A request failed")
                    observed.status = "INTERNAL"
                    return _error(500, "The server failed; its log says why")

        return endpoint

    async def _predict(self, request, observed):
        def understood(version, document):
            given = json_form.signature_name(document)
            name, signature = self._service.signature(version, given)
            form = json_form.form_of(document)
            inputs = json_form.arrays(document, form, signature, self._service.checker)
            return name, signature, inputs, lambda outputs: json_form.prediction(outputs, form)

        return await self._computed(request, observed, understood)

    async def _regress(self, request, observed):
        def understood(version, document):
            given = json_form.signature_name(document)
            name, signature = self._service.signature(version, given, regress.METHOD)
            inputs = {regress.INPUT: examples.from_json(document, self._service.checker)}
            return name, signature, inputs, _results

        return await self._computed(request, observed, understood)

    async def _computed(self, request, observed, understood):
        """Returns the answer's body, by what `understood` makes of the version and the document.

        That is the signature's name, the `Signature`, {input: array}, and a function from
        {output: array} to a body.
        """
        service = self._service
        async with service.requests.share() as take:
            body = [await self._body(request, take)]
            with self._lend(request) as version:

                def checked():
                    # Taken out, for the memory: the text and its document go when they are read.
                    document = json_form.parse(body.pop(), service.settings.max_json_values)
                    name, signature, inputs, answer = understood(version, document)
                    checked = service.checked(signature, inputs)
                    service.checker.check_json_answer(signature.outputs, checked[0])
                    return name, inputs, *checked, answer

                name, inputs, rows, pixels, answer = await service.read(len(body[0]), checked)
                observed.signature = name
                computing = service.answer(version, name, inputs, rows, pixels)

                async def computed():
                    async with computing as outputs:
                        size = sum(value.nbytes for value in outputs.values())
                        return await service.read(size, answer, outputs)

                return await _unless_gone(request, computed())

    async def _classify(self, request, observed):
        raise no_classes()

    async def _metadata(self, request, observed):
        with self._lend(request) as version:
            signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=version.definitions)
            spec = {"name": self._service.settings.model_name, "signature_name": ""}
            spec["version"] = str(version.number)
            described = json_format.MessageToDict(
                signatures,
                preserving_proto_field_name=True,
                always_print_fields_with_no_presence=True,
            )
            return json_form.encode({"model_spec": spec, "metadata": {"signature_def": described}})

    async def _status(self, request, observed):
        self._service.check_model(request.path_params["model"])
        states = self._service.states(_version(request))
        return json_form.encode(
            {
                "model_version_status": [
                    {
                        "version": str(number),
                        "state": state.state,
                        "status": {
                            "error_code": "UNKNOWN" if state.error else "OK",
                            "error_message": state.error,
                        },
                    }
                    for number, state in states.items()
                ]
            }
        )

    def _lend(self, request):
        return self._service.lend(request.path_params["model"], _version(request))

    async def _body(self, request, take):
        """Returns the body, of which never more than the limit is in memory.

        Args:
            request: whose it is.
            take: called with the bytes that it may have, before they are read.
        """
        settings = self._service.settings
        limit, seconds = settings.max_request_bytes, settings.read_seconds
        if request.headers.get("content-encoding", "identity") != "identity":
            raise RequestError("INVALID_ARGUMENT", "The body must not be compressed", 415)
        declared = _declared(request)
        if declared is not None and declared > limit:
            if "expect" not in request.headers:  # else the client has not sent it yet
                await _drain(request.stream())
            raise _body_too_large(limit)
        if declared is not None:
            await take(declared)
        body, stream = bytearray(), request.stream()
        end = asyncio.get_running_loop().time() + seconds
        while True:
            left = end - asyncio.get_running_loop().time()
            try:
                chunk = await asyncio.wait_for(anext(stream, None), max(left, 0.001))
            except asyncio.TimeoutError:
                message = f"The body must arrive within {seconds:g} s, the server's --read_seconds"
                raise RequestError("DEADLINE_EXCEEDED", message, 408) from None
            if chunk is None:
                return bytes(body)
            body += chunk
            if len(body) > limit:
                body.clear()
                await _drain(stream)
                raise _body_too_large(limit)
            if declared is None and len(body) >= SMALL:
                await take(limit)


def _declared(request):
    """Returns the length that the head of a request states, or None."""
    text = request.headers.get("content-length")
    if text is None or "transfer-encoding" in request.headers:
        return None
    return int(text) if len(text) < 20 else 10**20  # h11 lets digits alone through


def _results(outputs):
    return json_form.encode({"results": outputs[regress.OUTPUT].ravel().tolist()})


def _body_too_large(limit):
    return too_large("The bytes of a request", limit, "max_request_bytes")


async def _drain(stream):
    """Reads on for a while: a client that still sends would not see the answer."""

    async def read_on():
        async for _ in stream:
            pass

    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(read_on(), _DRAIN_SECONDS)


async def _unless_gone(request, answer):
    """Returns what `answer` gives; cancels it when the client closes the connection."""
    answering = asyncio.ensure_future(answer)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            raise ClientDisconnect
        return answering.result()
    finally:
        answering.cancel()
        gone.cancel()


async def _disconnected(request):
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _version(request):
    text = request.path_params.get("version")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise input_error("version", "an integer", f"{text!r:.60}")
    return int(text)


def _json(content, status=200):
    return Response(content, status, media_type="application/json")


def _error(status, message):
    response = _json(json_form.encode({"error": message}), status)
    if status in (408, 413, 415):
        response.headers["connection"] = "close"  # the rest of the body may be there still
    return response


async def _no_such_page(request, error):
    response = _error(error.status_code, f"{error.detail}: {request.method} {request.url.path}")
    response.headers.update(error.headers or {})
    return response
