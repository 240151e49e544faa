import { hostConnection } from "../../runtime/network/connect.ts";
import type { Connection } from "../../runtime/network/types.ts";

/**
 * What has to live as long as a container and is none of its processes: its network. One in the foreground disposes of it
 * when the container has ended; a detached one leaves it to the helper (`Helper.runDetached`). Its sockets lie in the
 * container's directory and go with that.
 */
export async function openCompanions(): Promise<Connection> {
  return hostConnection();
}
