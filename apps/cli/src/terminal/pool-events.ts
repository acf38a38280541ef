import type { PoolEvent } from "@homegrown/serving";

/** What happens to served versions while nobody asks, as lines on standard error. */
export function reportPoolEvent(event: PoolEvent): void {
  process.stderr.write(`${describe(event)}\n`);
}

function describe(event: PoolEvent): string {
  switch (event.event) {
    case "version-swap":
      return `${event.name}: ${event.to} answers now instead of ${event.from} (${event.milliseconds} ms)`;
    case "version-refuse":
      return `${event.error.code}: ${event.refused} was not loaded, ${event.kept} goes on: ${event.error.message}\n  hint: ${event.error.hint}`;
    case "version-retire":
      return `${event.name}: ${event.version} has finished its last request`;
  }
}
