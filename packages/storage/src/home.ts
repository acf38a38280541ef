import { join, resolve } from "node:path";

/** Absolute paths of what lies in one HOMEGROWN_HOME. Nothing is created by asking. */
export interface HomePaths {
  root: string;
  models: string;
  runs: string;
  data: string;
  blobs: string;
  keys: string;
  locks: string;
  database: string;
}

export function homePaths(home: string): HomePaths {
  const root = resolve(home);
  return {
    root,
    models: join(root, "models"),
    runs: join(root, "runs"),
    data: join(root, "data"),
    blobs: join(root, "blobs"),
    keys: join(root, "keys"),
    locks: join(root, "locks"),
    database: join(root, "homegrown.db"),
  };
}
