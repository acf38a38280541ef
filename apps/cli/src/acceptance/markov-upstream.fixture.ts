// A provider for acceptance tests, in a process of its own: a gateway over a model without weights. Prints its
// address, and ends with the process that started it.
import { startGateway } from "@homegrown/gateway";
import { MarkovDirectory, createMarkovModel } from "@homegrown/testing";

const models = {
  quick: { version: "quick@v1", model: createMarkovModel({ modelId: "quick" }) },
  slow: { version: "slow@v1", model: createMarkovModel({ modelId: "slow", tokenDelayMs: 20 }) },
};
const gateway = await startGateway({ directory: new MarkovDirectory(models) });
process.stdin.resume().on("end", () => void gateway.close().then(() => process.exit(0)));
console.log(gateway.url);
