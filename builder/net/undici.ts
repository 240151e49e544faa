import type { Agent, buildConnector, ProxyAgent } from "undici";

interface Parts {
  readonly Agent: typeof Agent;
  readonly ProxyAgent: typeof ProxyAgent;
  readonly buildConnector: typeof buildConnector;
}

let loaded: Promise<Parts> | undefined;

/** undici, once: only what requests need. All of it is another hundred modules, and 60 ms of processor time. */
export function loadUndici(): Promise<Parts> {
  loaded ??= loadParts().catch(() => import("undici"));
  return loaded;
}

/** As undici's index.js puts them together; where a version has them elsewhere, that fails. */
async function loadParts(): Promise<Parts> {
  const [agent, proxyAgent, connector, dispatcher, api] = await Promise.all([
    import("undici/lib/dispatcher/agent.js"),
    import("undici/lib/dispatcher/proxy-agent.js"),
    import("undici/lib/core/connect.js"),
    import("undici/lib/dispatcher/dispatcher.js"),
    import("undici/lib/api/index.js"),
  ]);
  Object.assign(dispatcher.default.prototype, api.default);
  return { Agent: agent.default, ProxyAgent: proxyAgent.default, buildConnector: connector.default };
}
