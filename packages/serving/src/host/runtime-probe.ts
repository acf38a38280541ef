// Run as a process of its own by `describeRuntime`: prints the engine's name or ends with its error.
import { getLlama, getModuleVersion } from "node-llama-cpp";

const llama = await getLlama({ gpu: false, build: "never", progressLogs: false });
const version = await getModuleVersion();
process.stdout.write(`llama.cpp ${llama.llamaCppRelease.release} (node-llama-cpp ${version}, CPU)`);
process.exit(0);
