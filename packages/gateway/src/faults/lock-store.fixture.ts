// Another process that takes SQLite's write lock: from the file's name on until it is told to let go.
import { DatabaseSync } from "node:sqlite";

const database = new DatabaseSync(process.argv[2]!);
database.exec("begin immediate");
process.send!("locked");
process.once("message", () => {
  database.exec("rollback");
  database.close();
  process.disconnect();
});
process.once("disconnect", () => process.exit(0));
