"""A TCP relay before a server's socket that stops passing bytes when it is told to, and closes nothing."""

import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self


class Relay:
    """Passes bytes both ways. Silent, it takes what comes and keeps it until it passes bytes again."""

    def __init__(self, behind: Path) -> None:
        self._behind = behind
        self._passing = threading.Event()
        self._passing.set()
        self._lock = threading.Lock()
        self._until_silent = 0
        self._is_passed_first = False
        self.requests = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._start(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pass_on()
        for one in (self._listener, *self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    @property
    def is_silent(self) -> bool:
        return not self._passing.is_set()

    def be_silent(self) -> None:
        """Pass nothing from now on."""
        self._passing.clear()

    def be_silent_at(self, request: int, *, after: bool = False) -> None:
        """Pass nothing from so many requests of the program on, counted from 1; with `after` that one still goes by."""
        with self._lock:
            self._until_silent, self._is_passed_first = request, after

    def pass_on(self) -> None:
        """Pass bytes again, those that came meanwhile first."""
        self._until_silent = 0
        self._passing.set()

    def _start(self, function, *arguments) -> None:  # type: ignore[no-untyped-def]
        threading.Thread(target=function, args=arguments, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                ours, _ = self._listener.accept()
                theirs = socket.socket(socket.AF_UNIX)
                theirs.connect(str(self._behind))
                self._sockets += [ours, theirs]
                self._start(self._pump, ours, theirs, True)
                self._start(self._pump, theirs, ours, False)

    def _pump(self, source: socket.socket, sink: socket.socket, is_request: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                passed = is_request and self._count()
                if not passed:
                    self._passing.wait()
                sink.sendall(data)
            self._passing.wait()
            sink.shutdown(socket.SHUT_WR)

    def _count(self) -> bool:
        """Count a request, fall silent at the one that was named, and say whether it goes by nevertheless."""
        with self._lock:
            self.requests += 1
            if self._until_silent == 0 or not self._passing.is_set():
                return False
            self._until_silent -= 1
            if self._until_silent:
                return False
            self._passing.clear()
            return self._is_passed_first
