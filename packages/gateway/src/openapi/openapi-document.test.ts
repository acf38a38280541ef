import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { z } from "zod";
import { ENDPOINTS as SCOPES } from "../core/dialect.ts";
import { startGateway } from "../index.ts";
import { PROTOCOLS } from "../server/start-server.ts";
import { ENDPOINTS } from "./endpoints.ts";
import { createOpenApiDocument } from "./openapi-document.ts";
import type { OpenApiDocument } from "./openapi-document.ts";
import { REQUESTS } from "./requests.fixture.ts";

describe("OpenAPI document", () => {
  let document: OpenApiDocument;
  before(() => {
    document = createOpenApiDocument();
  });

  it("has an operation for every front, and an entry for nothing else", () => {
    for (const { name, fronts } of PROTOCOLS) {
      for (const { method, path } of fronts) {
        const { below = {}, onlyBelow } = ENDPOINTS[name]![`${method} ${path}`]!;
        const places = [...(onlyBelow ? [] : [path]), ...Object.keys(below).map((end) => path + end)];
        assert.ok(places.length > 0);
        for (const place of places) {
          const operation = document.paths[place]?.[method.toLowerCase()];
          assert.ok(operation, `${method} ${place}`);
          assert.ok(operation.tags.includes(name));
        }
      }
      const described = fronts.map(({ method, path }) => `${method} ${path}`);
      assert.deepEqual(Object.keys(ENDPOINTS[name]!).toSorted(), described.toSorted(), name);
    }
    assert.deepEqual(Object.keys(ENDPOINTS).toSorted(), PROTOCOLS.map(({ name }) => name).toSorted());
  });

  it("is whole: references lead somewhere, ids are unique, path parameters are declared", () => {
    let numReferences = 0;
    const visit = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      for (const [key, child] of Object.entries(value)) {
        if (key === "$ref") {
          numReferences++;
          assert.ok(resolve(document, String(child)), String(child));
        } else visit(child);
      }
    };
    visit(document);
    assert.ok(numReferences > 50);
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, operation })),
    );
    assert.equal(new Set(operations.map(({ operation }) => operation.operationId)).size, operations.length);
    for (const { path, operation } of operations) {
      assert.ok(operation.summary !== "" && Object.keys(operation.responses).length > 0);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = ((operation.parameters ?? []) as { name: string; in: string }[])
        .filter((parameter) => parameter.in === "path")
        .map(({ name }) => name);
      assert.deepEqual(declared, inPath, path);
    }
    assert.match(document.openapi, /^3\.1\.\d+$/);
  });

  it("names the endpoint that a key needs", () => {
    const texts = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ description = "" }) => description),
    );
    for (const scope of SCOPES) {
      assert.ok(
        texts.some((text) => text.includes(`"${scope}"`)),
        scope,
      );
    }
  });

  it("describes requests by schemas that take what clients send, and not what fronts refuse", () => {
    const { schemas } = document.components;
    const requests = Object.keys(schemas).filter((name) => !name.endsWith("Error"));
    assert.deepEqual(requests.toSorted(), Object.keys(REQUESTS).toSorted());
    for (const [name, { fits, fails }] of Object.entries(REQUESTS)) {
      const schema = z.fromJSONSchema(schemas[name] as Parameters<typeof z.fromJSONSchema>[0]);
      for (const request of fits) {
        const { success, error } = schema.safeParse(request);
        assert.ok(success, `${name}: ${error?.message}`);
      }
      assert.ok(!schema.safeParse(fails).success, name);
      const own = ownSchema(name);
      for (const request of fits) assert.ok(own.safeParse(request).success, `the front refuses: ${name}`);
      assert.ok(!own.safeParse(fails).success, `the front takes: ${name}`);
      assert.equal((schemas[name] as { type: string }).type, "object");
    }
  });

  it("says what becomes of each field", () => {
    const { properties } = document.components.schemas["ChatCompletionRequest"] as {
      properties: Record<string, { description?: string; type?: unknown }>;
    };
    assert.match(properties["audio"]!.description!, /^Refused /);
    assert.match(properties["verbosity"]!.description!, /x-homegrown-dropped/);
    assert.match(properties["temperature"]!.description!, /^For every model/);
  });

  it("is served to anybody, and the same each time", async () => {
    const gateway = await startGateway({});
    const answers = await Promise.all([1, 2].map(() => fetch(`${gateway.url}/openapi.json`)));
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    await gateway.close();
    assert.equal(answers[0]!.headers.get("content-type"), "application/json; charset=utf-8");
    assert.equal(texts[0], texts[1]);
    assert.deepEqual(JSON.parse(texts[0]!), JSON.parse(JSON.stringify(document)));
  });
});

/** What the front itself checks with. */
function ownSchema(name: string): z.ZodType {
  const all = Object.values(ENDPOINTS).flatMap((endpoints) => Object.values(endpoints));
  return all.find(({ request }) => request?.name === name)!.request!.schema;
}

function resolve(document: object, reference: string): unknown {
  assert.ok(reference.startsWith("#/"), reference);
  let value: unknown = document;
  for (const part of reference.slice(2).split("/"))
    value = (value as Record<string, unknown> | undefined)?.[part];
  return value;
}
