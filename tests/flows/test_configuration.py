"""Where a flow run's configuration comes from, and how its credentials come and go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from flows.operate import credentials
from flows.operate.catalogs import NamedCatalog
from flows.operate.cloud_credentials import check_references, cloud_access
from flows.operate.configuration import configured
from flows.operate.credentials import (
    GOOGLE_KEY_VARIABLE,
    NO_CREDENTIALS,
    Credentials,
    credentials_in_environment,
)
from motionsight_core import DEFAULT_WAREHOUSE
from motionsight_core.errors import RunError, UsageError
from motionsight_core.mllm import EndpointAddress, require_endpoint
from motionsight_core.settings import Settings, StoreSettings
from motionsight_core.stores import list_objects


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting and no account of the machine that runs the tests."""
    for name in list(os.environ):
        if name.startswith(("MOTIONSIGHT_", "AWS_", "GOOGLE_", "OPENAI_")):
            monkeypatch.delenv(name)


class _Answers(BaseHTTPRequestHandler):
    """An S3 store without objects, and an endpoint with one model; remembers who asked."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.headers.get("Authorization", ""))
        if self.path.startswith("/v1/models"):
            body, kind = b'{"object": "list", "data": []}', "application/json"
        elif "versioning" in self.path:
            body, kind = b"<VersioningConfiguration/>", "application/xml"
        else:
            body, kind = b"<ListBucketResult><Name>clips</Name></ListBucketResult>", "application/xml"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server that remembers the Authorization headers it was sent."""
    _Answers.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def keys(name: str) -> Credentials:
    return Credentials(
        {
            "AWS_ACCESS_KEY_ID": f"AKIA{name}",
            "AWS_SECRET_ACCESS_KEY": "hush",
            "AWS_SESSION_TOKEN": None,
            "AWS_PROFILE": None,
            "AWS_DEFAULT_REGION": "eu-north-1",
        }
    )


def test_without_anything_said_the_defaults_hold_and_no_prefect_is_needed() -> None:
    program = (
        "import sys\n"
        "from flows.operate.configuration import configured\n"
        "with configured(source='clips') as chosen:\n"
        "    print(chosen.source, chosen.warehouse, chosen.settings.recipe())\n"
        "assert 'prefect' not in sys.modules\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["clips", DEFAULT_WAREHOUSE, Settings().recipe()]


def test_without_a_source_it_says_so_when_it_is_asked_for_one() -> None:
    with configured() as chosen:
        assert chosen.warehouse == DEFAULT_WAREHOUSE
        with pytest.raises(UsageError, match=r"^No source is named: give the parameter source, .*\.$"):
            _ = chosen.source


def test_parameters_go_over_the_environment_over_the_file_over_the_catalog_over_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each says one thing that the next one says as well, and one that it alone says."""
    catalog = NamedCatalog(
        settings=({"clips": {"window_s": 1}}, {"sampling": {"frames": 2}, "focus": {"padding": 0.1}})
    )
    monkeypatch.setattr("flows.operate.configuration.load_catalog", {"nightly": catalog}.get)
    file = tmp_path / "settings.toml"
    file.write_text("[sampling]\nframes = 3\n[blur]\nwindow = 3\n[clips]\nmin_scene_s = 1\n")
    monkeypatch.setenv("MOTIONSIGHT_SETTINGS", str(file))
    monkeypatch.setenv("MOTIONSIGHT_BLUR__WINDOW", "4")
    monkeypatch.setenv("MOTIONSIGHT_LIMITS__MEMORY_MB", "2000")
    said = Settings.model_validate({"limits": {"memory_mb": 3000}})
    with configured(catalog="nightly", settings=said) as chosen:
        of = chosen.settings
    assert (of.limits.memory_mb, of.blur.window, of.sampling.frames) == (3000, 4, 3)
    assert (of.clips.window_s, of.clips.min_scene_s, of.focus.padding) == (1, 1, 0.1)
    assert of.blur.decay == Settings().blur.decay


def test_source_and_warehouse_have_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = NamedCatalog(source="s3://theirs/", warehouse="duckdb:theirs")
    monkeypatch.setattr("flows.operate.configuration.load_catalog", {"nightly": catalog}.get)
    with configured(catalog="nightly") as chosen:
        assert (chosen.source, chosen.warehouse) == ("s3://theirs/", "duckdb:theirs")
    monkeypatch.setenv("MOTIONSIGHT_WAREHOUSE", "duckdb:the-machine's")
    with configured(catalog="nightly") as chosen:
        assert chosen.warehouse == "duckdb:the-machine's"
    with configured(catalog="nightly", source="mine", warehouse="duckdb:mine") as chosen:
        assert (chosen.source, chosen.warehouse) == ("mine", "duckdb:mine")


def test_a_form_s_empty_fields_say_nothing() -> None:
    with configured(source="", warehouse="", settings={}, catalog="") as chosen:
        assert chosen.source_or_none is None
        assert chosen.warehouse == DEFAULT_WAREHOUSE


def test_settings_may_come_as_the_json_of_a_flow_run_s_parameters() -> None:
    with configured(settings={"clips": {"window_s": 2}}) as chosen:
        assert chosen.settings.clips.window_s == 2


@pytest.mark.parametrize(
    ("settings", "file", "sentence"),
    [
        ({"clips": {"length": 2}}, None, r"^Settings are not valid: there is no setting clips\.length\.$"),
        (None, "[clips\n", r"^The settings file .*settings\.toml is not valid TOML: .*\.$"),
        (None, None, r"^Cannot read the settings file .*settings\.toml: No such file or directory\.$"),
    ],
)
def test_what_is_not_valid_is_said_in_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, dict[str, int]] | None,
    file: str | None,
    sentence: str,
) -> None:
    path = tmp_path / "settings.toml"
    if file is not None:
        path.write_text(file)
    if settings is None:
        monkeypatch.setenv("MOTIONSIGHT_SETTINGS", str(path))
    with pytest.raises(UsageError, match=sentence), configured(settings=settings):
        pass


def test_the_command_line_takes_the_same_settings_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.cli import cli

    monkeypatch.setenv("MOTIONSIGHT_SETTINGS", str(tmp_path / "nowhere.toml"))
    with pytest.raises(UsageError, match=r"^Cannot read the settings file .*nowhere\.toml"):
        cli.main(["--debug", "annotate", "clips"], standalone_mode=False)


def test_credentials_are_in_the_environment_for_the_length_of_the_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAMINE")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a token of mine")
    before = dict(os.environ)
    with pytest.raises(ZeroDivisionError), credentials_in_environment(keys("THEIRS")):
        assert os.environ["AWS_ACCESS_KEY_ID"] == "AKIATHEIRS"
        assert "AWS_SESSION_TOKEN" not in os.environ
        raise ZeroDivisionError
    assert dict(os.environ) == before


def test_a_google_key_is_a_file_that_is_gone_afterwards() -> None:
    from google.auth import load_credentials_from_file

    key = json.dumps(
        {
            "type": "authorized_user",
            "client_id": "robot",
            "client_secret": "hush",
            "refresh_token": "hush hush",
        }
    )
    with credentials_in_environment(Credentials(google_key=key)):
        path = Path(os.environ[GOOGLE_KEY_VARIABLE])
        for _ in range(2):  # it is read more than once
            found, _project = load_credentials_from_file(str(path))
            assert getattr(found, "client_id", None) == "robot"
    assert GOOGLE_KEY_VARIABLE not in os.environ
    assert not path.exists()


def test_where_there_are_no_files_in_memory_the_google_key_is_private_to_the_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    with credentials_in_environment(Credentials(google_key="{}")):
        path = Path(os.environ[GOOGLE_KEY_VARIABLE])
        assert path.read_text() == "{}"
        assert path.parent.stat().st_mode & 0o077 == 0
    assert not path.parent.exists()


def test_credentials_show_nothing_of_themselves() -> None:
    catalog = NamedCatalog(credentials=Credentials({"AWS_SECRET_ACCESS_KEY": "hush"}, google_key="hush"))
    assert "hush" not in repr(catalog)
    assert "hush" not in repr(NamedCatalog(endpoint_key="hush"))


def test_one_run_after_the_other_asks_a_store_as_the_one_and_then_as_the_other(server: str) -> None:
    """Clients are kept for a process; those of other credentials must not be used."""
    settings = StoreSettings(s3_endpoint=server)
    for name in ("ONE", "OTHER"):
        with credentials_in_environment(keys(name)), pytest.raises(UsageError, match="There is no object"):
            list(list_objects("s3://clips/", settings=settings))
        assert f"Credential=AKIA{name}/" in _Answers.asked[-1]


def test_one_run_after_the_other_finds_models_of_its_own_at_the_same_endpoint(server: str) -> None:
    from motionsight_core.models.loaded import shared_models

    settings = Settings(annotator=f"openai:{server}#m")
    with credentials_in_environment(Credentials({"OPENAI_API_KEY": "one"})):
        first = shared_models(settings)
        assert shared_models(settings) is first
    with credentials_in_environment(Credentials({"OPENAI_API_KEY": "other"})):
        assert shared_models(settings) is not first


def test_beam_looks_for_google_s_credentials_again_when_they_change() -> None:
    from apache_beam.internal.gcp import auth

    import transforms  # noqa: F401 - as in any process that has run a shard

    auth._Credentials._credentials_init = True
    with credentials_in_environment(Credentials({"GOOGLE_CLOUD_PROJECT": "other"})):
        assert not auth._Credentials._credentials_init


def test_runs_of_the_same_credentials_share_them() -> None:
    with credentials_in_environment(keys("ONE")):
        with credentials_in_environment(keys("ONE")):
            pass
        assert os.environ["AWS_ACCESS_KEY_ID"] == "AKIAONE"
    assert "AWS_ACCESS_KEY_ID" not in os.environ


@pytest.mark.parametrize(
    ("outer", "inner"),
    [(keys("ONE"), keys("OTHER")), (keys("ONE"), NO_CREDENTIALS), (NO_CREDENTIALS, keys("ONE"))],
)
def test_a_run_within_another_cannot_have_other_credentials(outer: Credentials, inner: Credentials) -> None:
    before = dict(os.environ)
    with credentials_in_environment(outer):
        held = dict(os.environ)
        with (
            pytest.raises(
                RunError, match=r"^This process is busy with a run that has other credentials, .*\.$"
            ),
            credentials_in_environment(inner),
        ):
            pass
        assert dict(os.environ) == held
    assert dict(os.environ) == before


def test_a_run_of_another_thread_waits_until_the_credentials_are_free() -> None:
    seen: list[str] = []
    begun = threading.Event()

    def other() -> None:
        begun.set()
        with credentials_in_environment(keys("OTHER")):
            seen.append(os.environ["AWS_ACCESS_KEY_ID"])

    with credentials_in_environment(keys("ONE")):
        thread = threading.Thread(target=other)
        thread.start()
        begun.wait()
        seen.append(os.environ["AWS_ACCESS_KEY_ID"])
    thread.join()
    assert seen == ["AKIAONE", "AKIAOTHER"]


def test_a_run_of_another_thread_waits_no_longer_than_its_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_PATIENCE_S", 0.01)
    refused: list[str] = []

    def other() -> None:
        try:
            with credentials_in_environment(keys("OTHER")):
                pass
        except RunError as error:
            refused.append(str(error))

    with credentials_in_environment(keys("ONE")):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(refused) == 1


@pytest.mark.parametrize(
    ("annotator", "sent"),
    [("openai:{server}#m", "Bearer hush"), ("openai:{server}/elsewhere#m", "Bearer none")],
)
def test_an_endpoint_s_key_goes_to_that_endpoint_alone(
    server: str, monkeypatch: pytest.MonkeyPatch, annotator: str, sent: str
) -> None:
    endpoint = EndpointAddress.parse(f"openai:{server}#m")
    named = NamedCatalog(
        settings=({"annotator": f"openai:{server}#m"},), endpoint=endpoint, endpoint_key="hush"
    )
    monkeypatch.setattr("flows.operate.configuration.load_catalog", {"nightly": named}.get)
    with configured(catalog="nightly", settings={"annotator": annotator.format(server=server)}) as chosen:
        require_endpoint(chosen.settings)
        assert "hush" not in chosen.settings.model_dump_json()
    assert _Answers.asked == [sent]
    assert "OPENAI_API_KEY" not in os.environ


def test_an_endpoint_s_key_is_in_the_variable_that_the_settings_name(monkeypatch: pytest.MonkeyPatch) -> None:
    named = NamedCatalog(endpoint=EndpointAddress.parse("openai:http://a:1#m"), endpoint_key="hush")
    settings = Settings.layered(
        {"annotator": "openai:http://a:1/v1#m", "endpoint": {"key_variable": "MY_KEY"}}
    )
    assert named.credentials_for(settings).variables == {"MY_KEY": "hush"}


def test_aws_credentials_replace_all_of_the_environment_s_account() -> None:
    access = cloud_access(
        "aws-credentials/videos",
        {
            "aws_access_key_id": "AKIA",
            "aws_secret_access_key": "hush",
            "region_name": "eu-north-1",
            "aws_client_parameters": {"endpoint_url": "http://minio:9000", "verify_cert_path": "/ca.pem"},
        },
    )
    assert access.credentials.variables == {
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": "hush",
        "AWS_SESSION_TOKEN": None,
        "AWS_PROFILE": None,
        "AWS_REGION": "eu-north-1",
        "AWS_DEFAULT_REGION": "eu-north-1",
        "AWS_CA_BUNDLE": "/ca.pem",
    }
    assert access.settings == {"stores": {"s3_endpoint": "http://minio:9000"}}


def test_an_aws_profile_is_not_hidden_by_keys_of_the_environment() -> None:
    variables = cloud_access("aws-credentials/videos", {"profile_name": "videos"}).credentials.variables
    assert (variables["AWS_PROFILE"], variables["AWS_ACCESS_KEY_ID"]) == ("videos", None)


def test_credentials_that_say_nothing_leave_the_machine_s_own() -> None:
    for reference in ("aws-credentials/machine", "gcp-credentials/machine"):
        assert cloud_access(reference, {}).credentials == NO_CREDENTIALS


def test_a_role_to_be_assumed_is_refused() -> None:
    document = {"aws_access_key_id": "AKIA", "assume_role_arn": "arn:aws:iam::1:role/reader"}
    with pytest.raises(UsageError, match="aws-credentials/videos assumes a role"):
        cloud_access("aws-credentials/videos", document)


def test_google_s_credentials_are_a_key_or_a_file_and_a_project(tmp_path: Path) -> None:
    key = cloud_access(
        "gcp-credentials/videos", {"service_account_info": {"a": 1}, "project": "p"}
    ).credentials
    assert (key.google_key, key.variables) == ('{"a": 1}', {"GOOGLE_CLOUD_PROJECT": "p"})
    file = tmp_path / "key.json"
    file.write_text("{}")
    named = cloud_access("gcp-credentials/videos", {"service_account_file": str(file)}).credentials
    assert named.variables == {GOOGLE_KEY_VARIABLE: str(file)}
    with pytest.raises(
        UsageError, match=r"^The key file .*nowhere\.json, which .* is not on this machine\.$"
    ):
        cloud_access("gcp-credentials/videos", {"service_account_file": str(tmp_path / "nowhere.json")})


@pytest.mark.parametrize(
    "reference", ["videos", "aws-credentials/", "azure-credentials/a", "aws-credentials/a b"]
)
def test_what_names_no_credentials_is_refused(reference: str) -> None:
    with pytest.raises(UsageError, match="names no block of credentials: write KIND/NAME"):
        check_references([reference])


def test_two_accounts_of_one_cloud_are_refused() -> None:
    check_references(["aws-credentials/a", "gcp-credentials/b"])
    with pytest.raises(
        UsageError, match="aws-credentials/a and minio-credentials/b are for the same variables"
    ):
        check_references(["aws-credentials/a", "minio-credentials/b"])
