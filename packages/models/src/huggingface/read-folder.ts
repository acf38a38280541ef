// Reads an untrusted model folder in Hugging Face layout: every number is checked against the files' own
// lengths before anything is allocated.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { DecoderConfig, TokenizerJson } from "@homegrown/contracts";
import { z } from "zod";
import { parameterSpecs } from "../decoder/parameters.ts";
import { readJsonObject, readTextFile } from "../weights/bounded-file.ts";
import { malformed, shown, unsupported } from "../weights/malformed.ts";
import type { ExportedModel, SpecialTokens } from "../weights/model-weights.ts";
import { specialId, toVocabulary } from "../weights/vocabulary.ts";
import { parseConfigJson } from "./config-json.ts";
import { FILES, MAX_BYTES } from "./files.ts";
import { openSafetensors } from "./safetensors.ts";
import type { NamedShape, SafetensorsFile } from "./safetensors.ts";

export interface LoadedModel extends ExportedModel {
  parameters: Map<string, Float32Array>;
}

/** A model folder whose weights are read on demand. */
export interface OpenedModel extends ExportedModel {
  parameters: SafetensorsFile;
  close(): Promise<void>;
}

/**
 * The whole model in memory, weights as F32. Throws `models/file-not-found`, `models/malformed-file`
 * (naming file and field) or `models/unsupported-model`.
 */
export async function readHuggingFace(folder: string): Promise<LoadedModel> {
  const model = await openHuggingFace(folder);
  try {
    const parameters = new Map<string, Float32Array>();
    for (const name of model.parameters.tensors.keys()) {
      parameters.set(name, (await model.parameters.get(name))!);
    }
    const { config, tokenizerJson, chatTemplate, specialTokens } = model;
    return { config, tokenizerJson, chatTemplate, specialTokens, parameters };
  } finally {
    await model.close();
  }
}

/** Like `readHuggingFace`, but each weight is read when it is asked for: export without holding a model. */
export async function openHuggingFace(folder: string): Promise<OpenedModel> {
  const configFile = join(folder, FILES.config);
  const config = parseConfigJson(await readJsonObject(configFile, MAX_BYTES.config), configFile);
  const { tokenizerJson, specialTokens, chatTemplate } = await readTokenizer(folder, config);
  const weightsFile = join(folder, FILES.weights);
  await refuseShards(folder);
  const parameters = await openSafetensors(weightsFile);
  try {
    matchShapes(parameters, parameterSpecs(config), weightsFile);
  } catch (error) {
    await parameters.close();
    throw error;
  }
  return {
    config,
    tokenizerJson,
    specialTokens,
    chatTemplate,
    parameters,
    close: () => parameters.close(),
  };
}

const tokenText = z
  .union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)])
  .nullish();
const tokenizerConfigSchema = z.looseObject({
  eos_token: tokenText,
  pad_token: tokenText,
  chat_template: z.string().optional(),
});

async function readTokenizer(
  folder: string,
  config: DecoderConfig,
): Promise<{ tokenizerJson: TokenizerJson; specialTokens: SpecialTokens; chatTemplate: string }> {
  const tokenizerFile = join(folder, FILES.tokenizer);
  const tokenizerJson = (await readJsonObject(tokenizerFile, MAX_BYTES.tokenizer)) as TokenizerJson;
  const vocabulary = toVocabulary(tokenizerJson, config.vocabSize, tokenizerFile);
  const settingsFile = join(folder, FILES.tokenizerConfig);
  const settings = tokenizerConfigSchema.safeParse(
    await readJsonObject(settingsFile, MAX_BYTES.tokenizerConfig),
  );
  if (!settings.success) {
    const issue = settings.error.issues[0]!;
    throw malformed(settingsFile, issue.path.join("."), issue.message);
  }
  const { eos_token: endOfTurn, pad_token: pad, chat_template: formerTemplate } = settings.data;
  if (endOfTurn == null) throw malformed(settingsFile, "eos_token", "missing: no token ends an answer");
  const specialTokens = { endOfText: pad ?? endOfTurn, endOfTurn };
  for (const text of Object.values(specialTokens)) specialId(vocabulary, text, tokenizerFile);
  const templateFile = join(folder, FILES.chatTemplate);
  const chatTemplate =
    formerTemplate !== undefined && !(await exists(templateFile))
      ? formerTemplate
      : await readTextFile(templateFile, MAX_BYTES.chatTemplate);
  return { tokenizerJson, specialTokens, chatTemplate };
}

function matchShapes(file: SafetensorsFile, expected: readonly NamedShape[], path: string): void {
  const names = new Set(expected.map(({ name }) => name));
  const missing = [...names].filter((name) => !file.tensors.has(name));
  const unexpected = [...file.tensors.keys()].filter((name) => !names.has(name));
  if (missing.length > 0 || unexpected.length > 0) {
    throw malformed(
      path,
      "tensors",
      [listed("missing", missing), listed("unexpected", unexpected)].filter(Boolean).join("; "),
      "Check that config.json describes these weights (layers, tied embeddings, architecture).",
    );
  }
  for (const { name, shape } of expected) {
    const found = file.tensors.get(name)!.shape;
    if (found.length !== shape.length || found.some((size, i) => size !== shape[i])) {
      throw malformed(
        path,
        `${name}.shape`,
        `[${found.join(", ")}], config.json needs [${shape.join(", ")}]`,
      );
    }
  }
}

function listed(word: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  const rest = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return `${word} ${names.slice(0, 5).map(shown).join(", ")}${rest}`;
}

async function refuseShards(folder: string): Promise<void> {
  const index = join(folder, FILES.weightsIndex);
  if (!(await exists(join(folder, FILES.weights))) && (await exists(index))) {
    throw unsupported(index, "weight_map", "weights in several files; one model.safetensors is read");
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
