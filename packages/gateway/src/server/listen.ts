import type { Server } from "node:http";
import { HomegrownError } from "@homegrown/contracts";

/** Starts listening; an address that cannot be had is an error that says what to do. */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(toListenError(error, host, port));
    server.once("error", onError);
    server.listen({ host: host.replace(/^\[|\]$/g, ""), port }, () => {
      server.off("error", onError);
      resolve();
    });
  });
}

function toListenError(cause: NodeJS.ErrnoException, host: string, port: number): HomegrownError {
  const where = `${host}:${port}`;
  switch (cause.code) {
    case "EADDRINUSE":
      return new HomegrownError({
        code: "gateway/port-in-use",
        kind: "conflict",
        message: `Cannot listen on ${where}: another program listens there.`,
        hint: "Choose another port, port 0 for any free one, or stop the other program.",
        cause,
      });
    case "EACCES":
      return new HomegrownError({
        code: "gateway/port-forbidden",
        kind: "invalid-input",
        message: `Cannot listen on ${where}: the system does not let this user.`,
        hint: "Choose a port above 1023.",
        cause,
      });
    default:
      return new HomegrownError({
        code: "gateway/address-unavailable",
        kind: "unavailable",
        message: `Cannot listen on ${where}: ${cause.code ?? cause.message}.`,
        hint: "Use 127.0.0.1 as the host.",
        cause,
      });
  }
}
