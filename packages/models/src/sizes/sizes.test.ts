import assert from "node:assert/strict";
import { test } from "node:test";
import { HomegrownError } from "@homegrown/contracts";
import { parameterSpecs } from "../decoder/parameters.ts";
import { countParameters } from "./count-parameters.ts";
import { initializeParameter, initializeParameters } from "./initialize.ts";
import { MODEL_SIZES } from "./model-sizes.ts";
import { resolveModelConfig } from "./resolve-config.ts";

test("every named size resolves, grows along the ladder, and suits Q8_0", () => {
  const counts = Object.keys(MODEL_SIZES).map((size) => {
    const config = resolveModelConfig(size, 8192, 256);
    for (const { name, shape } of parameterSpecs(config)) {
      if (shape.length === 2) assert.equal(shape[1]! % 32, 0, `${size}: rows of ${name}`);
    }
    return countParameters(config);
  });
  assert.deepEqual(
    counts,
    counts.toSorted((a, b) => a - b),
  );
  assert.ok(counts.at(-1)! < 214_000_000);
});

test("parameters are counted as the formula of the architecture says", () => {
  const config = resolveModelConfig("micro", 2048, 256);
  const perLayer = 2 * 192 * 192 + 2 * 192 * 64 + 3 * 192 * 512 + 2 * 192 + 2 * 32;
  assert.equal(countParameters(config), 2048 * 192 + 4 * perLayer + 192);
  const untied = resolveModelConfig({ size: "micro", tieWordEmbeddings: false }, 2048, 256);
  assert.equal(countParameters(untied) - countParameters(config), 2048 * 192);
});

test("width and depth alone make a sensible shape", () => {
  const config = resolveModelConfig({ hiddenSize: 384, numLayers: 3 }, 1000, 128);
  assert.deepEqual(
    [config.headDim, config.numAttentionHeads, config.numKeyValueHeads, config.intermediateSize],
    [64, 6, 2, 1024],
  );
});

const IMPOSSIBLE = [
  { name: "unknown size", request: "gigantic", code: "models/unknown-size" },
  { name: "zero layers", request: { size: "nano", numLayers: 0 }, field: /numLayers/ },
  { name: "heads do not divide", request: { size: "nano", numKeyValueHeads: 3 }, field: /numKeyValueHeads/ },
  { name: "odd head", request: { size: "nano", headDim: 33 }, field: /headDim/ },
  { name: "row not divisible", request: { size: "nano", hiddenSize: 120 }, field: /hiddenSize is 120/ },
  { name: "negative width", request: { hiddenSize: -64, numLayers: 1 }, field: /hiddenSize/ },
  { name: "not a number", request: { size: "nano", ropeTheta: Number.NaN }, field: /ropeTheta/ },
  { name: "nothing given", request: {}, field: /hiddenSize and numLayers/ },
  {
    name: "short context",
    request: { size: "nano", maxPositionEmbeddings: 64 },
    field: /sequence length 256/,
  },
] as const;

for (const { name, request, ...expected } of IMPOSSIBLE) {
  test(`impossible size, ${name}: a clear error`, () => {
    assert.throws(
      () => resolveModelConfig(request, 2048, 256),
      (error) => {
        assert.ok(error instanceof HomegrownError);
        assert.equal(error.code, "code" in expected ? expected.code : "models/impossible-size");
        if ("field" in expected) assert.match(error.message, expected.field);
        assert.ok(error.hint.length > 0);
        return true;
      },
    );
  });
}

test("a model past one WebAssembly memory points to a cluster", () => {
  assert.throws(
    () => resolveModelConfig({ size: "xlarge", numLayers: 24 }, 16_384, 512),
    (error) =>
      error instanceof HomegrownError &&
      error.code === "models/too-large" &&
      /GiB/.test(error.message) &&
      /cluster/.test(error.hint),
  );
  assert.ok(resolveModelConfig("xlarge", 16_384, 512));
});

test("initial weights depend on seed and name only, not on order or neighbours", () => {
  const config = resolveModelConfig("nano", 512, 64);
  const all = initializeParameters(config, 7);
  const deeper = initializeParameters({ ...config, numLayers: 3 }, 7);
  for (const spec of parameterSpecs(config).toReversed()) {
    // Deeper models draw smaller residual projections, from the same stream.
    if (!/o_proj|down_proj/.test(spec.name)) assert.deepEqual(deeper.get(spec.name), all.get(spec.name));
    assert.deepEqual(initializeParameter(spec, 7), all.get(spec.name));
  }
  const [name] = all.keys();
  assert.notDeepEqual(initializeParameters(config, 8).get(name!), all.get(name!));
});

test("normal initial weights have the asked mean, spread and tails", () => {
  const spec = {
    name: "x",
    shape: [400, 501],
    init: { kind: "normal", std: 0.5 },
    role: "matrix",
    decay: true,
    learningRateScale: 1,
  } as const;
  const values = initializeParameter(spec, 3);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  const outside = values.filter((value) => Math.abs(value) > 1).length / values.length;
  // Five standard errors of each estimate.
  assert.ok(Math.abs(mean) < (5 * 0.5) / Math.sqrt(values.length), `mean ${mean}`);
  assert.ok(Math.abs(variance / 0.25 - 1) < 5 * Math.sqrt(2 / values.length), `variance ${variance}`);
  assert.ok(
    Math.abs(outside - 0.0455) < 5 * Math.sqrt((0.0455 * 0.9545) / values.length),
    `tails ${outside}`,
  );
});
