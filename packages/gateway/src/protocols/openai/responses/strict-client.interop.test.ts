// OpenAI's Python SDK in its strict mode: every field of every answer and event must be of its declared type.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { it } from "node:test";
import { promisify } from "node:util";
import { ensurePython } from "@homegrown/testing";
import { startAnswering } from "./answering.fixture.ts";
import { renderInputItems } from "./input-items.ts";

const run = promisify(execFile);
const PACKAGES = ["openai==3.54.0"];

/** Whole and streamed, thoughts shown either way; prints what differs. */
const SCRIPT = `
import json, sys, openai
from openai._models import validate_type
from openai.types.responses import ResponseItemList

client = openai.OpenAI(base_url=sys.argv[1], api_key="test", max_retries=0, _strict_response_validation=True)
function = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}}
tools = [
    function,
    {"type": "custom", "name": "apply_patch", "format": {"type": "text"}},
    {"type": "namespace", "name": "ns", "description": "d", "tools": [function]},
    {"type": "web_search"},
]
formats = [{"type": "text"}, {"type": "json_schema", "name": "n", "schema": {"type": "object"}}]

for format in formats:
    for extra in ({}, {"reasoning": {"summary": "auto"}, "include": ["reasoning.encrypted_content"]}):
        request = dict(
            model="own", input="hi", tools=tools, text={"format": format}, metadata={"a": "b"}, user="u", **extra
        )
        whole = client.responses.create(**request)
        events = list(client.responses.create(stream=True, **request))
        final = events[-1].response
        for response in (whole, final):
            response.completed_at = 0
        if whole.to_dict() != final.to_dict():
            print("whole", whole.to_dict(), "streamed", final.to_dict())
        if [event.sequence_number for event in events] != list(range(len(events))):
            print("events are not numbered", [event.type for event in events])
validate_type(type_=ResponseItemList, value=json.loads(sys.argv[2]))
`;

const ITEMS = [
  { role: "user", content: "one" },
  { role: "assistant", content: "two" },
  { role: "developer", content: [{ type: "input_text", text: "three" }] },
  { type: "function_call", call_id: "c", name: "f", arguments: "{}" },
  { type: "function_call_output", call_id: "c", output: "42" },
];

it("every answer, event and list passes the Python SDK's strict validation", async () => {
  const python = await ensurePython(PACKAGES);
  const server = await startAnswering();
  const list = renderInputItems({ id: "resp_1", input: JSON.stringify(ITEMS) }, new URLSearchParams());
  try {
    const { stdout } = await run(python, ["-c", SCRIPT, server.url, list]);
    assert.equal(stdout, "");
  } finally {
    server.close();
  }
});
