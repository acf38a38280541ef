import { constants, existsSync } from "node:fs";
import { access, mkdir, statfs } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { Command } from "commander";
import { HomegrownError } from "@homegrown/contracts";
import { EXIT } from "../exit.ts";
import { formatBytes } from "../terminal/format.ts";
import { createOutput } from "../terminal/output.ts";

interface Finding {
  name: string;
  ok: boolean;
  found: string;
  hint?: string;
}

const LEAST_MEMORY_BYTES = 2e9;
const LEAST_DISK_BYTES = 1e9;
const PROBE_SIZE = 16;
/** Sixteen products of numbers up to 1, in float32. */
const MOST_DIFFERENCE = 1e-5;

export function defineDoctor(): Command {
  return new Command("doctor")
    .description("Check that this machine can train and serve, and say what to mend.")
    .addHelpText("after", "\nExample:\n  homegrown doctor")
    .action(async (options: { home: string; json: boolean }) => {
      const output = createOutput(options);
      const findings = [
        checkNode(),
        checkProcessor(),
        checkMemory(),
        await checkHome(options.home),
        await checkDisk(options.home),
        await checkTraining(),
        await checkServing(),
        await checkModels(options.home),
      ];
      for (const finding of findings) {
        output.print(`${finding.ok ? "✓" : "✗"} ${finding.name.padEnd(10)} ${finding.found}`);
        if (!finding.ok && finding.hint) output.print(`  hint: ${finding.hint}`);
      }
      const ok = findings.every((finding) => finding.ok);
      output.print(ok ? "\nReady. Try: homegrown up" : "\nSomething needs mending; see the hints above.");
      output.result({ ok, findings });
      if (!ok) process.exitCode = EXIT.failed;
    });
}

function checkNode(): Finding {
  return { name: "node", ok: true, found: `${process.version} on ${process.platform} ${process.arch}` };
}

function checkProcessor(): Finding {
  const model = os.cpus()[0]?.model.trim() ?? "unknown";
  return { name: "processor", ok: true, found: `${model}, ${os.availableParallelism()} threads` };
}

function checkMemory(): Finding {
  const total = os.totalmem();
  return {
    name: "memory",
    ok: total >= LEAST_MEMORY_BYTES,
    found: `${formatBytes(total)}, ${formatBytes(os.freemem())} free`,
    hint: "a first model wants 2 GB; close other programs or train a smaller size with --size nano",
  };
}

async function checkHome(home: string): Promise<Finding> {
  const folder = path.resolve(home);
  const hint = "choose another folder with --home or HOMEGROWN_HOME";
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return { name: "home", ok: true, found: folder };
  } catch (error) {
    return {
      name: "home",
      ok: false,
      found: `${folder} is not writable (${(error as Error).message})`,
      hint,
    };
  }
}

async function checkDisk(home: string): Promise<Finding> {
  const folder = path.resolve(home);
  const { bavail, bsize } = await statfs(existsSync(folder) ? folder : process.cwd());
  return {
    name: "disk",
    ok: bavail * bsize >= LEAST_DISK_BYTES,
    found: `${formatBytes(bavail * bsize)} free`,
    hint: "runs and versions of a small model take about 200 MB; free some space or move the home",
  };
}

/** Computes with the training engine, so that a binary that does not fit this machine is found here. */
async function checkTraining(): Promise<Finding> {
  const hint = "run `npm ci` again; if it persists this platform has no ONNX Runtime binary";
  try {
    const difference = await multiplyTwice();
    const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json") as {
      version: string;
    };
    // Not the other way round: NaN is neither.
    const ok = difference <= MOST_DIFFERENCE;
    const found = ok
      ? `ONNX Runtime ${version} multiplies matrices as float64 does`
      : `ONNX Runtime ${version} is off by ${difference} in a small matrix product`;
    return { name: "training", ok, found, hint };
  } catch (error) {
    return { name: "training", ok: false, found: (error as Error).message, hint };
  }
}

/** The largest difference between one matrix product by ONNX Runtime (float32) and by plain float64. */
async function multiplyTwice(): Promise<number> {
  const { Graph, createSession, interpret, lowerToOnnx } = await import("@homegrown/engine");
  const shape = [PROBE_SIZE, PROBE_SIZE];
  const values = (step: number): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length: PROBE_SIZE ** 2 }, (_, i) => Math.sin(i * step));
  const [a, b, product] = [values(0.7), values(1.3), new Float32Array(PROBE_SIZE ** 2)];
  const graph = new Graph();
  const factors = [graph.input("a", "float32", shape), graph.input("b", "float32", shape)] as const;
  graph.output("product", graph.apply("gemm", [...factors], {}));
  const session = await createSession(lowerToOnnx(graph), { threads: 1 });
  await session.run({ a: { data: a, shape }, b: { data: b, shape } }, { product: { data: product, shape } });
  await session.close();
  const expected = interpret(graph, { a, b })["product"]!;
  return product.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
}

async function checkServing(): Promise<Finding> {
  const hint = "run `npm ci` again; if it persists this platform has no llama.cpp binary on the registry";
  try {
    const { describeRuntime } = await import("@homegrown/serving");
    return { name: "serving", ok: true, found: await describeRuntime() };
  } catch (error) {
    return { name: "serving", ok: false, found: (error as Error).message, hint };
  }
}

async function checkModels(home: string): Promise<Finding> {
  try {
    const { openRegistry } = await import("@homegrown/registry");
    const registry = await openRegistry(path.resolve(home));
    try {
      const models = await registry.list();
      const numVersions = models.reduce((sum, { versions }) => sum + versions.length, 0);
      return { name: "models", ok: true, found: `${models.length} models, ${numVersions} versions` };
    } finally {
      await registry.close();
    }
  } catch (error) {
    const hint = error instanceof HomegrownError ? error.hint : "run `homegrown models verify`";
    return { name: "models", ok: false, found: (error as Error).message, hint };
  }
}
