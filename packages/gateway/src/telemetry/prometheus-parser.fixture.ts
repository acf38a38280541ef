// Reads Prometheus' text format as its documentation describes it, and takes nothing else.
export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /^([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/;

/** Throws for text that is not in the format. */
export function parsePrometheus(text: string): { samples: Sample[]; types: Map<string, string> } {
  if (!text.endsWith("\n")) throw new Error("The last line has no end.");
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  for (const line of text.slice(0, -1).split("\n")) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (type) {
      if (types.has(type[1]!)) throw new Error(`Two types: ${line}`);
      types.set(type[1]!, type[2]!);
    }
    if (line.startsWith("# HELP ") || type) continue;
    const match = SAMPLE.exec(line);
    if (!match) throw new Error(`No sample: ${line}`);
    const value = match[3] === "+Inf" ? Infinity : Number(match[3]);
    if (Number.isNaN(value) && match[3] !== "NaN") throw new Error(`No number: ${line}`);
    const base = match[1]!.replace(/_(bucket|sum|count)$/, "");
    if (!types.has(match[1]!) && types.get(base) !== "histogram") throw new Error(`No type: ${line}`);
    samples.push({ name: match[1]!, labels: parseLabels(match[2] ?? "", line), value });
  }
  const seen = new Set(samples.map(({ name, labels }) => name + JSON.stringify(labels)));
  if (seen.size !== samples.length) throw new Error("A series is there twice.");
  return { samples, types };
}

function parseLabels(list: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = list; rest !== "";) {
    const match = LABEL.exec(rest);
    if (!match) throw new Error(`No labels: ${line}`);
    labels[match[1]!] = match[2]!.replace(/\\([\\"n])/g, (_, char: string) => (char === "n" ? "\n" : char));
    rest = rest.slice(match[0].length);
  }
  return labels;
}
