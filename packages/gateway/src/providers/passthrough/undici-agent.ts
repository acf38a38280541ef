// undici's Agent without the rest of the package: its fetch, WebSocket, caches and mocks are half of what it loads,
// and a start has no use for them. For `dispatch` only: `request` and its kind are added by the whole package.
import { createRequire } from "node:module";
import type { Agent as AgentClass } from "undici";

const require = createRequire(import.meta.url);

export const Agent = require("undici/lib/dispatcher/agent.js") as typeof AgentClass;
export type Agent = AgentClass;
