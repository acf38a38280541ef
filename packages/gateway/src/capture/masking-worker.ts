// The thread in which masking happens: some 10 MB a second, so one long request would hold up everybody else's.
import { parentPort } from "node:worker_threads";
import { createMasker } from "@homegrown/data";
import { toMaskedContent } from "./masked-content.ts";
import type { MaskingJob, MaskingReply } from "./masking-messages.ts";
import { toReadable } from "./readable-content.ts";

const masker = createMasker();

parentPort!.on("message", (job: MaskingJob) => parentPort!.postMessage(work(job)));

function work(job: MaskingJob): MaskingReply {
  try {
    if (job.kind === "content") return { kind: "content", content: toMaskedContent(job.content, masker) };
    return { kind: "value", value: masker.maskJson(toReadable(job.value)).value };
  } catch {
    return { kind: "failed" };
  }
}
