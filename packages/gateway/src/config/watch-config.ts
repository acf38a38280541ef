// Reads a configuration again when its file changes, or when asked to. A bad one changes nothing but is told.
import { watch } from "node:fs";
import { dirname } from "node:path";
import { loadConfig, readDigest } from "./load-config.ts";
import type { LoadedConfig, LoadOptions } from "./load-config.ts";

export interface WatchOptions extends LoadOptions {
  /** A new configuration. Where this throws or rejects, the old one stays, and `onError` hears of it. */
  onChange: (loaded: LoadedConfig) => void | Promise<void>;
  /** Why the old one stays. */
  onError: (error: unknown) => void;
  /** Quiet time after a change: editors write in several steps. Default 100 ms. */
  debounceMs?: number;
}

export interface ConfigWatcher {
  /**
   * Reads the file now, changed or not: what it imports may have changed. Resolves when that is done, whatever
   * came of it.
   */
  reload(): Promise<void>;
  close(): void;
}

const DEFAULT_DEBOUNCE_MS = 100;
/** Changes that never stop are looked at all the same. */
const MAX_WAIT_MS = 1000;

/** Holds no process open. `loaded` is the configuration that is in use. */
export function watchConfig(loaded: LoadedConfig, options: WatchOptions): ConfigWatcher {
  const { onChange, onError, debounceMs = DEFAULT_DEBOUNCE_MS, ...loadOptions } = options;
  const { path } = loaded;
  let digest: string | undefined = loaded.digest;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let firstChangeAt: number | undefined;
  let running: Promise<void> = Promise.resolve();

  const load = async (): Promise<void> => {
    try {
      const next = await loadConfig(path, loadOptions);
      digest = next.digest;
      if (!isClosed) await onChange(next);
    } catch (error) {
      if (!isClosed) onError(error);
    }
  };
  const check = async (): Promise<void> => {
    const seen = await readDigest(path);
    if (seen === digest || isClosed) return;
    // A bad file is told once, not at every event in its folder.
    digest = seen;
    await load();
  };
  // One at a time, so that the last change is the one that stays.
  const enqueue = (work: () => Promise<void>): Promise<void> => (running = running.then(work));
  const onEvent = (): void => {
    const now = performance.now();
    firstChangeAt ??= now;
    if (timer !== undefined && now - firstChangeAt > MAX_WAIT_MS) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      firstChangeAt = undefined;
      void enqueue(check);
    }, debounceMs);
    timer.unref();
  };

  // The folder, not the file: editors replace the file, and Kubernetes the link that leads to it.
  const watcher = watch(dirname(path), { persistent: false }, onEvent);
  watcher.on("error", onError);
  // What changed between the reading and the watching.
  onEvent();
  return {
    reload: () => enqueue(load),
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      watcher.close();
    },
  };
}
