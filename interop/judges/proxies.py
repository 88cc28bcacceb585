"""nginx and haproxy in front of a WebSocket server, with their own files."""

import contextlib
import subprocess
import tempfile
from pathlib import Path

from judges.environment import daemon
from judges.processes import end, free_port, wait_for_port

NGINX = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://{host}:{backend};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_set_header Host $http_host;
        }}
    }}
}}
"""

HAPROXY = """
global
    maxconn 100
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout tunnel 30s
listen websocket
    bind 127.0.0.1:{port}
    server backend {host}:{backend}
"""


def nginx(address):
    # The error log named on the command line is for the time before it has
    # read its file: it would open the system's one.
    return proxy(NGINX, address, lambda file: [daemon("nginx"), "-e", "stderr", "-c", file])


def haproxy(address):
    return proxy(HAPROXY, address, lambda file: [daemon("haproxy"), "-q", "-f", file])


@contextlib.contextmanager
def proxy(template, address, command):
    """The address of a proxy before the server at `address`."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "proxy.conf"
        file.write_text(
            template.format(folder=folder, port=port, host=address[0], backend=address[1])
        )
        process = subprocess.Popen(command(str(file)), stdin=subprocess.DEVNULL)
        try:
            wait_for_port(port, process)
            yield ("127.0.0.1", port)
        finally:
            end(process)
