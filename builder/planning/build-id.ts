/**
 * Names the code that is running: the digest of all of it, which `.ci/bundle.mjs` writes in here. Undefined where the
 * compiled files run as they are: then nothing that other code may have derived is taken from the store.
 */
export const buildId: string | undefined = undefined;
