import type { ListedModel } from "@homegrown/contracts";

export function renderModelList(models: readonly ListedModel[]): string {
  return `{"object":"list","data":[${models.map(renderModel).join(",")}]}`;
}

export function renderModel({ id, createdAt, ownedBy }: ListedModel): string {
  return JSON.stringify({
    id,
    object: "model",
    created: Math.floor(createdAt.getTime() / 1000),
    owned_by: ownedBy,
  });
}
