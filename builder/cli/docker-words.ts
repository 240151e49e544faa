/** What to write for a command that docker or buildah have and tsbuild has not. */
export function ofDocker(word: string): string | undefined {
  return new Map([
    ["buildx", 'there are no builders: write "tsbuild build"'],
    ["bud", 'write "tsbuild build"'],
    ["builder", 'there are no builders: write "tsbuild build", "tsbuild du" or "tsbuild prune"'],
    ["image", 'write "tsbuild images", "tsbuild inspect", "tsbuild rmi" and so on'],
    ["system", 'write "tsbuild du", "tsbuild prune" or "tsbuild doctor"'],
    ["info", 'write "tsbuild doctor"'],
    ["version", 'write "tsbuild --version"'],
    ["ls", 'write "tsbuild images" or "tsbuild ps"'],
    ["create", 'write "tsbuild run -d"'],
    ["import", "FROM scratch and ADD of the archive make an image of it"],
    ["export", 'write "tsbuild build -o type=tar,dest=FILE"'],
    ["skopeo", 'write "tsbuild copy"'],
    ["compose", "there is nothing like it here: one command runs one container"],
    ["network", "there are no networks with names: see --network of tsbuild run"],
    ["volume", "there are no volumes with names: -v shows a directory of this machine"],
  ]).get(word);
}
