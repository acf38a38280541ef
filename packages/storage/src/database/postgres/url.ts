import { HomegrownError } from "@homegrown/contracts";
import type { Client } from "pg";

/**
 * What may be shown of a connection string: `postgres://user@host:port/database`, never its password. `client`
 * is pg's class, whose reading of the string is the one that counts. Throws `storage/bad-database-url`.
 */
export function toLocation(url: string, client: typeof Client): string {
  if (!/^postgres(ql)?:\/\//.test(url)) throw badUrl("it does not begin with postgres://");
  // A password with a bare '/', '?' or '#' ends the part that holds it: its rest would be taken for a name.
  const [authority = ""] = url.replace(/^\w+:\/\//, "").split(/[/?#]/);
  if (url.lastIndexOf("@") > url.indexOf("://") + 2 + authority.length) {
    throw badUrl("it has an '@' after the host");
  }
  if (url.includes("#")) throw badUrl("it has a '#'");
  try {
    const { user, host, port, database } = new client({ connectionString: url });
    return `postgres://${user ?? ""}@${host}:${port}/${database ?? ""}`;
  } catch {
    // The cause would hold the whole string.
    throw badUrl("it cannot be parsed");
  }
}

function badUrl(why: string): HomegrownError {
  return new HomegrownError({
    code: "storage/bad-database-url",
    kind: "invalid-input",
    message: `the connection string of the database cannot be used: ${why}`,
    hint: "Write postgres://user:password@host:5432/database; in the password write / as %2F, ? as %3F, # as %23 and @ as %40.",
  });
}
