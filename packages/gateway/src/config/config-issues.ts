// What is wrong with a configuration, one line each: where, what, and what to do. Values are never repeated:
// somebody may have written a secret there.
import type { z } from "zod";

export interface ConfigIssue {
  /** As one would write it, for example `routes.fast.targets[0]`. */
  path: string;
  message: string;
}

type Issue = z.core.$ZodIssue;

export function toIssues(error: z.ZodError): ConfigIssue[] {
  return error.issues.flatMap((issue) => flatten(issue, []));
}

export function formatPath(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => {
    if (typeof part === "number") return `[${part}]`;
    const name = String(part);
    return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
  });
  return parts.join("").replace(/^\./, "") || "the configuration";
}

function flatten(issue: Issue, above: readonly PropertyKey[]): ConfigIssue[] {
  const path = [...above, ...issue.path];
  if (issue.code === "invalid_union" && issue.errors.length > 0) return flattenUnion(issue.errors, path);
  if (issue.code === "invalid_key" || issue.code === "invalid_element") {
    return issue.issues.map(({ message }) => ({ path: formatPath(path), message: `as a name, ${message}` }));
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: formatPath([...path, key]),
      message: "is not a setting here: correct its name, or remove it",
    }));
  }
  return [{ path: formatPath(path), message: issue.message.replace(/^Invalid input: /, "") }];
}

/** Of the forms that a value may take, the one that was meant: the one whose own kind fits. */
function flattenUnion(branches: readonly (readonly Issue[])[], path: readonly PropertyKey[]): ConfigIssue[] {
  const isOtherKind = (issues: readonly Issue[]): boolean =>
    issues.some((issue) => issue.code === "invalid_type" && issue.path.length === 0);
  const meant = branches.filter((issues) => !isOtherKind(issues));
  const [first] = meant.length > 0 ? meant : branches;
  if (meant.length > 0) return first!.flatMap((issue) => flatten(issue, path));
  const kinds = branches.flatMap((issues) =>
    issues.flatMap((issue) => (issue.code === "invalid_type" ? issue.expected : [])),
  );
  return [{ path: formatPath(path), message: `expected ${[...new Set(kinds)].join(" or ")}` }];
}
