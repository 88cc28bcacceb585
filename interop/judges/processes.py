"""Starts and ends the programs that take part in a check."""

import selectors
import shlex
import signal
import socket
import subprocess
import tempfile
import threading
import time
from urllib.parse import urlsplit


def words(command):
    """A command may be given as one string with options in it."""
    return shlex.split(command) if isinstance(command, str) else list(command)


def free_port():
    """For programs that cannot take port 0 and tell which one they got."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for_port(port, process, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"{process.args[0]} does not listen on port {port}")


def end(process, seconds=3):
    """Asks the program to end and makes it if it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Server:
    """A program that says `listening on ws://HOST:PORT`, or `wss://`, once it is ready."""

    def __init__(self, command, *options):
        self.command = [*words(command), "--addr", "127.0.0.1:0", *options]

    def __enter__(self):
        # Its complaints about the peers are kept for the case that it dies.
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )
        try:
            line = first_line(self.process.stdout, 10)
            before, _, self.url = line.partition("listening on ")
            if before or not self.url.startswith(("ws://", "wss://")):
                raise RuntimeError(f"{self.command[0]} printed {line!r} at its start")
        except RuntimeError as error:
            end(self.process)
            raise RuntimeError(f"{error}; {self.death()}") from None
        except BaseException:
            end(self.process)
            raise
        self.address = (urlsplit(self.url).hostname, urlsplit(self.url).port)
        # What else it prints must not fill the pipe and stop it.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        return self

    def __exit__(self, *_):
        end(self.process)
        self.process.stdout.close()
        self.errors.close()

    def death(self):
        """None while it lives, else how it ended and what it said last."""
        if self.process.poll() is None:
            return None
        self.errors.seek(0)
        return f"it ended with {self.process.returncode}: {last_words(self.errors.read())}"

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)


def first_line(stream, seconds):
    """The first line of an unread pipe, or an error once the time is up."""
    line = b""
    end_time = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0, end_time - time.monotonic())):
                raise TimeoutError(f"printed only {line!r} in {seconds} s")
            # One byte at a time: nothing of the second line may be taken.
            byte = stream.raw.read(1) if hasattr(stream, "raw") else stream.read(1)
            if not byte:
                raise RuntimeError(f"ended after printing {line!r}")
            line += byte
    return line.decode().rstrip()


def last_words(errors):
    text = errors.decode(errors="replace").strip()
    return text[-300:] or "no word on standard error"


def run_program(command, stdin=b"", seconds=20, env=None):
    """Runs a program to its end: its exit status, output and errors."""
    process = subprocess.Popen(
        words(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
    )
    try:
        out, errors = process.communicate(stdin, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"still running after {seconds} s") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return process.returncode, out, errors
