import { TsbuildError } from "./errors.ts";

/** OCI image-spec, image-index.md: what a binary runs on. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
}

const OS_ALIASES: Readonly<Record<string, string>> = { macos: "darwin" };
const ARCH_ALIASES: Readonly<Record<string, string>> = {
  x86_64: "amd64",
  "x86-64": "amd64",
  aarch64: "arm64",
  armhf: "arm",
  armel: "arm",
  i386: "386",
};
const NODE_ARCH: Readonly<Record<string, string>> = {
  x64: "amd64",
  ia32: "386",
  arm64: "arm64",
  arm: "arm",
  s390x: "s390x",
  ppc64: "ppc64le",
  riscv64: "riscv64",
  loong64: "loong64",
};
const PART = /^[a-z0-9_.-]{1,64}$/;

export function hostPlatform(): Platform {
  return normalizePlatform({ os: "linux", architecture: NODE_ARCH[process.arch] ?? process.arch });
}

/** Canonical names, and no variant where it says nothing (arm64/v8, amd64/v1), as containerd's platforms package does. */
export function normalizePlatform(platform: Platform): Platform {
  const os = OS_ALIASES[platform.os.toLowerCase()] ?? platform.os.toLowerCase();
  const raw = platform.architecture.toLowerCase();
  const architecture = ARCH_ALIASES[raw] ?? raw;
  let variant = platform.variant?.toLowerCase();
  if (architecture === "arm64" && (variant === "8" || variant === "v8")) variant = undefined;
  if (architecture === "amd64" && variant === "v1") variant = undefined;
  if (architecture === "arm") {
    if (variant === undefined || variant === "") variant = raw === "armel" ? "v6" : "v7";
    if (/^[5-8]$/.test(variant)) variant = `v${variant}`;
  }
  return {
    os,
    architecture,
    ...(variant ? { variant } : {}),
    ...(platform.osVersion ? { osVersion: platform.osVersion } : {}),
  };
}

/** `os`, `os/arch` or `os/arch/variant`; an architecture, with or without a variant, means linux. */
export function parsePlatform(text: string): Platform {
  const parts = text.trim().toLowerCase().split("/");
  const [first = "", second, third] = parts;
  if (parts.length > 3 || parts.some((part) => !PART.test(part))) {
    throw new TsbuildError(
      "PLATFORM_INVALID",
      `Cannot use platform "${text}": it is not os/architecture[/variant]`,
      {
        hint: "write for example linux/amd64 or linux/arm64",
      },
    );
  }
  // containerd reads arm/v7 as an operating system "arm", for which there is no image.
  if (second !== undefined && third === undefined && /^v\d$/.test(second))
    return normalizePlatform({ os: "linux", architecture: first, variant: second });
  if (second !== undefined)
    return normalizePlatform({ os: first, architecture: second, ...(third ? { variant: third } : {}) });
  if (first === "local") return hostPlatform();
  if (["linux", "windows", "darwin", "freebsd"].includes(OS_ALIASES[first] ?? first)) {
    return normalizePlatform({ os: first, architecture: hostPlatform().architecture });
  }
  if (!isArchitecture(first)) {
    throw new TsbuildError(
      "PLATFORM_INVALID",
      `Cannot use platform "${text}": it is no operating system and no architecture`,
      { hint: "write for example linux/amd64 or linux/arm64" },
    );
  }
  return normalizePlatform({ os: "linux", architecture: first });
}

/** Whether a word alone can be one: GOARCH's, as containerd knows them (platforms/database.go). */
function isArchitecture(word: string): boolean {
  return /^(386|amd64|arm|arm64|loong64|mips(64)?(le)?|ppc64(le)?|riscv64|s390x|wasm)$/.test(
    ARCH_ALIASES[word] ?? word,
  );
}

export function formatPlatform(platform: Platform): string {
  return [platform.os, platform.architecture, platform.variant].filter(Boolean).join("/");
}

export function samePlatform(a: Platform, b: Platform): boolean {
  return formatPlatform(normalizePlatform(a)) === formatPlatform(normalizePlatform(b));
}

/** How well an image for `offered` runs on `wanted`: higher is better, 0 means not at all. arm/v7 also runs v6 and v5. */
export function platformScore(wanted: Platform, offered: Platform): number {
  const want = normalizePlatform(wanted);
  const offer = normalizePlatform(offered);
  if (want.os !== offer.os || want.architecture !== offer.architecture) return 0;
  if (want.variant === offer.variant) return 100;
  if (want.architecture === "arm" || want.architecture === "amd64") {
    return level(offer.variant) < level(want.variant) ? 50 + level(offer.variant) : 0;
  }
  return offer.variant === undefined || want.variant === undefined ? 50 : 0;
}

function level(variant: string | undefined): number {
  return Number(/^v(\d+)$/.exec(variant ?? "v1")?.[1] ?? 0);
}
