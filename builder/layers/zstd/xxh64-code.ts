/** What .ci/xxh64-wasm.mjs assembles: WebAssembly, in base64. */
export const XXH64_CODE =
  "AGFzbQEAAAABBgFgAn9/AAMCAQAFAwEAAQcUAgZtZW1vcnkCAAdzdHJpcGVzAAAK4QEB3gEBBH5BACkDACECQQApAwghA0EAKQMQ" +
  "IQRBACkDGCEFA0AgAiAAKQMAQs/W077Sx6vZQn58Qh+JQoeVr6+Ytt6bnn9+IQIgAyAAKQMIQs/W077Sx6vZQn58Qh+JQoeVr6+Y" +
  "tt6bnn9+IQMgBCAAKQMQQs/W077Sx6vZQn58Qh+JQoeVr6+Ytt6bnn9+IQQgBSAAKQMYQs/W077Sx6vZQn58Qh+JQoeVr6+Ytt6b" +
  "nn9+IQUgAEEgaiEAIAAgAUZFDQALQQAgAjcDAEEAIAM3AwhBACAENwMQQQAgBTcDGAs=";

/** Where its memory has the four accumulators, and where stripes are read from. */
export const XXH64_PLACES = { state: 0, input: 64 } as const;
