import type { FlagTable } from "../../types.ts";

const GROUP = "As kaniko calls them";

/** What kaniko's users write, so that a pipeline changes the image it runs and nothing else. */
export const KANIKO_FLAGS = {
  context: { value: "DIR", group: GROUP, doc: "PATH; dir:// and git:// before it are understood" },
  dockerfile: { value: "FILE", group: GROUP, doc: "--file; looked for in the context as well" },
  destination: { value: "NAME[:TAG]", repeat: true, group: GROUP, doc: "--tag and --push" },
  "no-push": { group: GROUP, doc: "Do not push to the destinations" },
  "cache-repo": { value: "NAME", group: GROUP, doc: "--cache-from and --cache-to of a registry, mode=max" },
  "digest-file": { value: "FILE", group: GROUP, doc: "Write the digest of the manifest to a file" },
} as const satisfies FlagTable;

/** What kaniko has and nobody needs here, with what to do instead. */
export const MISSING_KANIKO_FLAGS: Readonly<Record<string, string | undefined>> = {
  cache: "the cache is always there; --no-cache runs every step, --cache-repo shares it",
  "cache-copy-layers|cache-run-layers|compressed-caching": "every step is cached",
  "context-sub-path": "write it behind the PATH: DIR/SUB, or URL#REF:SUB for a repository",
  "custom-platform": "write --platform",
  "image-name-with-digest-file|image-name-tag-with-digest-file": "--metadata-file has names and digest",
  "oci-layout-path": "write -o type=oci,dest=FILE",
  "registry-mirror|insecure|insecure-pull|insecure-registry|skip-tls-verify|skip-tls-verify-pull|registry-certificate|registry-client-cert":
    "registries are configured once for all commands: docs/registries.md",
  reproducible: "layers are always reproducible; SOURCE_DATE_EPOCH=0 sets the times",
  "single-snapshot|snapshot-mode|use-new-run|cleanup|force":
    "leave it out: each step is diffed by itself, and nothing outside it changes",
  "tar-path": "write -o type=docker,dest=FILE",
  verbosity: "write --progress plain, or --debug for errors",
};
