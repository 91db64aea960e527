"""The versions in the model's directory: which are loaded, and since when."""

import asyncio
import contextlib
import dataclasses
import logging
import os

from keras_infovae.serving.server.errors import RequestError
from keras_infovae.serving.server.loaded_version import LoadedVersion
from keras_infovae.serving.server.threads import Threads
from keras_infovae.serving.server.version_files import fingerprint
from keras_infovae.serving.versions import LARGEST, numbered_folders

_LOG = logging.getLogger("keras_infovae.serve")


@dataclasses.dataclass
class State:
    """What is known of a version, in the words of TensorFlow Serving."""

    state: str  # LOADING, AVAILABLE, UNLOADING or END
    error: str = ""


class Versions:
    """Keeps the newest versions of a directory, and those with labels, loaded; lends them.

    A version is any folder whose name is all digits. A new one is loaded and warmed up before it
    answers; the old one is closed when its last request is answered. One that does not load is
    left alone until its files change, and the next older one stays. Numbers from 2**63 on, which
    no request could name, are passed over.

    All methods are for the event loop's thread.

    Args:
        settings: the server's `Settings`.
        on_change: called with the numbers of the loaded versions when they change.
        load: (number, path) to a `LoadedVersion`.

    Attributes:
        states: {number: State} of the versions seen so far.
    """

    def __init__(self, settings, on_change, load=LoadedVersion):
        self.states = {}
        self._directory = settings.directory
        self._keep = settings.num_versions
        self._labelled = set(settings.labels.values())
        self._on_change = on_change
        self._load = load
        self._threads = Threads()
        self._loaded = {}
        self._broken = {}
        self._passed_over = set()

    @property
    def loaded(self):
        """The numbers of the versions that answer requests, newest first."""
        return sorted(self._loaded, reverse=True)

    @property
    def running(self):
        """The number of threads that read the disk, which may be one that does not answer."""
        return self._threads.running

    @contextlib.contextmanager
    def lend(self, number=None):
        """Gives the `LoadedVersion` of a number, by default the newest; it stays open meanwhile.

        Raises:
            RequestError: where it is not loaded.
        """
        if not self._loaded and number is None:
            raise RequestError("UNAVAILABLE", "No version of the model is loaded yet")
        version = self._loaded.get(max(self._loaded) if number is None else number)
        if version is None:
            known = ", ".join(map(str, self.loaded)) or "none"
            raise RequestError("NOT_FOUND", f"Version {number} is not loaded. Loaded: {known}")
        version.in_flight += 1
        try:
            yield version
        finally:
            version.in_flight -= 1
            self._close_if_unused(version)

    async def watch(self, poll_seconds):
        """Looks at the directory again and again."""
        said = None
        while True:
            problem = None
            try:
                await self.poll()
            except OSError as error:  # the server goes on with what it has
                problem = str(error)
            if problem != said:  # once, not at each look
                said = problem
                if problem:
                    _LOG.error("The versions in %s cannot be read: %s", self._directory, problem)
                else:
                    _LOG.info("The versions in %s can be read again", self._directory)
            await asyncio.sleep(poll_seconds)

    async def poll(self):
        """Looks at the directory once: loads what is new, then unloads what is not wanted."""
        on_disk = await self._threads.run(numbered_folders, self._directory)
        wanted = []
        for number in sorted(on_disk, reverse=True):
            if number > LARGEST:
                self._pass_over(number)
            elif len(wanted) < self._keep or number in self._labelled:
                path = os.path.join(self._directory, on_disk[number])
                if await self._is_loaded(number, path):
                    wanted.append(number)
        for number in [number for number in self._loaded if number not in wanted]:
            self._retire(number)

    def _pass_over(self, number):
        if number not in self._passed_over:
            self._passed_over.add(number)
            _LOG.error("Version %d is passed over: numbers are at most %d", number, LARGEST)

    def retire_all(self):
        """Unloads every version, each when its last request is answered."""
        for number in list(self._loaded):
            self._retire(number)

    async def _is_loaded(self, number, path):
        """Loads the version unless it is, or is known to be broken; returns whether it answers."""
        if number in self._loaded:
            return True
        files = await self._threads.run(fingerprint, path)
        if self._broken.get(number) == files:
            return False
        self.states[number] = State("LOADING")
        try:
            version = await self._threads.run(self._load, number, path)
        except Exception as error:  # anything may be in a file
            self._broken[number] = files
            self.states[number] = State("END", f"{type(error).__name__}: {error}")
            _LOG.error("Version %d does not load: %s", number, self.states[number].error)
            return False
        self._loaded[number] = version
        self.states[number] = State("AVAILABLE")
        _LOG.info("Version %d is loaded", number)
        self._on_change(self.loaded)
        return True

    def _retire(self, number):
        version = self._loaded.pop(number)
        version.retired = True
        self.states[number] = State("UNLOADING")
        self._on_change(self.loaded)
        self._close_if_unused(version)

    def _close_if_unused(self, version):
        if version.retired and not version.in_flight:
            version.close()
            if version.number not in self._loaded:
                self.states[version.number] = State("END")
            _LOG.info("Version %d is unloaded", version.number)
