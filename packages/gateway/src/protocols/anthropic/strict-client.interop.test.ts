// Anthropic's Python SDK in its strict mode: every field of every answer and event must be of its declared type.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { it } from "node:test";
import { promisify } from "node:util";
import { ensurePython } from "@homegrown/testing";
import { ANSWERS, startAnswering } from "./messages/answers.fixture.ts";

const run = promisify(execFile);
const PACKAGES = ["anthropic==2.12.0"];

/** Whole and streamed, by both of the SDK's faces; prints what differs. */
const SCRIPT = `
import sys, anthropic
client = anthropic.Anthropic(base_url=sys.argv[1], api_key="test", max_retries=0, _strict_response_validation=True)

def plain(message):
    fields = message.to_dict()
    for holder in [fields, *fields["content"]]:
        holder.pop("parsed_output", None)
    return fields

for name in sys.argv[2:]:
    request = dict(model=name, max_tokens=100, messages=[{"role": "user", "content": "Hello"}])
    for messages in (client.messages, client.beta.messages):
        whole = messages.create(**request)
        with messages.stream(**request) as stream:
            streamed = stream.get_final_message()
        if plain(whole) != plain(streamed):
            print(name, "whole", plain(whole), "streamed", plain(streamed))
    for event in client.messages.create(**request, stream=True):
        pass
`;

it("every answer passes the Python SDK's strict validation, whole and streamed alike", async () => {
  const python = await ensurePython(PACKAGES);
  const server = await startAnswering();
  try {
    const names = Object.keys(ANSWERS);
    const { stdout } = await run(python, ["-c", SCRIPT, server.url, ...names]);
    assert.equal(stdout, "");
    assert.equal(server.bodies.length, 5 * names.length);
  } finally {
    await server.close();
  }
});
