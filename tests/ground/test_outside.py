"""A request to an address that somebody typed reaches the world outside and nothing of our own."""

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from datetime import datetime

import pytest

from ground import outside
from tests.twins import twin


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fec0::1",
        "192.0.0.8",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_what_is_ours_or_nobodys_is_not_outside(address):
    assert not outside.outside(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_the_world_is_outside(address):
    assert outside.outside(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://push.example/x",
        "https://push.example:8443/x",
        "https://me:secret@push.example/x",
        "ftp://push.example/x",
        "https:///x",
        "https://push.example/a b",
        "https://push.example/\r\nHost: x",
        "https://push.example:x/",
        "https://püsh.example/",
        "",
    ],
)
def test_only_https_on_its_own_port_by_a_plain_name_is_an_address(url):
    with pytest.raises(outside.Refused):
        outside.check(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"])
def test_a_name_that_leads_to_our_own_network_is_refused_before_anything_is_said(host):
    with pytest.raises((outside.Refused, outside.Unreached)):
        outside.post(f"https://{host}/x", b"", {})


def test_one_answer_of_the_name_server_inside_refuses_the_whole_name(monkeypatch):
    found = [(0, 0, 0, "", ("93.184.216.34", 443)), (0, 0, 0, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)
    with pytest.raises(outside.Refused):
        outside.post("https://push.example/x", b"", {})


def test_what_the_host_allowed_is_called_although_it_lies_inside(settings):
    with twin() as there:
        settings.OUTSIDE_ALLOWED = {there.place}
        there.answer = (307, b"elsewhere")
        answer = outside.post(f"http://{there.place}/a?b=c", b"hello", {"TTL": "60"})
    assert (answer.status, answer.body) == (307, b"elsewhere")  # and nothing follows it
    assert [(one.path, one.body, one.headers["ttl"]) for one in there.came] == [("/a?b=c", b"hello", "60")]


def test_nobody_there_and_no_answer_are_told_apart(settings):
    with twin() as there:
        settings.OUTSIDE_ALLOWED = {there.place}
        there.answer = None
        with pytest.raises(outside.Unanswered):
            outside.post(f"http://{there.place}/", b"", {})
    with pytest.raises(outside.Unreached):
        outside.post(f"http://{there.place}/", b"", {})


@pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"])
def test_a_server_that_trickles_is_left_when_the_time_is_over(settings, head):
    left = threading.Event()

    def trickle(there):
        line, _ = there.accept()
        with line:
            line.sendall(head)
            try:
                for _n in range(600):  # a minute, unless the other side hangs up
                    line.sendall(b".")
                    time.sleep(0.1)
            except OSError:
                left.set()

    with socket.create_server(("127.0.0.1", 0)) as there:
        place = f"127.0.0.1:{there.getsockname()[1]}"
        settings.OUTSIDE_ALLOWED = {place}
        threading.Thread(target=trickle, args=[there], daemon=True).start()
        with contextlib.suppress(outside.Unanswered):
            outside.post(f"http://{place}/", b"", {}, seconds=0.5)
        assert left.wait(30)


def test_a_server_that_says_nothing_is_left_when_the_time_is_over(settings):
    with socket.create_server(("127.0.0.1", 0)) as there:  # takes the connection and never says a word
        place = f"127.0.0.1:{there.getsockname()[1]}"
        settings.OUTSIDE_ALLOWED = {place}
        with pytest.raises(outside.Unanswered):
            outside.post(f"http://{place}/", b"", {}, seconds=0.5)


def certificate(name):
    """A key and a certificate for `name`, which signs itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    alternative = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1))
        .not_valid_after(datetime(2100, 1, 1))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return made.public_bytes(pem) + key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize("name", ["localhost", "somebody.else"])
def test_over_tls_the_name_must_be_proven(settings, tmp_path, monkeypatch, name):
    file = tmp_path / "there.pem"
    file.write_bytes(certificate("localhost"))

    def with_tls(server):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)

    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *more, **named: real("127.0.0.1", *more, **named))
    with twin(with_tls) as there:
        settings.OUTSIDE_ALLOWED = {f"{name}:{there.port}"}
        if name == "localhost":
            assert outside.post(f"https://{name}:{there.port}/", b"x", {}).status == 201
        else:
            with pytest.raises(outside.Unreached, match="prove"):
                outside.post(f"https://{name}:{there.port}/", b"x", {})
