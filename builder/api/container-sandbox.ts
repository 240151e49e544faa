import type { ContainerMount } from "../../runtime/container/mounts.ts";
import type { SandboxSettings } from "../../runtime/limits/types.ts";
import type { DnsSettings, NetworkMode, PublishedPort } from "../../runtime/network/types.ts";

/** What holds a container, and what it is connected with. */
export interface ContainerSandbox {
  readonly settings: SandboxSettings;
  /** --network */
  readonly network: NetworkMode;
  /** --publish */
  readonly ports: readonly PublishedPort[];
  /** Every port that the image exposes is published too. --publish-all */
  readonly publishAll: boolean;
  /** --dns, --dns-search, --dns-option */
  readonly dns: DnsSettings;
  /** --tmpfs, --mount, and volumes without a name */
  readonly mounts: readonly ContainerMount[];
  /** File with docker's JSON, or "unconfined"; docker's default where not given. --security-opt seccomp= */
  readonly seccomp?: string;
  /** --security-opt no-new-privileges */
  readonly noNewPrivileges: boolean;
}
