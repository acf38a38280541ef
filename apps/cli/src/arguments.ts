// Parsers of option values; a wrong one is wrong usage (exit code 2), named by commander.
import path from "node:path";
import { InvalidArgumentError } from "commander";
import type { CorpusSource } from "@homegrown/data";

export function parseCount(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("expected a whole number above 0");
  return value;
}

export function parseSeed(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new InvalidArgumentError("expected a whole number from 0 to 4294967295");
  }
  return value;
}

export function parsePositive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("expected a number above 0");
  return value;
}

/** A share of the documents that leaves at least as much to train on. */
export function parseHeldOut(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 0.5))
    throw new InvalidArgumentError("expected a number above 0 and at most 0.5");
  return value;
}

export function parseTemperature(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || value > 2)
    throw new InvalidArgumentError("expected a number from 0 to 2");
  return value;
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidArgumentError("expected a whole number from 0 to 65535");
  }
  return port;
}

export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

/** Folders, files or globs that a person named, as their own text. */
export function toSources(paths: readonly string[], license: string | undefined): CorpusSource[] {
  return paths.map((given) => ({ path: path.resolve(given), ...(license !== undefined && { license }) }));
}
