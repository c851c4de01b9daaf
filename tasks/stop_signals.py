"""The signals that stop a process, and its end when stopping takes too long."""

import os
import signal
import sys
import threading
from typing import Self

AGAIN_SECONDS = 10.0  # from the second signal on
SERVICE_SECONDS = 60.0  # from the first one on, for what serves: whoever started it waits 90 s at most, as systemd does
ENDED_EARLY = 1


def stop_signals() -> tuple[signal.Signals, ...]:
    """The signals that stop; SIGHUP is not among them where it is ignored, as under nohup."""
    both = (signal.SIGINT, signal.SIGTERM)
    return both if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (*both, signal.SIGHUP)


class HardEnd:
    """Ends the process at a moment that only comes nearer; what is open then is for the next process."""

    def __init__(self) -> None:
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.forget()

    def within(self, seconds: float) -> None:
        """End the process so many seconds from now, whatever it waits for then."""
        self.forget()
        self._timer = threading.Timer(seconds, _end, (seconds,))
        self._timer.daemon = True
        self._timer.start()

    def forget(self) -> None:
        """Let the process end by itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _end(seconds: float) -> None:
    words = f"preactive: Ended {seconds:.0f} s after it was told to stop; what is open is looked up by the next run."
    print(words, file=sys.stderr, flush=True)
    os._exit(ENDED_EARLY)
