import type { Cause } from "./types.ts";

/** Files that programs are known to write differently each time: the path in the image, and what to do. */
export const KNOWN_FILES: readonly (readonly [RegExp, Cause])[] = [
  [
    /\.py[co]$/,
    cause(
      "python-bytecode",
      "Python writes the time of the source into its bytecode",
      'put "ARG SOURCE_DATE_EPOCH" before the RUN, or ENV PYTHONDONTWRITEBYTECODE=1',
    ),
  ],
  [
    /^var\/lib\/apt\/lists\//,
    cause(
      "package-lists",
      "the mirror's package lists change all the time",
      "rm -rf /var/lib/apt/lists/* in the same RUN",
    ),
  ],
  [
    /^var\/cache\/ldconfig\/aux-cache$/,
    cause(
      "ldconfig",
      "ldconfig keeps inode numbers and times of libraries",
      "rm -f /var/cache/ldconfig/aux-cache in the same RUN",
    ),
  ],
  [
    /^(var\/cache\/(apt|apk|dnf|yum|libdnf5|zypp|debconf)|etc\/apk\/cache|lib\/apk\/db\/scripts)(\/|$)/,
    cause(
      "package-cache",
      "the package manager keeps what it downloaded and when",
      "clean its cache in the same RUN, or keep the cache out of the image with RUN --mount=type=cache",
    ),
  ],
  [
    /^var\/(log|crash|spool)\/|(^|\/)_logs\/|\.log$/,
    cause("log", "a log has times in it", "rm the log in the same RUN"),
  ],
  [
    /^(etc\/machine-id|var\/lib\/dbus\/machine-id|var\/lib\/systemd\/random-seed|etc\/ssh\/ssh_host_.*|etc\/ssl\/private\/ssl-cert-snakeoil\.key|etc\/ssl\/certs\/ssl-cert-snakeoil\.pem|etc\/hostid)$/,
    cause(
      "random-identity",
      "it is made at random, for one machine",
      "remove it in the same RUN and make it when the container starts: all containers of the image share it",
    ),
  ],
  [
    /^etc\/g?shadow-?$/,
    cause(
      "password-date",
      "the day of the last password change is in it",
      'put "ARG SOURCE_DATE_EPOCH" before the RUN that makes users',
    ),
  ],
  [
    /^(var\/lib\/rpm|usr\/lib\/sysimage\/rpm|var\/lib\/dnf)\//,
    cause(
      "rpm-database",
      "rpm's database keeps when packages were installed",
      "set SOURCE_DATE_EPOCH in the RUN, with rpm 4.19 or later, or remove the database",
    ),
  ],
  [
    /^(var\/cache\/fontconfig\/|usr\/share\/mime\/mime\.cache$|.*\/\.uuid$)/,
    cause(
      "font-cache",
      "caches of fonts and types keep times and random names",
      "rm -rf /var/cache/fontconfig in the same RUN",
    ),
  ],
  [
    /(^|\/)(\.npm\/|\.cache\/|_cacache\/|\.yarn\/cache\/|\.gradle\/|\.m2\/)/,
    cause(
      "tool-cache",
      "the tool's cache has times and random names",
      "keep it out of the image with RUN --mount=type=cache",
    ),
  ],
  [
    /^(tmp|var\/tmp)\//,
    cause(
      "temporary",
      "a program left a temporary file",
      "rm it in the same RUN, or use RUN --mount=type=tmpfs,target=/tmp",
    ),
  ],
  [
    /\.(jar|war|ear|zip|whl|apk|aar|nupkg|epub)$/,
    cause(
      "archive-times",
      "an archive has the times of the files in it",
      "have the tool that packs it use SOURCE_DATE_EPOCH (ARG SOURCE_DATE_EPOCH before the RUN), or strip-nondeterminism",
    ),
  ],
  [
    /\.(tgz|tar|gz|bz2|xz)$/,
    cause(
      "archive-times",
      "an archive has times in it",
      'pack with tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" and gzip -n',
    ),
  ],
  [
    /^etc\/ssl\/certs\/java\/cacerts$|\.(jks|p12|keystore)$/,
    cause(
      "keystore",
      "a key store has the times when certificates were added",
      "make it with SOURCE_DATE_EPOCH set, or when the container starts",
    ),
  ],
];

function cause(id: string, why: string, fix: string): Cause {
  return { id, why, fix };
}
