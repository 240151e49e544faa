/** What is said of a step that another build runs. */
export const WAITING = "waiting for another build that runs the same step";
