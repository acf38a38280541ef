import assert from "node:assert/strict";
import { test } from "node:test";
import { exampleCard, exampleTraining } from "./example-card.fixture.ts";
import { extrapolateBitsPerByte } from "./extrapolate.ts";

/** Loss 5·step^-slope, measured every five of a hundred steps. */
function powerLaw(slope: number): [number, number][] {
  return Array.from({ length: 20 }, (_, i) => [5 * (i + 1), 5 * (5 * (i + 1)) ** -slope]);
}

const near = (value: number | undefined, expected: number): void =>
  assert.ok(Math.abs((value ?? Number.NaN) - expected) < 1e-9, `${value} instead of ${expected}`);

test("a power law is found again: the whole slope at best, half of it at worst", () => {
  const expected = extrapolateBitsPerByte(exampleCard(exampleTraining(powerLaw(0.2))), 10, 1e9);
  near(expected?.low, 2 * 10 ** -0.2);
  near(expected?.high, 2 * 10 ** -0.1);
});

test("the decay at the end of a run is no part of the trend", () => {
  const bent = powerLaw(0.2).map(([step, loss]): [number, number] => [step, step > 60 ? loss / 2 : loss]);
  near(extrapolateBitsPerByte(exampleCard(exampleTraining(bent)), 10, 1e9)?.low, 2 * 10 ** -0.2);
});

test("a text counts for four readings, however long one reads it", () => {
  const card = exampleCard(exampleTraining(powerLaw(0.2), 1000));
  near(extrapolateBitsPerByte(card, 10, 500)?.low, 2 * 2 ** -0.2);
  const tired = extrapolateBitsPerByte(card, 10, 100);
  near(tired?.low, 2);
  near(tired?.high, 2);
});

test("too few points, no curve, or one that rises: nothing is promised", () => {
  const rising = powerLaw(-0.1);
  assert.equal(extrapolateBitsPerByte(exampleCard(exampleTraining(rising)), 10, 1e9), undefined);
  const short = powerLaw(0.2).filter(([step]) => step === 20 || step === 40 || step === 100);
  assert.equal(extrapolateBitsPerByte(exampleCard(exampleTraining(short)), 10, 1e9), undefined);
  assert.equal(extrapolateBitsPerByte(exampleCard(), 10, 1e9), undefined);
});
