import { hostname, userInfo } from "node:os";

/** Who runs this command, as the histories of keys and budgets name them: `user@host`. */
export function currentActor(): string {
  return `${currentUser()}@${hostname()}`;
}

function currentUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under an id that no user has.
    return `uid-${process.getuid?.() ?? "unknown"}`;
  }
}
