// The least that a gateway on node can do: read a body, parse it, name another model, send it on over undici, parse
// the answer, count its tokens, send it back. No keys, limits, budgets, rows, retries, time limits or streams. What
// ours costs above this is what it does.
//   node bench/gateway/floor.ts PORT UPSTREAM
import { createServer } from "node:http";
import { Pool } from "undici";

const [port, upstream] = process.argv.slice(2) as [string, string];
const pools = new Map<string, Pool>();
let numTokens = 0;

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const asked = JSON.parse(Buffer.concat(chunks).toString()) as { model: string };
    const kind = asked.model.replace(/^\w+-/, "");
    const body = Buffer.from(JSON.stringify({ ...asked, model: "bench-model" }));
    const pool = pools.get(upstream) ?? new Pool(upstream);
    pools.set(upstream, pool);
    const parts: Buffer[] = [];
    pool.dispatch(
      {
        path: `/${kind}/v1/chat/completions`,
        method: "POST",
        headers: { "content-type": "application/json", "content-length": String(body.length) },
        body,
      },
      {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData: (_, chunk) => void parts.push(chunk),
        onResponseEnd() {
          const answer = Buffer.concat(parts);
          const { usage } = JSON.parse(answer.toString()) as { usage: { total_tokens: number } };
          numTokens += usage.total_tokens;
          response.writeHead(200, { "content-type": "application/json", "content-length": answer.length });
          response.end(answer);
        },
        onResponseError() {
          response.writeHead(502);
          response.end();
        },
      },
    );
  });
}).listen(Number(port), "127.0.0.1");
process.on("SIGTERM", () => {
  console.log(`${numTokens} tokens`);
  process.exit(0);
});
