import type { Hook, HookPhase, JsonMasker } from "./hook.ts";

/** Replaces secrets and personal data by what the masker puts in their place. */
export function createMaskHook(
  name: string,
  config: { on: HookPhase | "both"; buffer: boolean },
  masker: JsonMasker,
): Hook {
  return {
    name,
    phases: toPhases(config.on),
    buffer: config.buffer,
    observes: false,
    run: (_phase, value) => {
      const masked = masker.maskJson(value);
      const isMasked = Object.values(masked.counts).some((count) => count !== undefined && count > 0);
      if (!isMasked) return { action: "allow" };
      return { action: "replace", value: masked.value, counts: masked.counts };
    },
  };
}

export function toPhases(on: HookPhase | "both"): readonly HookPhase[] {
  return on === "both" ? ["before", "after"] : [on];
}
