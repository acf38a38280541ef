import type { ListedModel } from "@homegrown/contracts";
import type { ModelPage } from "./paging.ts";

export function renderModelPage({ models, hasMore }: ModelPage): string {
  return (
    `{"data":[${models.map(renderModel).join(",")}],"has_more":${hasMore},` +
    `"first_id":${JSON.stringify(models.at(0)?.id ?? null)},"last_id":${JSON.stringify(models.at(-1)?.id ?? null)}}`
  );
}

/** What the gateway does not know of a model is null: behind one name may stand several models. */
export function renderModel({ id, createdAt }: ListedModel): string {
  return JSON.stringify({
    type: "model",
    id,
    display_name: id,
    created_at: createdAt.toISOString().replace(/\.\d{3}Z$/, "Z"),
    lifecycle: "active",
    line: null,
    capabilities: null,
    max_input_tokens: null,
    max_tokens: null,
    deprecated_at: null,
    retires_at: null,
  });
}
