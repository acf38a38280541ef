// Compiles assembly/kernels.ts to the kernels.wasm that is committed beside this file, so that nobody
// who trains needs a compiler. Run `node packages/engine/src/kernels/build.ts` after changing a kernel.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The part of the compiler that is used here. Its own types declare a global `console` that hides Node's. */
interface Compiler {
  main(
    args: readonly string[],
    io: { writeFile(name: string, contents: Uint8Array | string): void },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>;
}

const compilerModule: string = "assemblyscript/asc";
const root: string = resolve(import.meta.dirname, "../..");
const options =
  "assembly/kernels.ts --outFile kernels.wasm --runtime stub --noAssert --optimizeLevel 3 --enable simd,threads " +
  "--importMemory --sharedMemory --noExportMemory --initialMemory 1 --maximumMemory 65536";

/** The module's bytes for the committed source: a pure function of the source and the compiler's version. */
export async function compileKernels(): Promise<Uint8Array> {
  // Loaded here, not above: the compiler is a development dependency and slow to load.
  const { default: compiler } = (await import(compilerModule)) as { default: Compiler };
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await compiler.main([...options.split(" "), "--baseDir", root], {
    writeFile: (_name, contents) => {
      if (typeof contents !== "string") wasm = contents;
    },
  });
  if (error !== null || wasm === undefined) {
    throw new Error(`compiling the kernels failed: ${String(error)}\n${stderr.toString()}`);
  }
  return wasm;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(resolve(import.meta.dirname, "kernels.wasm"), await compileKernels());
}
