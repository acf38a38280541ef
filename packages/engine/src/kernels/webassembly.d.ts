// The few WebAssembly declarations that the engine uses. TypeScript ships them only with the browser's
// library, which would bring `document` and `window` into scope.
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum: number; shared: true });
    readonly buffer: SharedArrayBuffer;
  }
  class Module {
    constructor(bytes: Uint8Array);
    /** Keeps modules apart from other objects; there is no such property. */
    private readonly module: never;
  }
  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory } });
    readonly exports: object;
  }
}
