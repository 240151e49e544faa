import { parsePlatform, type Platform } from "../../core/platform.ts";
import { TsbuildError } from "../../core/errors.ts";
import type { Check, Finding } from "./types.ts";

const TARGET_PLATFORM = /^\$(?:TARGETPLATFORM|\{TARGETPLATFORM\})$/;

/** RedundantTargetPlatform and FromPlatformFlagConstDisallowed. */
export const checkPlatformFlags: Check = function* ({ instructions }): Generator<Finding> {
  for (const instruction of instructions) {
    if (instruction.kind !== "from" || instruction.platform === undefined) continue;
    const { raw, range } = instruction.platform;
    if (TARGET_PLATFORM.test(raw)) {
      yield {
        rule: "RedundantTargetPlatform",
        message: `FROM --platform=${raw} says what holds without it`,
        range,
        fix: "leave --platform out",
      };
    } else if (!raw.includes("$") && isArbitrary(raw, instruction.as ?? "")) {
      yield {
        rule: "FromPlatformFlagConstDisallowed",
        message: `FROM --platform has the constant value "${raw}"`,
        range,
        reason: "the stage cannot be built for any other platform then",
        fix: "leave it out and build with --platform, or write $BUILDPLATFORM",
      };
    }
  }
};

/** A stage that is named for its platform means to be for that one: `FROM --platform=linux/amd64 … AS build-amd64`. */
function isArbitrary(text: string, stage: string): boolean {
  const platform = tryParse(text);
  if (platform === undefined) return false;
  return !stage.includes(platform.os) && !stage.includes(platform.architecture);
}

/** What is no platform is an error elsewhere. */
function tryParse(text: string): Platform | undefined {
  try {
    return parsePlatform(text);
  } catch (error) {
    if (error instanceof TsbuildError) return undefined;
    throw error;
  }
}
