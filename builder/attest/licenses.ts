/** Names of licences that packages mostly have (https://spdx.org/licenses). */
const KNOWN: ReadonlySet<string> = new Set(
  `0BSD AFL-2.1 AGPL-3.0-only AGPL-3.0-or-later Apache-1.1 Apache-2.0 Artistic-1.0 Artistic-1.0-Perl Artistic-2.0 BlueOak-1.0.0
  BSD-1-Clause BSD-2-Clause BSD-2-Clause-Patent BSD-3-Clause BSD-4-Clause BSL-1.0 bzip2-1.0.6 CC-BY-3.0 CC-BY-4.0 CC-BY-SA-4.0
  CC0-1.0 CDDL-1.0 curl EPL-1.0 EPL-2.0 FTL GFDL-1.3-or-later GPL-1.0-only GPL-1.0-or-later GPL-2.0-only GPL-2.0-or-later
  GPL-3.0-only GPL-3.0-or-later HPND ICU IJG ISC LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1-only LGPL-2.1-or-later
  LGPL-3.0-only LGPL-3.0-or-later libpng-2.0 Libpng MIT MIT-0 MPL-1.1 MPL-2.0 NCSA OFL-1.1 OLDAP-2.8 OpenSSL PostgreSQL
  PSF-2.0 Python-2.0 Ruby Sleepycat SSPL-1.0 TCL Unicode-3.0 Unicode-DFS-2016 Unlicense UPL-1.0 Vim WTFPL X11 Zlib zlib-acknowledgement
  ZPL-2.1`.split(/\s+/),
);
const EXCEPTIONS: ReadonlySet<string> = new Set(
  "Autoconf-exception-3.0 Bison-exception-2.2 Classpath-exception-2.0 GCC-exception-3.1 LLVM-exception OpenSSL-exception Linux-syscall-note".split(
    " ",
  ),
);

/** What a package says of its licence, where that is an expression of SPDX 2.3 (annex D); else NOASSERTION. */
export function declaredLicense(text: string | undefined): string {
  const tokens = text?.match(/[()]|[^\s()]+/g) ?? [];
  const reader = new Expression(tokens);
  return reader.isWhole() ? (text ?? "").trim() : "NOASSERTION";
}

class Expression {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  isWhole(): boolean {
    return (
      this.#tokens.length > 0 && this.#tokens.length < 200 && this.#any() && this.#at === this.#tokens.length
    );
  }

  #any(): boolean {
    if (!this.#one()) return false;
    while (this.#take("AND") || this.#take("OR")) if (!this.#one()) return false;
    return true;
  }

  #one(): boolean {
    if (this.#take("(")) return this.#any() && this.#take(")");
    const name = this.#tokens[this.#at] ?? "";
    if (!KNOWN.has(name.replace(/\+$/, ""))) return false;
    this.#at += 1;
    if (!this.#take("WITH")) return true;
    this.#at += 1;
    return EXCEPTIONS.has(this.#tokens[this.#at - 1] ?? "");
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }
}
