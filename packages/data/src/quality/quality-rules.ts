import type { CodeLimits } from "./code-rules.ts";
import type { ProseLimits } from "./prose-rules.ts";
export type QualityOptions = "off" | { prose?: Partial<ProseLimits>; code?: Partial<CodeLimits> };
