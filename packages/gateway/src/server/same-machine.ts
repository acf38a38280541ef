// Before there are keys, being on this machine is the only credential. A web page that the machine's user
// visits must not borrow it: not by a name of its own that resolves to 127.0.0.1 (DNS rebinding shows in the
// Host header), and not by calling across origins (shows in the Origin header).
import { isIPv4 } from "node:net";
import type { IncomingHttpHeaders } from "node:http";
import { HomegrownError } from "@homegrown/contracts";

/** Whether a host name or literal address, without a port, means this machine only. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase();
  return (
    name === "localhost" || name === "::1" || name === "[::1]" || (isIPv4(name) && name.startsWith("127."))
  );
}

/** Throws `gateway/host-refused` or `gateway/origin-refused` unless both headers name this machine. */
export function checkSameMachine(headers: IncomingHttpHeaders, allowedHosts: ReadonlySet<string>): void {
  const { host, origin } = headers;
  if (host === undefined || !isAllowed(hostnameOf(host), allowedHosts)) {
    throw refused(
      "gateway/host-refused",
      "The request's Host header names no loopback host.",
      "Call the server as localhost or 127.0.0.1, or start it with this name among its allowed hosts.",
    );
  }
  if (origin !== undefined && !isAllowed(originHostname(origin), allowedHosts)) {
    throw refused(
      "gateway/origin-refused",
      "The request comes from a web page of another origin.",
      "Call the server from a page on localhost, or start it with the page's host among its allowed hosts.",
    );
  }
}

function isAllowed(hostname: string | undefined, allowedHosts: ReadonlySet<string>): boolean {
  return hostname !== undefined && (isLoopback(hostname) || allowedHosts.has(hostname.toLowerCase()));
}

function hostnameOf(host: string): string | undefined {
  return /^(\[[0-9a-fA-F:.]+\]|[^:[\]/@\s]+)(?::\d{1,5})?$/.exec(host)?.[1];
}

/** A sandboxed page sends the origin `null`: it has no host, so it is refused. */
function originHostname(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).hostname || undefined : undefined;
}

function refused(code: string, message: string, hint: string): HomegrownError {
  return new HomegrownError({ code, kind: "invalid-input", message, hint });
}
