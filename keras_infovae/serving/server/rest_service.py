"""The REST API of TensorFlow Serving, its metrics, and a sign of life, as an ASGI application."""

import asyncio
import logging
import re

from google.protobuf import json_format
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from tensorflow_serving.apis import get_model_metadata_pb2

from keras_infovae.serving.server import examples, json_form, rest_body
from keras_infovae.serving.server.errors import RequestError
from keras_infovae.serving.server.metrics import CONTENT_TYPE
from keras_infovae.serving.server.rest_path import ROOT, target
from keras_infovae.serving.signatures import regress

_LOG = logging.getLogger("keras_infovae.serve")
_ANY_SITE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET",
    "Access-Control-Allow-Headers": "Content-Type",
}


class RestService:
    """Answers HTTP requests by a `Service`; an instance is the ASGI application."""

    def __init__(self, service):
        self._service = service
        self._pages = {
            "/healthz": self._health,
            "/metrics": self._metrics,
            "/monitoring/prometheus/metrics": self._metrics,
        }
        self._actions = {
            "predict": self._predict,
            "regress": self._regress,
            "classify": self._classify,
            "metadata": self._metadata,
            "status": self._status,
        }

    async def __call__(self, scope, receive, send):
        request = Request(scope, receive)
        response = await self._response(request)
        await response(scope, receive, send)

    async def _response(self, request):
        path = request.scope["raw_path"].decode("ascii")
        if "transfer-encoding" in request.headers and (
            "content-length" in request.headers or request.scope["http_version"] == "1.0"
        ):
            # A proxy before this server may have taken another end for that of the request.
            return _error(400, "Transfer-Encoding must stand alone, and not in HTTP/1.0", True)
        if path.lower().startswith(ROOT):
            response = await self._api(request, path)
            if self._service.settings.cors:
                response.headers.update(_ANY_SITE)
            return response
        if path not in self._pages:
            return _error(404, f"Not found: {request.method} {path:.200}")
        if request.method not in ("GET", "HEAD"):
            return _error(405, f"Must be asked by GET. Received: {request.method} {path}")
        return self._pages[path]()

    # === What is not of the API ===

    def _metrics(self):
        return Response(self._service.metrics.text(), media_type=CONTENT_TYPE)

    def _health(self):
        ready = self._service.ready
        return Response("ready\n" if ready else "not ready\n", 200 if ready else 503)

    # === The API ===

    async def _api(self, request, path):
        if request.method == "OPTIONS":  # a browser's question before it asks
            if re.match(r"https?://", request.headers.get("origin", "")):
                return Response()
            return _error(400, "Origin header is missing in CORS preflight")
        try:
            asked = target(request.method, path)
        except RequestError as error:
            return _error(error.http_status, str(error))
        return await self._observed(request, asked)

    async def _observed(self, request, asked):
        """Counts a request and turns errors into answers."""
        with self._service.metrics.request("rest", asked.action) as observed:
            try:
                return _json(await self._actions[asked.action](request, asked, observed))
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

    async def _predict(self, request, asked, observed):
        def understood(version, document):
            given = json_form.signature_name(document)
            name, signature = self._service.signature(version, given)
            form = json_form.form_of(document)
            inputs = json_form.arrays(document, form, signature, self._service.checker)
            return (
                name,
                signature,
                inputs,
                lambda outputs: json_form.prediction(outputs, form, signature.outputs),
            )

        return await self._computed(request, asked, observed, understood)

    async def _regress(self, request, asked, observed):
        def understood(version, document):
            given = json_form.signature_name(document)
            name, signature = self._service.signature(version, given, regress.METHOD)
            inputs = {regress.INPUT: examples.from_json(document, self._service.checker)}
            return name, signature, inputs, _results

        return await self._computed(request, asked, observed, understood)

    async def _computed(self, request, asked, observed, understood):
        """Returns the answer's body, by what `understood` makes of the version and the document.

        That is the signature's name, the `Signature`, {input: array}, and a function from
        {output: array} to a body.
        """
        service = self._service
        async with service.requests.share() as take:
            body = [await rest_body.body(request, service, take)]
            with self._lend(asked) as version:

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

    async def _classify(self, request, asked, observed):
        def understood(version, document):
            self._service.no_classes(version, json_form.signature_name(document))

        return await self._computed(request, asked, observed, understood)

    async def _metadata(self, request, asked, observed):
        with self._lend(asked) as version:
            signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=version.definitions)
            spec = {"name": self._service.settings.model_name, "signature_name": ""}
            spec["version"] = str(version.number)
            described = json_format.MessageToDict(
                signatures,
                preserving_proto_field_name=True,
                always_print_fields_with_no_presence=True,
            )
            return json_form.encode({"model_spec": spec, "metadata": {"signature_def": described}})

    async def _status(self, request, asked, observed):
        self._service.check_model(asked.model)
        states = self._service.states(asked.version)
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

    def _lend(self, asked):
        return self._service.lend(asked.model, asked.version, asked.label)


def _results(outputs):
    return json_form.encode({"results": outputs[regress.OUTPUT].ravel().tolist()})


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


def _json(content, status=200):
    return Response(content, status, media_type="application/json")


def _error(status, message, close=False):
    response = _json(json_form.encode({"error": message}), status)
    if close or status in (408, 413, 415):
        response.headers["connection"] = "close"  # the rest of the body may be there still
    return response
