import type { ModelInspection } from "@homegrown/contracts";
import type { HostSupervisor } from "../host/host-supervisor.ts";
import type { LoadedModelInfo } from "../host/messages.ts";

/** What parity looks at, answered by the very process that serves. */
export function createInspection(supervisor: HostSupervisor, info: LoadedModelInfo): ModelInspection {
  return {
    renderChat: async (messages) => (await supervisor.call({ method: "render-chat", messages })) as string,
    encodeChat: async (messages) => (await supervisor.call({ method: "encode-chat", messages })) as number[],
    tokenize: async (text) => (await supervisor.call({ method: "tokenize", text })) as number[],
    stopIds: async () => info.stopIds,
    scoreTokens: async (ids) => (await supervisor.call({ method: "score", ids })) as Float32Array,
    cacheType: info.cacheType,
  };
}
