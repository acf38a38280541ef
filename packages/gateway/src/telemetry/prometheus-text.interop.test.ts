// A gateway's metrics before the parser of Prometheus' own Python client.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { it } from "node:test";
import { promisify } from "node:util";
import { createMarkovModel, ensurePython, MarkovDirectory } from "@homegrown/testing";
import { startGateway } from "../index.ts";

const run = promisify(execFile);
const PACKAGES = ["prometheus-client==0.26.0"];

const SCRIPT = `
import sys, urllib.request
from prometheus_client.parser import text_string_to_metric_families

text = urllib.request.urlopen(sys.argv[1]).read().decode()
counts = {}
for family in text_string_to_metric_families(text):
    if family.type == "unknown":
        print("no type:", family.name)
    for sample in family.samples:
        counts[sample.name] = counts.get(sample.name, 0) + sample.value
print(int(counts["gen_ai_server_request_duration_seconds_count"]), int(counts["homegrown_refusals_total"]))
`;

it("Prometheus' parser reads the metrics page", async () => {
  const python = await ensurePython(PACKAGES);
  const model = createMarkovModel({ modelId: "garden" });
  const gateway = await startGateway({
    directory: new MarkovDirectory({ garden: { version: "garden@1", model } }),
  });
  try {
    for (const name of ["garden", "garden", 'no"such\\model\n']) {
      const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: name, max_tokens: 3, messages: [{ role: "user", content: "x" }] }),
      });
      await answer.text();
    }
    const { stdout } = await run(python, ["-c", SCRIPT, `${gateway.url}/metrics`]);
    assert.equal(stdout, "3 1\n");
  } finally {
    await gateway.close();
  }
});
