import { Rig } from "./rig.ts";

// A client that crash.test.ts kills: says where its files are once its step runs. Arguments: the step's `init`.
const rig = await Rig.start();
const command = "trap '' TERM HUP INT; (trap '' TERM HUP; sleep 1001) & echo on; sleep 1000";
await rig.helper.run(
  rig.plan(command, { init: process.argv[2] === "init", env: [`PATH=/bin`, `MARK=${rig.root}`] }),
  {
    onOutput: () => void process.stdout.write(`${rig.root}\n`),
  },
);
