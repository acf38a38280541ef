import { setFlagsFromString } from "node:v8";

const GROWTH_PERCENT = 50;

/**
 * For a process that is a gateway and little else, before its first request. Left to itself V8 lets old garbage
 * grow to several times what is in use before it collects it: under faults 300 MB where 45 are in use, and 190 so.
 */
export function boundHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
