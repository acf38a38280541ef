import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { calcPrice, findProvider } from "@pydantic/genai-prices";
import { NO_USAGE } from "../core/token-usage.ts";
import { PROVIDER_KINDS } from "../providers/provider-kinds.ts";
import { costNanoUsd } from "./cost.ts";
import { CATALOGUE_VERSION, findInCatalogue } from "./price-catalogue.ts";
import type { CatalogueEntry } from "./price-catalogue.ts";

const AT = new Date("2026-11-25T10:00:00Z");

/** Models of several providers, with tiers, caches and neither. */
const MODELS: readonly (readonly [string, string])[] = [
  ["openai", "gpt-4o-mini"],
  ["openai", "gpt-5"],
  ["anthropic", "claude-sonnet-4-5"],
  ["google", "gemini-2.5-pro"],
  ["aws", "anthropic.claude-sonnet-4-20250514-v1:0"],
  ["deepseek", "deepseek-chat"],
  ["groq", "llama-3.3-70b-versatile"],
  ["mistral", "mistral-small-latest"],
  ["openrouter", "anthropic/claude-sonnet-4.5"],
];

it("gives what the package itself calculates, tiers included", () => {
  for (const [provider, model] of MODELS) {
    const { price } = findInCatalogue(provider, model, AT)!;
    for (const [input, cacheRead, cacheWrite, output] of [
      [1000, 0, 0, 100],
      [1000, 600, 300, 100],
      [200_000, 1, 0, 7],
      [200_001, 150_000, 1, 7],
      [900_000, 0, 0, 60_000],
    ] as const) {
      const kinds =
        price!.cacheReadPerToken === undefined ? { cacheRead: 0, cacheWrite: 0 } : { cacheRead, cacheWrite };
      const usage = { ...NO_USAGE, input, output, ...kinds };
      const expected = calcPrice(
        {
          input_tokens: input,
          cache_read_tokens: usage.cacheRead,
          cache_write_tokens: usage.cacheWrite,
          output_tokens: output,
        },
        model,
        { providerId: provider, timestamp: AT },
      )!;
      const cost = costNanoUsd(price, usage)!;
      assert.ok(Math.abs(cost - expected.total_price * 1e9) <= 1, `${provider}/${model} ${input}: ${cost}`);
    }
  }
});

it("judges a tier by one call's input, however many calls a usage sums", () => {
  const { price } = findInCatalogue("google", "gemini-2.5-pro", AT)!;
  const one = { ...NO_USAGE, input: 150_000, output: 10 };
  const three = { ...NO_USAGE, input: 450_000, output: 30 };
  assert.equal(costNanoUsd(price, three, 3), costNanoUsd(price, one)! * 3);
  assert.ok(costNanoUsd(price, three)! > costNanoUsd(price, three, 3)!);
  assert.equal(costNanoUsd({ ...price!, perRequest: 5 }, three, 3)! - costNanoUsd(price, three, 3)!, 15);
});

it("knows what an hour in Anthropic's cache costs", () => {
  const { price } = findInCatalogue("anthropic", "claude-sonnet-4-5", AT)!;
  const usage = { ...NO_USAGE, input: 3000, cacheWrite: 2000, cacheWriteHour: 500 };
  const expected = calcPrice(
    { input_tokens: 3000, cache_write_tokens: 2000, cache_write_1h_tokens: 500 },
    "claude-sonnet-4-5",
    { providerId: "anthropic", timestamp: AT },
  )!;
  assert.equal(costNanoUsd(price, usage), Math.round(expected.total_price * 1e9));
});

it("never asks more for what comes from the cache", () => {
  let seen = 0;
  for (const [provider, model] of MODELS) {
    const { price } = findInCatalogue(provider, model, AT)!;
    for (const rates of [price!, ...(price!.tiers ?? [])]) {
      if (rates.cacheReadPerToken === undefined) continue;
      seen++;
      assert.ok(rates.cacheReadPerToken <= rates.inputPerToken, `${provider}/${model}`);
    }
  }
  assert.ok(seen > 5);
});

it("has context limits, prices by the second, and a minimum where the provider has one", () => {
  assert.equal(findInCatalogue("openai", "gpt-5", AT)!.contextTokens, 400_000);
  const whisper = findInCatalogue("groq", "whisper-large-v3", AT)!.price!;
  assert.equal(costNanoUsd(whisper, { ...NO_USAGE, audioSeconds: 3600 }), 111_000_000);
  assert.equal(costNanoUsd(whisper, { ...NO_USAGE, audioSeconds: 1 }), Math.round(111_000_000 / 360));
  assert.equal(costNanoUsd(whisper, NO_USAGE), null, "seconds that nobody told are not free");
});

it("says that it does not know, never zero", () => {
  assert.equal(findInCatalogue("openai", "gpt-99-imaginary", AT), undefined);
  assert.equal(findInCatalogue("no-such-provider", "gpt-5", AT), undefined);
  assert.equal(findInCatalogue("mistral", "mistral-ocr-2505", AT)!.price, undefined);
  assert.equal(costNanoUsd(undefined, { ...NO_USAGE, input: 5 }), null);
  const free = findInCatalogue("openrouter", "qwen/qwq-32b:free", AT)!.price;
  assert.equal(costNanoUsd(free, { ...NO_USAGE, input: 5 }), 0);
});

function at(time: string): CatalogueEntry {
  return findInCatalogue("deepseek", "deepseek-chat", new Date(`2026-11-25T${time}Z`))!;
}

it("changes with the time of day where the provider's prices do", () => {
  assert.ok(at("10:00:00").validUntil <= Date.parse("2026-11-25T10:01:00Z"));
  assert.ok(at("20:00:00").price!.inputPerToken <= at("10:00:00").price!.inputPerToken);
  assert.equal(findInCatalogue("openai", "gpt-4o-mini", AT)!.validUntil, Infinity);
});

it("knows every provider that a kind names", () => {
  for (const { kind, catalogue } of Object.values(PROVIDER_KINDS)) {
    if (catalogue !== undefined) assert.equal(findProvider({ providerId: catalogue })?.id, catalogue, kind);
  }
  const named = Object.values(PROVIDER_KINDS).flatMap(({ catalogue }) => catalogue ?? []);
  assert.equal(named.length, 14);
});

it("is the version that it says, and loading it neither calls anybody nor keeps the process alive", () => {
  const main = fileURLToPath(import.meta.resolve("@pydantic/genai-prices"));
  const manifest = JSON.parse(readFileSync(new URL("../package.json", `file://${main}`), "utf8")) as {
    version: string;
  };
  assert.equal(
    manifest.version,
    CATALOGUE_VERSION,
    "a new version: update CATALOGUE_VERSION and CATALOGUE_DATE",
  );
  const script = `
    globalThis.fetch = () => { throw new Error("a call"); };
    const { findInCatalogue } = await import(${JSON.stringify(new URL("price-catalogue.ts", import.meta.url).href)});
    findInCatalogue("openai", "gpt-5");
    console.log(JSON.stringify(process.getActiveResourcesInfo().filter((name) => !/TTY|Pipe/.test(name))));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    timeout: 10_000,
  });
  assert.deepEqual(JSON.parse(output), []);
});
