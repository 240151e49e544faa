/** "default" is a network of its own, with a way out. */
export type NetworkMode = "default" | "none" | "host";

/** A port of a container that the host answers on: -p. */
export interface PublishedPort {
  /** Address of the host; "" for all. */
  readonly address: string;
  /** 0: any that is free. */
  readonly host: number;
  readonly container: number;
  readonly protocol: "tcp" | "udp";
}

/** What a container's own network is asked for, beside a way out. */
export interface NetworkWishes {
  readonly ports: readonly PublishedPort[];
  /** Its gateway leads to the host's loopback: for --add-host NAME:host-gateway. */
  readonly hostGateway: boolean;
}

/** A program that connects a network namespace with the host's network, without privileges on the host. */
export interface NetworkTool {
  readonly name: "pasta" | "slirp4netns";
  /** Absolute path. */
  readonly path: string;
}

/** A network that is ready to be used. */
export interface Connection extends AsyncDisposable {
  /** For RunPlan. */
  readonly network: "host" | { readonly path: string };
  readonly resolvConf: Buffer;
  /** Address of the host, as seen from within. */
  readonly gateway: string;
}

/** What is asked for in /etc/resolv.conf; empty lists: as the machine has it. */
export interface DnsSettings {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}
