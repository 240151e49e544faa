import { openContainers } from "./containers/open-containers.ts";
import { Session, type SessionOptions } from "./session/session.ts";
import type { Tsbuild } from "./api/types.ts";

/**
 * Opens tsbuild on a store: the one place where registry, store and runtime come together. Cheap: what a command does
 * not need is not even loaded.
 */
export async function openTsbuild(options: SessionOptions): Promise<Tsbuild> {
  const session = new Session(options);
  return {
    async build(request) {
      const { buildImage } = await import("./building/build-image.ts");
      return buildImage(session, request);
    },
    async forecast(request) {
      const { forecastBuild } = await import("./building/forecast-build.ts");
      return forecastBuild(session, request);
    },
    async explain(request) {
      const { explainBuild } = await import("./building/explain-build.ts");
      return explainBuild(session.store, request);
    },
    async logs(which) {
      const { readLogs } = await import("./building/read-logs.ts");
      return readLogs(session.store, which);
    },
    async check(request) {
      const { checkDockerfile } = await import("./planning/check.ts");
      return checkDockerfile(session, request);
    },
    async outline(request) {
      const { outlineDockerfile } = await import("./planning/outline.ts");
      return outlineDockerfile(session, request);
    },
    async targets(request) {
      const { listTargets } = await import("./planning/outline.ts");
      return listTargets(session, request);
    },
    async context(request) {
      const { reportContext } = await import("./planning/list-context.ts");
      return reportContext(session, request);
    },
    async contextPath(path, request) {
      const { reportPath } = await import("./planning/list-context.ts");
      return reportPath(session, path, request);
    },
    async plan(step, request) {
      const { printPlan } = await import("./planning/print-plan.ts");
      return printPlan(session, step, request);
    },
    async run(request) {
      const { runImage } = await import("./run-image.ts");
      return runImage(session, request);
    },
    get containers() {
      return openContainers(session);
    },
    async shell(request) {
      const { openShell } = await import("./containers/shell.ts");
      return openShell(session, request);
    },
    async pull(reference, request) {
      const { pullImage } = await import("./images/transfer.ts");
      return pullImage(session, reference, request);
    },
    async push(reference, request) {
      const { pushStoredImage } = await import("./images/transfer.ts");
      return pushStoredImage(session, reference, request);
    },
    async login(registry, credential, signal) {
      const { logIn } = await import("./login.ts");
      return logIn(session, registry, credential, signal);
    },
    async logout(registry, signal) {
      const { logOut } = await import("./login.ts");
      return logOut(session, registry, signal);
    },
    async save(references, request) {
      const { saveImages } = await import("./images/save-images.ts");
      return saveImages(session, references, request);
    },
    async load(request) {
      const { loadImages } = await import("./images/load-images.ts");
      return loadImages(session, request);
    },
    async copy(from, to, request) {
      const { copyImage } = await import("./images/copy-image.ts");
      return copyImage(session, from, to, request);
    },
    async manifest(reference, signal) {
      const { imageManifest } = await import("./images/image-manifest.ts");
      return imageManifest(session, reference, signal);
    },
    async history(reference, platform) {
      const { imageHistory } = await import("./images/history.ts");
      return imageHistory(session.store, reference, platform);
    },
    async tag(source, target) {
      const { tagImage } = await import("./images/images.ts");
      return tagImage(session.store, source, target);
    },
    async remove(references) {
      const { removeNames } = await import("./images/images.ts");
      return removeNames(session.store, references);
    },
    async images() {
      const { listImages } = await import("./images/list-images.ts");
      return listImages(session.store);
    },
    async inspect(reference, platform) {
      const { inspectImage } = await import("./images/images.ts");
      return inspectImage(session.store, reference, platform);
    },
    async diff(a, b, request) {
      const { diffImages } = await import("./images/diff-images.ts");
      return diffImages(session, a, b, request);
    },
    async verify(request) {
      const { verifyBuild } = await import("./building/verify.ts");
      return verifyBuild(session, options, request);
    },
    async saveCache(path, request) {
      const { saveCache } = await import("./cache-bundle.ts");
      return saveCache(session, path, request);
    },
    async restoreCache(path, request) {
      const { restoreCache } = await import("./cache-bundle.ts");
      return restoreCache(session, path, request);
    },
    async space() {
      const { reportSpace } = await import("./space/collect.ts");
      return reportSpace(session.store);
    },
    async prune(request, signal) {
      const { pruneStore } = await import("./store-space.ts");
      return pruneStore(session, request, signal);
    },
    async checkStore(repair, signal) {
      const { checkStore } = await import("./store-space.ts");
      return checkStore(session, repair, signal);
    },
    async doctor() {
      const { examine } = await import("./doctor.ts");
      return examine(session);
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}
