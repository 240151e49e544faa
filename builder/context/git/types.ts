/** What of a git repository is wanted. */
export interface GitRequest {
  /** With credentials, where the user wrote some. */
  readonly remote: string;
  /** HEAD where none is written. */
  readonly ref?: string;
  /** Relative, clean, no `..`. */
  readonly subdir?: string;
  /** The commit, or its first digits. */
  readonly checksum?: string;
  readonly keepGitDir: boolean;
  readonly submodules: boolean;
}
