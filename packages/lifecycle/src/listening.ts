import type { ProgressListener } from "@homegrown/contracts";

/** Who may stop a piece of work, and who watches it. */
export interface Listening {
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** Only that part of a stage's options, to hand on. */
export function listening({ signal, onProgress }: Listening): Listening {
  return { ...(signal && { signal }), ...(onProgress && { onProgress }) };
}
