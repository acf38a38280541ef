import { createMarkovModel, MarkovDirectory, openAiContract } from "@homegrown/testing";
import { startGateway } from "./index.ts";

openAiContract({
  name: "gateway over a byte model",
  async start() {
    const model = createMarkovModel({ modelId: "garden" });
    const directory = new MarkovDirectory({ garden: { version: "garden@1", model } });
    const gateway = await startGateway({ directory });
    return { url: gateway.url, model: "garden", close: () => gateway.close() };
  },
});
