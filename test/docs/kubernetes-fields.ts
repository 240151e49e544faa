import type { Mapping } from "./yaml-blocks.ts";

/** What a field holds: a kind of value, the fields of an object, a list of them, or anything by names of one's own. */
type Shape =
  | "text"
  | "number"
  | "boolean"
  | { readonly list: Shape }
  | { readonly named: Shape }
  | { readonly fields: Readonly<Record<string, Shape>>; readonly needed: readonly string[] };

const text = "text";
const seconds = "number";
const QUANTITIES: Shape = { named: text };

/** As much of the Kubernetes API reference (batch/v1, core/v1) as manifests of the documentation may use. */
const CONTAINER: Shape = {
  needed: ["name", "image"],
  fields: {
    name: text,
    image: text,
    args: { list: text },
    command: { list: text },
    workingDir: text,
    env: { list: { needed: ["name"], fields: { name: text, value: text } } },
    resources: { needed: [], fields: { requests: QUANTITIES, limits: QUANTITIES } },
    securityContext: {
      needed: [],
      fields: {
        runAsUser: seconds,
        allowPrivilegeEscalation: "boolean",
        procMount: text,
        seccompProfile: { needed: ["type"], fields: { type: text, localhostProfile: text } },
        appArmorProfile: { needed: ["type"], fields: { type: text } },
      },
    },
    volumeMounts: {
      list: {
        needed: ["name", "mountPath"],
        fields: { name: text, mountPath: text, subPath: text, readOnly: "boolean" },
      },
    },
  },
};

const VOLUME: Shape = {
  needed: ["name"],
  fields: {
    name: text,
    emptyDir: { needed: [], fields: { sizeLimit: text, medium: text } },
    persistentVolumeClaim: { needed: ["claimName"], fields: { claimName: text, readOnly: "boolean" } },
    secret: {
      needed: ["secretName"],
      fields: {
        secretName: text,
        items: { list: { needed: ["key", "path"], fields: { key: text, path: text } } },
      },
    },
  },
};

const METADATA: Shape = {
  needed: ["name"],
  fields: { name: text, namespace: text, labels: { named: text }, annotations: { named: text } },
};

const POD: Shape = {
  needed: ["containers", "restartPolicy"],
  fields: {
    restartPolicy: text,
    serviceAccountName: text,
    initContainers: { list: CONTAINER },
    containers: { list: CONTAINER },
    volumes: { list: VOLUME },
  },
};

const JOB: Shape = {
  needed: ["apiVersion", "kind", "metadata", "spec"],
  fields: {
    apiVersion: text,
    kind: text,
    metadata: METADATA,
    spec: {
      needed: ["template"],
      fields: {
        backoffLimit: "number",
        activeDeadlineSeconds: seconds,
        ttlSecondsAfterFinished: seconds,
        template: { needed: ["spec"], fields: { spec: POD } },
      },
    },
  },
};

/** What is wrong with a manifest: fields that are not there or hold something else, mounts of volumes that it has not. */
export function mistakesOfManifest(manifest: unknown): readonly string[] {
  const wrong = mistakes(manifest, JOB, "");
  if (wrong.length > 0) return wrong;
  const { apiVersion, kind, spec } = manifest as {
    readonly apiVersion: string;
    readonly kind: string;
    readonly spec: { readonly template: { readonly spec: Pod } };
  };
  const pod = spec.template.spec;
  const volumes = new Set(pod.volumes?.map(({ name }) => name));
  const mounted = pod.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
  return [
    ...(`${apiVersion} ${kind}` === "batch/v1 Job" ? [] : [`${apiVersion} has no ${kind} here`]),
    ...(["Never", "OnFailure"].includes(pod.restartPolicy) ? [] : ["a Job is restarted Never or OnFailure"]),
    ...mounted.filter((name) => !volumes.has(name)).map((name) => `there is no volume ${name}`),
  ];
}

interface Pod {
  readonly restartPolicy: string;
  readonly containers: readonly { readonly volumeMounts?: readonly { readonly name: string }[] }[];
  readonly volumes?: readonly { readonly name: string }[];
}

function mistakes(value: unknown, shape: Shape, path: string): readonly string[] {
  if (typeof shape === "string") {
    const type = shape === "text" ? "string" : shape;
    return typeof value === type ? [] : [`${path} is no ${shape}`];
  }
  if ("list" in shape)
    return Array.isArray(value)
      ? value.flatMap((item, at) => mistakes(item, shape.list, `${path}[${at}]`))
      : [`${path} is no list`];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${path} is no object`];
  const object = value as Mapping;
  if ("named" in shape)
    return Object.entries(object).flatMap(([name, item]) => mistakes(item, shape.named, `${path}.${name}`));
  return [
    ...shape.needed.filter((name) => !(name in object)).map((name) => `${path} lacks ${name}`),
    ...Object.entries(object).flatMap(([name, item]) => {
      const field = shape.fields[name];
      return field === undefined
        ? [`${path}.${name} is not there`]
        : mistakes(item, field, `${path}.${name}`);
    }),
  ];
}
