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
        listen 127.0.0.1:{port}{nginx_tls};
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
    bind 127.0.0.1:{port}{haproxy_bind}
    server backend {host}:{backend}{haproxy_server}
"""


def nginx(address, **how):
    # The error log named on the command line is for the time before it has
    # read its file: it would open the system's one.
    return proxy(NGINX, address, lambda file: [daemon("nginx"), "-e", "stderr", "-c", file], **how)


def haproxy(address, **how):
    return proxy(HAPROXY, address, lambda file: [daemon("haproxy"), "-q", "-f", file], **how)


@contextlib.contextmanager
def proxy(template, address, command, certificate=None, clients="http1", server="http1"):
    """The address of a proxy before the server at `address`.

    With the file of a certificate and its key it ends TLS. haproxy can do
    HTTP/2 with its clients and with the server, where it asks by extended CONNECT.
    """
    port = free_port()
    settings = {"nginx_tls": "", "haproxy_bind": "", "haproxy_server": ""}
    if certificate:
        settings["nginx_tls"] = (
            f" ssl; ssl_certificate {certificate}; ssl_certificate_key {certificate}"
        )
        settings["haproxy_bind"] = f" ssl crt {certificate}"
    if clients == "http2":
        settings["haproxy_bind"] += " alpn h2" if certificate else " proto h2"
    if server == "http2":
        settings["haproxy_server"] = " proto h2"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "proxy.conf"
        host, backend = address
        file.write_text(
            template.format(folder=folder, port=port, host=host, backend=backend, **settings)
        )
        process = subprocess.Popen(command(str(file)), stdin=subprocess.DEVNULL)
        try:
            wait_for_port(port, process)
            yield ("127.0.0.1", port)
        finally:
            end(process)


@contextlib.contextmanager
def certificate():
    """The file of a certificate for 127.0.0.1 and its key, made on the spot."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "certificate.pem"
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
        command += " -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
        # It signs itself, but nothing else.
        command += " -addext basicConstraints=critical,CA:FALSE"
        subprocess.run(
            [*command.split(), "-keyout", file, "-out", f"{file}.certificate"],
            check=True,
            capture_output=True,
        )
        with file.open("a") as both:
            both.write(Path(f"{file}.certificate").read_text())
        yield file
