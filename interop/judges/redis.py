"""A Redis of our own, which can be taken away and brought back."""

import subprocess
import tempfile

from judges.environment import daemon
from judges.processes import end, free_port, wait_for_port


class Redis:
    """`redis-server` on a free port, with nothing on disk."""

    def __enter__(self):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self.folder = tempfile.TemporaryDirectory()
        self.process = None
        self.start()
        return self

    def start(self):
        options = {"bind": "127.0.0.1", "port": self.port, "dir": self.folder.name}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self.process = subprocess.Popen(
            [daemon("redis-server"), *words, "--save", "", "--appendonly", "no"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        wait_for_port(self.port, self.process)

    def stop(self):
        end(self.process)

    def cut_connections(self):
        """Takes away every connection that there is, and goes on."""
        command = ["redis-cli", "-p", str(self.port), "client", "kill", "type", "normal"]
        subprocess.run(command, check=True, capture_output=True, timeout=10)

    def __exit__(self, *_):
        end(self.process)
        self.folder.cleanup()
