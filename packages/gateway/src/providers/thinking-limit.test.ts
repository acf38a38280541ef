import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ChatCall } from "@homegrown/contracts";
import { limitThinking } from "./thinking-limit.ts";

const PROMPT: ChatCall["prompt"] = [{ role: "user", content: [{ type: "text", text: "Hi" }] }];

function budgetOf({ providerOptions }: ChatCall): number {
  const thinking = providerOptions?.["anthropic"]?.["thinking"] as { budgetTokens?: number } | undefined;
  return thinking?.budgetTokens ?? 0;
}

describe("the limit on an answer that is thought about", () => {
  it("holds for thinking and answer together", () => {
    const anthropic = { thinking: { type: "enabled", budgetTokens: 1024 } };
    const explicit: ChatCall = { prompt: PROMPT, maxOutputTokens: 2000, providerOptions: { anthropic } };
    const limited = limitThinking(explicit, false);
    assert.deepEqual([limited.call.maxOutputTokens, budgetOf(limited.call)], [976, 1024]);
    for (const reasoning of ["minimal", "low", "medium", "high", "xhigh"] as const) {
      for (const maxOutputTokens of [2048, 5000, 64_000]) {
        const { call, dropped } = limitThinking({ prompt: PROMPT, maxOutputTokens, reasoning }, false);
        assert.equal(dropped, false);
        assert.equal(call.maxOutputTokens! + budgetOf(call), maxOutputTokens);
        assert.ok(budgetOf(call) >= 1024 && call.maxOutputTokens! > 0);
        assert.equal(call.reasoning, undefined);
      }
    }
  });

  it("leaves no room to think where it is small, and says so", () => {
    const short = limitThinking({ prompt: PROMPT, maxOutputTokens: 500, reasoning: "high" }, false);
    assert.deepEqual(short, { call: { prompt: PROMPT, maxOutputTokens: 500 }, dropped: true });
  });

  it("is nothing to models that limit themselves, and to calls without a limit or a thought", () => {
    const calls: [ChatCall, boolean][] = [
      [{ prompt: PROMPT, maxOutputTokens: 500, reasoning: "high" }, true],
      [{ prompt: PROMPT, reasoning: "high" }, false],
      [{ prompt: PROMPT, maxOutputTokens: 500, reasoning: "none" }, false],
      [{ prompt: PROMPT, maxOutputTokens: 500 }, false],
    ];
    for (const [call, adapts] of calls) assert.equal(limitThinking(call, adapts).call, call);
  });
});
