const DOCKER_HUB = /^docker\.io\/(?:library\/)?/;

/** A name as docker shows it: without what it adds for its own registry. */
export function familiarName(name: string): string {
  return name.replace(DOCKER_HUB, "");
}

/** A name's repository, and its tag where it has one. */
export function splitName(name: string): { readonly repository: string; readonly tag?: string } {
  const plain = name.split("@")[0] ?? name;
  const colon = plain.lastIndexOf(":");
  // A colon before a slash belongs to the port of a registry.
  if (colon < 0 || plain.includes("/", colon)) return { repository: plain };
  return { repository: plain.slice(0, colon), tag: plain.slice(colon + 1) };
}
