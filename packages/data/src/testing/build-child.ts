// Builds a dataset from argv[2] into argv[3], for tests that kill it on the way.
import { buildDataset } from "../index.ts";

await buildDataset({
  name: "child",
  target: process.argv[3]!,
  sources: [{ path: process.argv[2]! }],
  vocabSize: 300,
});
