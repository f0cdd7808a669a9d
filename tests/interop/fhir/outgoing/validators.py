"""Two validators that others made: fhir.resources (R4B) and the npm package `fhir` (R4).

Neither alone is FHIR: the page docs/fhir-out.md tells what each lets pass.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.docs.pages import ROOT
from tests.interop.fhir.outgoing.answers import Json

PACKAGE = ROOT / ".venv" / "node" / "node_modules" / "fhir"

_SCRIPT = """
const fs = require('fs');
const {Fhir} = require(process.argv[2]);
const fhir = new Fhir();
const found = JSON.parse(fs.readFileSync(process.argv[3])).map((resource) => {
  const kept = (one) => one.severity === 'error' || one.severity === 'fatal';
  try {
    const result = fhir.validate(resource, {errorOnUnexpected: true});
    return result.messages.filter(kept).map((one) => `${one.location}: ${one.message}`);
  } catch (error) {
    return [`it fails: ${error.message}`];
  }
});
process.stdout.write(JSON.stringify(found));
"""


def fhir_resources_faults(resource: Json) -> list[str]:
    """What fhir.resources finds wrong with a resource."""
    from fhir.resources.R4B import get_fhir_model_class

    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValidationError as error:
        return [str(each["loc"]) + each["msg"] for each in error.errors()]
    return []


def npm_faults(resources: Sequence[Json]) -> list[list[str]]:
    """What the npm package finds wrong with each resource, in one process for all of them."""
    with tempfile.TemporaryDirectory() as folder:
        script, data = Path(folder, "validate.js"), Path(folder, "resources.json")
        script.write_text(_SCRIPT, encoding="utf-8")
        data.write_text(json.dumps(resources), encoding="utf-8")
        done = subprocess.run(
            [require_node(), str(script), str(PACKAGE), str(data)],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
    found: list[list[str]] = json.loads(done.stdout)
    return found


def require_node() -> str:
    """The program node; without it the test is skipped, and fails where CI is set."""
    node = shutil.which("node")
    if node is None or not PACKAGE.is_dir():
        message = "node or its package fhir is not there: run tests/services.sh"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return node
