import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createProcessMetrics } from "./process-metrics.ts";

it("process metrics show memory, CPU and a loop that was held up", async () => {
  const { instruments, close } = createProcessMetrics();
  try {
    await sleep(60);
    const until = performance.now() + 150;
    while (performance.now() < until);
    await sleep(60);
    const values = new Map<string, number>();
    for (const instrument of instruments) {
      if (instrument.kind === "histogram") continue;
      for (const { value } of instrument.read()) values.set(instrument.definition.name, value);
    }
    assert.ok(
      values.get("nodejs.eventloop.delay.max")! > 0.1,
      String(values.get("nodejs.eventloop.delay.max")),
    );
    assert.ok(values.get("nodejs.eventloop.delay.p50")! <= values.get("nodejs.eventloop.delay.max")!);
    assert.ok(values.get("process.memory.usage")! > 1e7);
    assert.ok(values.get("process.cpu.time")! >= 0);
    const utilization = values.get("nodejs.eventloop.utilization")!;
    assert.ok(utilization > 0.2 && utilization <= 1, String(utilization));
    assert.ok(values.get("v8js.memory.heap.used")! < values.get("v8js.memory.heap.limit")!);
  } finally {
    close();
  }
});
