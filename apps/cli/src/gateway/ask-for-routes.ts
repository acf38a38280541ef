import type { RouteDescription } from "@homegrown/gateway";

export interface Answer {
  routes?: readonly RouteDescription[];
  /** Where several processes share a port, the one that answered. */
  process?: number;
  /** Why there are no routes. */
  why?: string;
}

const TIMEOUT_MS = 3000;
const MAX_BYTES = 16 * 1024 * 1024;

/** Asks a running gateway; never throws for what may well be: that none runs there, or that it says no. */
export async function askForRoutes(url: string, key: string | undefined): Promise<Answer> {
  if (!URL.canParse(url)) return { why: "that is no address" };
  try {
    const response = await fetch(new URL("/routes", url), {
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      return { why: `it answered with status ${response.status}` };
    }
    const length = Number(response.headers.get("content-length") ?? Number.POSITIVE_INFINITY);
    if (length > MAX_BYTES) return { why: "what answers there is no gateway" };
    const value = (await response.json()) as Answer | null;
    return Array.isArray(value?.routes) ? value : { why: "what answers there is no gateway" };
  } catch (error) {
    return { why: describe(error) };
  }
}

function describe(error: unknown): string {
  if (error instanceof SyntaxError) return "what answers there is no gateway";
  if (error instanceof Error && error.name === "TimeoutError") return `no answer within ${TIMEOUT_MS} ms`;
  const { cause } = error as { cause?: NodeJS.ErrnoException };
  return cause?.code === "ECONNREFUSED" ? "nothing listens there" : (cause?.code ?? "no connection");
}
