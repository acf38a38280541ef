// What the gateway keeps to learn from, and what applications say about it. One thread masks for both.
import { CaptureStore } from "../capture/capture-store.ts";
import { MaskingThread } from "../capture/masking-thread.ts";
import { createFeedbackStore } from "../feedback/create-feedback-store.ts";
import type { FeedbackStore } from "../feedback/feedback.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import type { GatewayDatabase } from "./gateway-database.ts";

export interface CapturingOptions {
  database: GatewayDatabase;
  state: GatewayState;
  retentionDays: () => number;
  onFault: (error: unknown) => void;
}

export interface Capturing {
  captures: CaptureStore;
  feedback: FeedbackStore;
  /** Writes what waits; the ledger is still open. */
  close(): Promise<void>;
}

export function createCapturing({ database, state, retentionDays, onFault }: CapturingOptions): Capturing {
  const masking = new MaskingThread();
  const captures = new CaptureStore({ database, masking, retentionDays, onFault });
  const feedback = createFeedbackStore({
    database,
    masking,
    flushLedger: () => state.writer.flush(),
    admit: (key) => state.limiter.admit(key, { tokens: 0, stream: false }).settle(0),
  });
  return {
    captures,
    feedback,
    async close() {
      try {
        await captures.close();
      } finally {
        await masking.close();
      }
    },
  };
}
