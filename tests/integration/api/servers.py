"""Web servers on loopback that behave well or badly, and count who connects."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Behaviour = Callable[[socket.socket], None]


class Server:
    """Answers each connection with the next behaviour; the last one repeats."""

    def __init__(self, behaviours: list[Behaviour], tls: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._behaviours = behaviours
        self._tls = tls
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.requests: list[bytes] = []
        self.closing = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self.closing.set()
        # A listener that is only closed would leave its thread waiting.
        with socket.create_connection(("127.0.0.1", self.port)):
            pass
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if self.closing.is_set():
                    return
                behaviour = self._behaviours[min(self.connections, len(self._behaviours) - 1)]
                self.connections += 1
                try:
                    self._talk(connection, behaviour)
                except OSError:
                    continue

    def _talk(self, connection: socket.socket, behaviour: Behaviour) -> None:
        connection.settimeout(10)
        if self._tls is None:
            self.requests.append(connection.recv(65536))
            behaviour(connection)
            return
        with self._tls.wrap_socket(connection, server_side=True) as secured:
            self.requests.append(secured.recv(65536))
            behaviour(secured)


@contextmanager
def serving(*behaviours: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(list(behaviours), tls)
    try:
        yield server
    finally:
        server.close()


def answering(body: bytes, *headers: str, status: str = "200 OK") -> Behaviour:
    """A plain answer. Without a Content-Length among the headers the body ends with the connection."""
    head = "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode()

    def answer(connection: socket.socket) -> None:
        connection.sendall(head + body)

    return answer


def redirecting(location: str, status: str = "302 Found") -> Behaviour:
    return answering(b"", f"Location: {location}", "Content-Length: 0", status=status)


def dripping(head: bytes, drop: bytes, closing: Callable[[], bool]) -> Behaviour:
    """Send `head`, then one drop after another for as long as anybody listens."""
    pause = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(head)
        while not closing():
            connection.sendall(drop)
            pause.wait(0.05)

    return drip


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's TLS for `name`, and a client's that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([_general_name(name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(secret + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=pem.decode())


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
