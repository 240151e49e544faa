/** As far back as `zstd` itself looks without being asked for more. */
export const MAX_WINDOW = 2 ** 27;
