/** What of it is used here: Node has it, and its types do not. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** What .ci/wasm.mjs assembled, in base64, as a machine of its own: its memory and its functions. */
export function startWasm<Functions>(code: string): Functions & { readonly memory: ArrayBuffer } {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(code, "base64")));
  const { memory, ...functions } = exports as Functions & {
    readonly memory: { readonly buffer: ArrayBuffer };
  };
  return { ...(functions as Functions), memory: memory.buffer };
}
