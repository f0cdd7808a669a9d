"""Settings: read from a file, every fault told where it stands, no secret in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from guidestep.server import Settings, SettingsError, read_settings
from guidestep.server.settings import FhirServer, Issuer, Log, Secret

WHOLE = """\
base_url: https://cds.example.org
guidelines:
  - guideline: cervical-spasm-opll
    id: neck
    profile: strict
    hooks: [patient-view]
issuers:
  - iss: https://ehr.example.org
    jku: [https://ehr.example.org/jwks.json]
  - iss: other
    jwks_file: keys.json
    location: Location/2
    tenants: [north, south]
    tenant_locations: {south: Location/3}
fhir_servers:
  - base: https://fhir.example.org/r4
    networks: [10.0.0.0/8]
cors_origins: [https://ehr.example.org]
log:
  url: sqlite:///decisions.db
limits: {body: 1000000}
time_zone: Europe/Vienna
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "service.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def faults(tmp_path: Path, text: str, **options: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        read_settings(written(tmp_path, text), options)
    return caught.value.faults


def test_a_whole_file(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path, WHOLE))
    assert settings.guidelines[0].id == "neck"
    assert settings.issuers[0].algorithms == ("ES384", "RS384")
    assert settings.issuers[1].jwks_file == tmp_path / "keys.json"
    assert settings.limits.body == 1_000_000
    assert settings.zone.key == "Europe/Vienna"
    assert settings.log is not None
    assert settings.log.required
    assert [settings.issuers[1].location_of(one) for one in ("north", "south", None)] == [
        "Location/2",
        "Location/3",
        "Location/2",
    ]
    # As workers are given them.
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


def test_nothing_but_dev() -> None:
    settings = read_settings(None, {"dev": True})
    assert settings.dev
    assert settings.log is None
    assert settings.base_url == "http://127.0.0.1:8000"


def test_without_issuers_nobody_could_call() -> None:
    with pytest.raises(SettingsError, match="there are no issuers"):
        read_settings(None)


def test_without_a_log_nothing_is_recorded_and_that_is_said(tmp_path: Path) -> None:
    text = WHOLE.replace("log:\n  url: sqlite:///decisions.db\n", "")
    assert "there is no log" in faults(tmp_path, text)[0]


def test_every_fault_is_told_where_it_stands(tmp_path: Path) -> None:
    text = (
        WHOLE.replace("https://cds", "http://cds")
        .replace("patient-view", "patient-viw")
        .replace("limits: {body: 1000000}", "limits: {body: 0, bdy: 1}")
        .replace("time_zone: Europe/Vienna", "time_zone: Europe/Wien\nlimit: 3")
    )
    found = faults(tmp_path, text)
    assert len(found) == 6
    told = "\n".join(found)
    assert "service.yaml:1:11: base_url: it must be https" in told
    assert "service.yaml:6:13: guidelines.0.hooks.0: " in told
    assert "service.yaml:21:16: limits.body: " in told
    assert "service.yaml:21:19: limits.bdy: there is no such setting" in told
    assert "time_zone: there is no such time zone" in told
    assert "limit: there is no such setting; did you mean 'limits'?" in told


def test_a_fault_of_yaml(tmp_path: Path) -> None:
    assert "service.yaml:1:" in faults(tmp_path, "dev: yes\n")[0]
    assert "a mapping of names to values" in faults(tmp_path, "- dev\n")[0]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gone\.yaml"):
        read_settings(tmp_path / "gone.yaml")


def test_options_take_the_place_of_the_file(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path, WHOLE), {"dev": True, "metrics": None})
    assert settings.dev
    assert settings.metrics


@pytest.mark.parametrize("algorithm", ["none", "HS256", "HS384", "HS512", "EdDSA"])
def test_algorithms_that_cannot_be_named(algorithm: str) -> None:
    with pytest.raises(ValidationError):
        Issuer(iss="a", jku=("https://a.example/k",), algorithms=(algorithm,))  # type: ignore[arg-type]


def test_a_place_is_that_of_a_tenant() -> None:
    with pytest.raises(ValidationError, match="'south' is none of the tenants"):
        Issuer(iss="a", jwks_file=Path("k"), tenant_locations={"south": "Location/3"})


def test_an_issuer_has_keys() -> None:
    with pytest.raises(ValidationError, match="without keys no token can be checked"):
        Issuer(iss="a")


@pytest.mark.parametrize(
    "base", ["http://fhir.example.org", "https://u:p@fhir.example.org", "file:///x", "https://a/?b"]
)
def test_servers_that_cannot_be_asked(base: str) -> None:
    with pytest.raises(ValidationError):
        FhirServer(base=base)


def test_http_is_for_this_machine() -> None:
    assert FhirServer(base="http://127.0.0.1:9/fhir").base == "http://127.0.0.1:9/fhir"


@pytest.mark.parametrize(
    "url",
    [
        "://guidestep:geheim@db/log",
        "://guidestep@db/log?password=geheim",
        ":///log?PASSWORD=geheim",
    ],
)
def test_a_password_does_not_stand_in_the_file(tmp_path: Path, url: str) -> None:
    text = WHOLE.replace("sqlite:///decisions.db", f"postgresql+psycopg{url}")
    found = "\n".join(faults(tmp_path, text))
    assert "a password does not stand here" in found
    assert "geheim" not in found


def test_secrets_come_from_the_environment_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_URL", " sqlite:///a.db\n")
    assert Log(secret_url=Secret(environment="LOG_URL")).address() == "sqlite:///a.db"
    file = tmp_path / "url"
    file.write_text("sqlite:///b.db\n")
    assert Log(secret_url=Secret(file=file)).address() == "sqlite:///b.db"
    monkeypatch.delenv("LOG_URL")
    with pytest.raises(LookupError, match="LOG_URL is not set or empty"):
        Secret(environment="LOG_URL").read()
    with pytest.raises(LookupError, match="cannot be read"):
        Secret(file=tmp_path / "gone").read()
    with pytest.raises(ValidationError):
        Secret(environment="A", file=file)


def test_two_of_one_name() -> None:
    two = [{"guideline": "cervical-spasm-opll"}, {"guideline": "cervical-spasm-opll"}]
    with pytest.raises(ValidationError, match="the same id"):
        Settings.model_validate({"dev": True, "guidelines": two})
    issuers = [{"iss": "a", "jwks_file": "k"}, {"iss": "a", "jwks_file": "k"}]
    with pytest.raises(ValidationError, match="listed twice"):
        Settings.model_validate({"dev": True, "issuers": issuers})
