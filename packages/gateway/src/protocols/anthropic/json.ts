import type { ChatCall } from "@homegrown/contracts";

type ProviderOptions = NonNullable<ChatCall["providerOptions"]>;

/** What `JSON.parse` makes of an object, as the ports type it. */
export type JsonObject = ProviderOptions[string];
export type JsonValue = Exclude<JsonObject[string], undefined>;
/** Extras of one provider family each: `providerOptions` on the way in, `providerMetadata` on the way out. */
export type ProviderExtras = ProviderOptions;
