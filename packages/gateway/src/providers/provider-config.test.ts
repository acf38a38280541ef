import assert from "node:assert/strict";
import { it } from "node:test";
import { providersConfigSchema } from "./provider-config.ts";

const apiKey = { env: "KEY" };

/** The complaints about one provider's configuration, as `path: message`. */
function complaints(config: object, name = "p"): string[] {
  const result = providersConfigSchema.safeParse({ [name]: config });
  return result.success
    ? []
    : result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}

it("takes a configuration of every kind", () => {
  const server = { baseUrl: "http://127.0.0.1:8000/v1" };
  for (const kind of ["openai", "anthropic", "google", "mistral", "groq", "xai", "deepseek"]) {
    assert.deepEqual(complaints({ kind, apiKey }), [], kind);
  }
  for (const kind of ["together", "fireworks", "cohere", "openrouter"]) {
    assert.deepEqual(complaints({ kind, apiKey }), [], kind);
  }
  for (const kind of ["openai-compatible", "anthropic-compatible"]) {
    assert.deepEqual(complaints({ kind, ...server }), [], kind);
  }
  assert.deepEqual(complaints({ kind: "azure", apiKey, resourceName: "r", apiVersion: "2024-10-21" }), []);
  assert.deepEqual(complaints({ kind: "vertex", project: "p", location: "europe-west4" }), []);
  assert.deepEqual(complaints({ kind: "bedrock", region: "eu-central-1", apiKey }), []);
  const models = {
    "org/m": {
      price: { inputUsdPerMillion: 0.1, outputUsdPerMillion: 0.2, asOf: "2026-11-01" },
      input: ["text"],
    },
  };
  assert.deepEqual(complaints({ kind: "openai-compatible", ...server, models }), []);
});

it("refuses secrets that are written out, and does not repeat them", () => {
  for (const config of [
    { kind: "openai", apiKey: "sk-live-123" },
    { kind: "openai", apiKey, headers: { Authorization: "Bearer sk-live-123" } },
    { kind: "openai", apiKey, headers: { "x-upstream-token": "sk-live-123" } },
    { kind: "openai", apiKey, baseUrl: "https://user:sk-live-123@host/v1" },
    { kind: "bedrock", region: "eu-central-1", accessKeyId: { env: "A" }, secretAccessKey: "sk-live-123" },
  ]) {
    const found = complaints(config);
    assert.equal(found.length, 1, JSON.stringify(config));
    assert.match(found[0]!, /environment variable|must not hold credentials/);
    assert.ok(!found[0]!.includes("sk-live-123"));
  }
});

it("refuses addresses that are no HTTP server", () => {
  for (const baseUrl of ["ftp://host/v1", "file:///etc/passwd", "host:80", "javascript:alert(1)", ""]) {
    assert.match(
      complaints({ kind: "openai", apiKey, baseUrl }).join(),
      /p\.baseUrl: must be an http or https URL/,
    );
  }
  assert.match(complaints({ kind: "openai", apiKey, baseUrl: "https://h/v1?a=b" }).join(), /neither query/);
  assert.match(
    complaints({ kind: "azure", apiKey, resourceName: "a.evil.example/" }).join(),
    /one DNS label/,
  );
  assert.match(complaints({ kind: "bedrock", apiKey, region: "x.evil/" }).join(), /one DNS label/);
});

it("refuses what is missing or misspelt, and says where", () => {
  assert.match(complaints({ kind: "openai" }).join(), /p\.apiKey: must name an environment variable/);
  assert.match(complaints({ kind: "azure", apiKey }).join(), /needs 'resourceName' or 'baseUrl'/);
  assert.match(complaints({ kind: "vertex", project: "p" }).join(), /needs 'apiKey' \(express mode\)/);
  assert.match(complaints({ kind: "bedrock", region: "eu" }).join(), /needs 'apiKey', or 'accessKeyId'/);
  assert.match(complaints({ kind: "openai-compatible" }).join(), /p\.baseUrl/);
  assert.match(complaints({ kind: "openai", apiKey, baseURL: "http://h" }).join(), /baseURL/);
  assert.match(
    complaints({ kind: "openai", apiKey: { env: "A-B" } }).join(),
    /name of an environment variable/,
  );
  assert.match(
    complaints({ kind: "openai", apiKey }, "own").join(),
    /'own' stands for this organisation's models/,
  );
  assert.match(complaints({ kind: "openai", apiKey }, "Open/AI").join(), /lower-case letters/);
});

it("drops slashes at the end of a base URL", () => {
  const config = providersConfigSchema.parse({ p: { kind: "openai", apiKey, baseUrl: "http://h/v1//" } });
  assert.equal(config["p"]!.baseUrl, "http://h/v1");
});
