import type { FlagTable } from "../../types.ts";
import { KANIKO_FLAGS, MISSING_KANIKO_FLAGS } from "./kaniko-flags.ts";
import { SANDBOX_FLAGS } from "../sandbox-flags.ts";

const IMAGE = "Image";
const CACHE = "Cache";
const SOURCES = "What is fetched";
const STEPS = "Steps";
const RESULT = "Result";
const DISPLAY = "Display";
const ASK = "Ask instead of building";

/** What `tsbuild build` takes. */
export const BUILD_FLAGS = {
  file: {
    short: "f",
    value: "FILE",
    group: IMAGE,
    doc: "Dockerfile, - for standard input",
    default: "PATH/Dockerfile",
  },
  tag: { short: "t", value: "NAME[:TAG]", repeat: true, group: IMAGE, doc: "Name the image" },
  target: { value: "STAGE", group: IMAGE, doc: "Build this stage", default: "the last one" },
  "build-arg": {
    value: "NAME[=VALUE]",
    repeat: true,
    group: IMAGE,
    doc: "Set a variable that ARG declares; without a value, from the environment",
  },
  "build-arg-file": {
    value: "FILE",
    repeat: true,
    group: IMAGE,
    doc: "Read build arguments from a file, one a line",
  },
  "build-context": {
    value: "NAME=SOURCE",
    repeat: true,
    group: IMAGE,
    doc: "Use a directory, a URL, docker-image:// or oci-layout:// wherever FROM or --from says NAME",
  },
  label: { value: "NAME=VALUE", repeat: true, group: IMAGE, doc: "Set a label of the image" },
  platform: {
    value: "OS/ARCH[,…]",
    repeat: true,
    group: IMAGE,
    doc: "Build for this platform; several make an index of images",
    default: "this machine's",
  },
  "no-cache": { group: CACHE, doc: "Run every step, whatever the cache has" },
  "no-cache-filter": {
    value: "STAGE[,STAGE]",
    repeat: true,
    group: CACHE,
    doc: "Run every step of these stages, whatever the cache has",
  },
  "cache-from": {
    value: "SOURCE",
    repeat: true,
    group: CACHE,
    doc: "Look up steps in a cache from elsewhere too: type=registry,ref=NAME, type=local,src=DIR, or an image's name",
  },
  "cache-to": {
    value: "DEST",
    repeat: true,
    group: CACHE,
    doc: "Write the cache of this build: type=registry,ref=NAME, type=local,dest=DIR or type=inline; mode=max for all stages",
  },
  "cache-ttl": {
    value: "DURATION",
    group: CACHE,
    doc: "Run steps again whose results are older: 90m, 12h, 14d",
    default: "results are good for ever",
  },
  "max-cache-size": {
    value: "SIZE",
    group: CACHE,
    doc: "Remove the least recently used cache beyond this size at the end",
    default: "a fifth of the disk, at least 10 GiB",
  },
  pull: {
    value: "WHEN",
    choices: ["always", "missing", "newer", "never"],
    bare: "always",
    group: SOURCES,
    doc: "Ask the registry for base images: always, missing, newer or never",
    default: "missing",
  },
  offline: { group: SOURCES, doc: "Ask no registry and no server for images, URLs and repositories" },
  lock: {
    group: SOURCES,
    doc: "Write to tsbuild.lock, beside the Dockerfile, what images, URLs and git refs stand for",
  },
  frozen: { group: SOURCES, doc: "Take nothing but what tsbuild.lock has" },
  "update-lock": { group: SOURCES, doc: "Find out anew what names stand for, and write it to tsbuild.lock" },
  jobs: {
    short: "j",
    value: "N",
    group: STEPS,
    doc: "Run so many steps at once",
    default: "as many as there are cores",
  },
  network: {
    value: "MODE",
    choices: ["default", "none", "host"],
    group: STEPS,
    doc: "Give RUN without --network this network: default (its own, with a way out), none or host",
    default: "default",
  },
  secret: {
    value: "id=ID,src=FILE",
    repeat: true,
    group: STEPS,
    doc: "Give steps a secret for RUN --mount=type=secret; env=NAME instead of src=FILE for a variable",
  },
  ssh: {
    value: "ID[=SOCKET]",
    repeat: true,
    group: STEPS,
    doc: "Give steps an SSH agent for RUN --mount=type=ssh: yours, or the one at a socket",
  },
  ...SANDBOX_FLAGS,
  output: {
    short: "o",
    value: "DEST",
    repeat: true,
    group: RESULT,
    doc: "Write the result: a directory, - for a tar on standard output, or type=TYPE,…: oci, docker, local, tar (with dest=PATH), image, registry, cacheonly",
  },
  annotation: {
    value: "[LEVEL:]KEY=VALUE",
    repeat: true,
    group: RESULT,
    doc: "Annotate the image's manifest; LEVEL is index, manifest, index-descriptor or manifest-descriptor, with [PLATFORM] behind it",
  },
  attest: {
    value: "type=TYPE",
    repeat: true,
    group: RESULT,
    doc: "State beside the image how it was built (type=provenance,mode=min|max) or what is in it (type=sbom)",
  },
  provenance: {
    value: "HOW",
    bare: "true",
    group: RESULT,
    doc: "Short for --attest type=provenance; mode=max for all of it",
  },
  sbom: {
    value: "BOOL",
    bare: "true",
    group: RESULT,
    doc: "Short for --attest type=sbom: the packages of dpkg, apk, rpm and npm, as SPDX",
  },
  push: { group: RESULT, doc: "Push every --tag when the image is made" },
  "max-image-size": {
    value: "SIZE",
    group: RESULT,
    doc: "Fail, and write and push nothing, where the files of the image are larger",
  },
  "max-layer-growth": {
    value: "SIZE",
    group: RESULT,
    doc: "Fail, and write and push nothing, where a step adds more",
  },
  "fail-on-secrets": {
    group: RESULT,
    doc: "Fail, and write and push nothing, where a private key, a token or a --secret is in the image",
  },
  report: {
    value: "FILE",
    group: RESULT,
    doc: "Write a page about the build: its graph, what took the time, why steps ran, sizes and logs",
  },
  load: { group: RESULT, doc: "Give the image to docker's daemon as well" },
  iidfile: { value: "FILE", group: RESULT, doc: "Write the image id to a file" },
  "metadata-file": { value: "FILE", group: RESULT, doc: "Write digests and names to a file, as JSON" },
  quiet: { short: "q", group: DISPLAY, doc: "Print the image id and nothing else" },
  progress: {
    value: "HOW",
    choices: ["auto", "plain", "tty", "rawjson", "quiet"],
    group: DISPLAY,
    doc: "Show progress as auto, plain, tty, rawjson or quiet",
    default: "auto: tty on a terminal, plain elsewhere and in CI",
  },
  timestamps: { group: DISPLAY, doc: "Begin lines of output with the time of day, with --progress plain" },
  explain: { group: DISPLAY, doc: "Say of each step that runs why it was not found in the cache" },
  check: { group: ASK, doc: "Say what is wrong with the Dockerfile; the status is 1 where something is" },
  call: {
    value: "METHOD[,format=json]",
    choices: ["build", "check", "outline", "targets", "subrequests.describe"],
    group: ASK,
    doc: "Answer check, outline (what the target can be given) or targets (the stages)",
    default: "build",
  },
  "dry-run": {
    value: "FORMAT",
    choices: ["text", "json"],
    bare: "text",
    group: ASK,
    doc: "Say what a build would run, why, and how much it would pull; as text or json",
  },
  print: {
    value: "WHAT",
    choices: ["ast", "stages", "graph"],
    group: ASK,
    doc: "Print the ast, the stages or the graph of the Dockerfile as JSON",
  },
  ...KANIKO_FLAGS,
} as const satisfies FlagTable;

/** What docker's build takes and this one does not yet, with what to do instead. */
export const MISSING_BUILD_FLAGS: Readonly<Record<string, string | undefined>> = {
  builder: "tsbuild has no builders to choose from: it builds in its own process",
  resource: undefined,
  compress: "layers are compressed when they leave the machine",
  "cpu-period|cpu-quota": "--cpus 1.5 is the same as a quota of 1.5 periods",
  "force-rm|rm": "a build leaves no containers behind",
  isolation: 'the best isolation there is is chosen; "tsbuild doctor" says which',
  policy: undefined,
  "security-opt": undefined,
  squash: undefined,
  ...MISSING_KANIKO_FLAGS,
};
