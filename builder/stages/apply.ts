import { unreachable } from "../core/errors.ts";
import type { Instruction } from "../dockerfile/types.ts";
import type { Work } from "./context.ts";
import { applyCopy } from "./copy.ts";
import { applyArg, applyEnv, applyLabel } from "./environment.ts";
import * as metadata from "./metadata.ts";
import { applyExpose } from "./ports.ts";
import { applyRun } from "./run.ts";

/** Works out one instruction: its step, its change of the config, its line of history. */
export function apply(instruction: Instruction, work: Work): void {
  switch (instruction.kind) {
    case "arg":
      return applyArg(instruction, work);
    case "env":
      return applyEnv(instruction, work);
    case "label":
      return applyLabel(instruction, work);
    case "run":
      return applyRun(instruction, work);
    case "copy":
    case "add":
      return applyCopy(instruction, work);
    case "workdir":
      return metadata.applyWorkdir(instruction, work);
    case "user":
      return metadata.applyUser(instruction, work);
    case "cmd":
    case "entrypoint":
      return metadata.applyCommand(instruction, work);
    case "shell":
      return metadata.applyShell(instruction, work);
    case "expose":
      return applyExpose(instruction, work);
    case "volume":
      return metadata.applyVolume(instruction, work);
    case "stopsignal":
      return metadata.applyStopSignal(instruction, work);
    case "healthcheck":
      return metadata.applyHealthcheck(instruction, work);
    case "onbuild":
      return metadata.applyOnbuild(instruction, work);
    case "maintainer":
      return metadata.applyMaintainer(instruction, work);
    case "from":
      // Stages are cut at FROM, and a trigger may not be one.
      return;
    default:
      return unreachable(instruction);
  }
}
