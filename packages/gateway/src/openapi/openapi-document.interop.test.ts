// The document before an independent validator of OpenAPI 3.1, and requests before an independent one of JSON
// Schema.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { promisify } from "node:util";
import { ensurePython } from "@homegrown/testing";
import { openApiText } from "./openapi-document.ts";
import { REQUESTS } from "./requests.fixture.ts";

const run = promisify(execFile);
const PACKAGES = ["openapi-spec-validator==0.9.0", "jsonschema==4.26.0"];

const SCRIPT = `
import json, sys
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

document = json.load(open(sys.argv[1]))
validate(document)
for name, requests in json.load(open(sys.argv[2])).items():
    schema = document["components"]["schemas"][name]
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for request in requests["fits"]:
        for error in validator.iter_errors(request):
            print(name, "should fit:", error.message)
    if validator.is_valid(requests["fails"]):
        print(name, "should not fit")
print("done")
`;

it("the document is valid, and describes what clients send", async () => {
  const python = await ensurePython(PACKAGES);
  const folder = await mkdtemp(join(tmpdir(), "openapi-"));
  try {
    const document = join(folder, "document.json");
    const requests = join(folder, "requests.json");
    await writeFile(document, openApiText());
    await writeFile(requests, JSON.stringify(REQUESTS));
    const { stdout } = await run(python, ["-c", SCRIPT, document, requests]);
    assert.equal(stdout, "done\n");
  } finally {
    await rm(folder, { recursive: true });
  }
});
