import { describeGatewayState } from "./gateway-state.contract.ts";
import { createTestStore } from "./store.fixture.ts";

describeGatewayState("SQLite", createTestStore);
