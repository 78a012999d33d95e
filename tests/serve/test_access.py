"""Who may ask, and what of HTTP is refused before anything of a request is looked at."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import openai
import pytest

from tests.serve.serving import PATIENCE_S, Serving, about, file_url
from tests.warm import WarmCommand, environment

ANYWHERE = "0.0.0.0"  # noqa: S104


@pytest.fixture(scope="module")
def keyed(clips: Path) -> Iterator[Serving]:
    """A server that other machines can reach, for those who have the key, and that takes small bodies."""
    options = ("--root", str(clips), "--host", ANYWHERE, "--key-variable", "SERVE_KEY", "--max-body", "0.01")
    with Serving(*options, variables={"SERVE_KEY": "s3cret"}) as serving:
        serving.url = serving.url.replace(ANYWHERE, "127.0.0.1")
        yield serving


def test_with_the_key_a_client_is_answered(keyed: Serving, clips: Path) -> None:
    client = keyed.client("s3cret")
    messages = about(file_url(clips / "pan_right.mp4"))["messages"]
    completion = client.chat.completions.create(model="measured", messages=messages)
    assert "pans right" in (completion.choices[0].message.content or "")


@pytest.mark.parametrize("key", ["", "s3cre", "s3cret2", "S3CRET", "none"])
def test_without_the_key_nothing_is_answered(keyed: Serving, key: str) -> None:
    for got in (
        keyed.ask(b"{", authorization=f"Bearer {key}"),
        keyed.get("/v1/models", authorization=f"Bearer {key}"),
        keyed.get("/v1/models", authorization=f"Basic {key}"),
        keyed.get("/v1/models"),
    ):
        assert (got.status, got.error["code"]) == (401, "invalid_api_key")
        assert got.headers["www-authenticate"] == "Bearer"
        assert "s3cret" not in got.error["message"]
    with pytest.raises(openai.AuthenticationError):
        keyed.client("wrong").models.list()


def test_health_needs_no_key(keyed: Serving) -> None:
    got = keyed.get("/health")
    assert (got.status, got.body) == (200, {"status": "ok", "running": 0, "waiting": 0})


def test_a_body_that_is_too_large_is_refused_before_it_is_read(keyed: Serving) -> None:
    connection = keyed.connection()
    connection.putrequest("POST", "/v1/chat/completions")
    for name, value in {
        "authorization": "Bearer s3cret",
        "content-type": "application/json",
        "content-length": str(10**12),
    }.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_body_that_does_not_say_how_large_it_is_is_read_no_further_than_allowed(keyed: Serving) -> None:
    connection = keyed.connection()
    headers = {"authorization": "Bearer s3cret", "content-type": "application/json"}
    pieces = (b"x" * 1000 for _ in range(20))
    connection.request("POST", "/v1/chat/completions", pieces, headers, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/chat/completions", 405),
        ("POST", "/v1/models", 405),
        ("POST", "/v1/embeddings", 404),
        ("OPTIONS", "/v1/chat/completions", 405),
        ("GET", "/v1/../health", 404),
        ("GET", "//etc/passwd", 404),
    ],
)
def test_other_addresses_are_not_there(measured: Serving, method: str, path: str, status: int) -> None:
    got = measured._got(method, path, None, {})
    assert got.status == status
    assert set(got.error) == {"message", "type", "param", "code"}


def test_a_form_is_refused_which_any_web_page_can_send(measured: Serving) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert measured.ask(b"{}", content_type=kind).status == 415


def test_a_web_page_whose_name_leads_to_this_machine_is_refused(measured: Serving, clips: Path) -> None:
    body = about(file_url(clips / "pan_right.mp4"))
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example"):
        assert measured.ask(body, host=host).error["code"] == "wrong_host"
    for host in ("localhost:8000", "127.0.0.1", "[::1]:8000"):
        assert measured.get("/v1/models", host=host).status == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n"
        b"transfer-encoding: chunked\r\n\r\nzz",
        b"GET /health HTTP/1.1\r\nx: " + b"y" * 200_000 + b"\r\n\r\n",
        b"\0" * 1000,
    ],
)
def test_what_is_no_request_ends_the_connection_and_nothing_else(measured: Serving, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", measured.port), timeout=PATIENCE_S) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while piece := client.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
    assert not answer or answer.startswith(b"HTTP/1.1 4")
    assert measured.get("/health").status == 200


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(warm_command: WarmCommand, tmp_path: Path) -> Run:
    """Exit code and standard error of a server that is not to start."""

    def command(*arguments: str) -> tuple[int, str]:
        code, _, errors = warm_command.run(
            ["serve", *arguments], cwd=tmp_path, environment=environment(), timeout_s=PATIENCE_S
        )
        return code, errors

    return command


def test_without_a_key_only_this_machine_may_ask_unless_it_is_said(run: Run) -> None:
    code, said = run("--port", "0", "--host", ANYWHERE)
    assert code == 2
    assert said == (
        "motionsight: Other machines can reach 0.0.0.0: name the environment variable that holds a key with "
        "--key-variable, or allow everybody with --insecure.\n"
    )
    with Serving("--host", ANYWHERE, "--insecure") as serving:
        assert serving.get("/v1/models", host="any.example").status == 200


def test_what_cannot_be_served_is_said_in_one_sentence(run: Run, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert run("--port", port) == (
            1,
            f"motionsight: Port {port} of 127.0.0.1 cannot be used: Address already in use.\n",
        )
    assert run("--port", "0", "--key-variable", "NO_KEY") == (
        2,
        "motionsight: The environment variable NO_KEY, named by --key-variable, holds no key.\n",
    )
    assert run("--port", "0", "--root", str(tmp_path / "nothing"))[0] == 2
    assert run("--port", "0", "--host", "no such host")[0] == 2
    code, said = run("--port", "0", "--set", "annotator=transformers:/nothing")
    assert code == 1 and len(said.strip().splitlines()) == 1


def test_the_address_is_printed_with_the_port_that_was_taken(measured: Serving) -> None:
    assert measured.said == f"Serving measured at http://127.0.0.1:{measured.port}/v1\n"
    assert measured.port
