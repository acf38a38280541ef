// The scripted upstream as a process: tells its parent its port, and ends when the parent does.
import { ScriptedServer } from "./serve-scripted.ts";

const port = await new ScriptedServer().listen();
process.once("disconnect", () => process.exit(0));
process.send?.({ port });
