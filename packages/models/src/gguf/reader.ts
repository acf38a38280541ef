import type { GgufHeader } from "./header.ts";
export async function readGgufHeader(_file: string): Promise<GgufHeader> {
  throw new Error("being written");
}
