import { heldMounts } from "./plain-mounts.ts";
import { Rig } from "./rig.ts";

// A client that crash.test.ts and plain.test.ts kill: says where its files are once its step runs. Arguments: the step's `init`, or "plain".
const plain = process.argv[2] === "plain";
const rig = await Rig.start({ plain });
const command = "trap '' TERM HUP INT; (trap '' TERM HUP; sleep 1001) & echo on; sleep 1000";
await rig.helper.run(
  rig.plan(command, {
    init: process.argv[2] === "init",
    env: [`PATH=/bin`, `MARK=${rig.root}`],
    ...(plain && { root: await rig.plainTree(), mounts: heldMounts(rig) }),
  }),
  {
    onOutput: () => void process.stdout.write(`${rig.root}\n`),
  },
);
