// Writes `docs/clients.md` and prints it. Run after a change of the matrix.
import { writeFile } from "node:fs/promises";
import { renderMatrixPage } from "./matrix-page.ts";
import { CLIENTS_PAGE, readPinnedVersions } from "./pinned-versions.ts";

const page = renderMatrixPage(await readPinnedVersions());
await writeFile(CLIENTS_PAGE, page);
process.stdout.write(page);
