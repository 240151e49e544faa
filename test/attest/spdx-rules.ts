/** Where a document is wrong, and how: `packages[3].name: is missing`. */
type Complain = (path: string, state: string) => void;
type Rule = (value: unknown, path: string, complain: Complain) => void;

/** A rule for one member, and whether it must be there. */
type Member = readonly [rule: Rule, need: "needed" | "may be"];

const text = matching(/^[^]+$/);
const line = matching(/^[^\n\r]+$/);
/** Clause 3.2: letters, numbers, "." and "-". */
const id = matching(/^SPDXRef-[A-Za-z0-9.-]+$/);
/** 6.9, in whole seconds. */
const date = matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
/** 6.8, 7.5 */
const agent = matching(/^(?:Person|Organization): \S[^\n\r]*$|^NOASSERTION$/);
const creator = matching(/^(?:Person|Organization|Tool): \S[^\n\r]*$/);
/** 7.7: an address, a repository, or that nobody says. */
const location = matching(/^(?:NONE|NOASSERTION|(?:https?|git\+\w+|ftp):\/\/\S+)$/);
/** Annex D: names of licences, exceptions and references, and what joins them. */
const license = matching(
  /^(?:NONE|NOASSERTION|\(*[A-Za-z0-9.-]+\+?\)*(?: (?:AND|OR|WITH) \(*[A-Za-z0-9.-]+\+?\)*)*)$/,
);

const REFERENCE = object({
  referenceCategory: [oneOf("OTHER", "PERSISTENT-ID", "SECURITY", "PACKAGE-MANAGER"), "needed"],
  referenceType: [matching(/^\S+$/), "needed"],
  // 7.21: no spaces.
  referenceLocator: [matching(/^pkg:[a-z]+\/[!-~]*[^@]$/), "needed"],
});

const PACKAGE = object({
  SPDXID: [id, "needed"],
  name: [line, "needed"],
  downloadLocation: [location, "needed"],
  versionInfo: [line, "may be"],
  supplier: [agent, "may be"],
  originator: [agent, "may be"],
  // True would want a packageVerificationCode (7.9).
  filesAnalyzed: [oneOf(false), "needed"],
  sourceInfo: [text, "may be"],
  licenseConcluded: [license, "may be"],
  licenseDeclared: [license, "may be"],
  copyrightText: [text, "may be"],
  primaryPackagePurpose: [
    oneOf(
      ..."APPLICATION FRAMEWORK LIBRARY CONTAINER OPERATING_SYSTEM DEVICE FIRMWARE SOURCE ARCHIVE FILE INSTALL OTHER".split(
        " ",
      ),
    ),
    "may be",
  ],
  externalRefs: [listOf(REFERENCE), "may be"],
});

const RELATIONSHIP = object({
  spdxElementId: [id, "needed"],
  relatedSpdxElement: [id, "needed"],
  relationshipType: [oneOf("DESCRIBES", "CONTAINS", "DEPENDS_ON", "OTHER"), "needed"],
});

/**
 * What the JSON schema of SPDX 2.3 (spdx-spec, schemas/spdx-schema-2-3.json) and its clauses ask of a document with packages
 * and relationships alone: members, those that must be there, their values; nothing else may be in it.
 */
const DOCUMENT = object({
  spdxVersion: [oneOf("SPDX-2.3"), "needed"],
  dataLicense: [oneOf("CC0-1.0"), "needed"],
  SPDXID: [oneOf("SPDXRef-DOCUMENT"), "needed"],
  name: [line, "needed"],
  // 6.5: a URI without a fragment.
  documentNamespace: [matching(/^https?:\/\/[^\s#]+$/), "needed"],
  creationInfo: [object({ created: [date, "needed"], creators: [listOf(creator, 1), "needed"] }), "needed"],
  packages: [listOf(PACKAGE), "needed"],
  relationships: [listOf(RELATIONSHIP), "needed"],
});

/** All that is wrong with a document of SPDX 2.3. */
export function spdxProblems(document: unknown): readonly string[] {
  const problems: string[] = [];
  const complain: Complain = (path, state) => problems.push(`${path}: ${state}`);
  DOCUMENT(document, "", complain);
  if (problems.length > 0) return problems;
  const { packages, relationships } = document as {
    readonly packages: readonly { readonly SPDXID: string }[];
    readonly relationships: readonly Readonly<Record<string, string>>[];
  };
  const known = new Set(["SPDXRef-DOCUMENT"]);
  for (const { SPDXID } of packages) {
    if (known.has(SPDXID)) complain(SPDXID, "stands twice");
    known.add(SPDXID);
  }
  for (const { spdxElementId, relatedSpdxElement } of relationships)
    for (const one of [spdxElementId, relatedSpdxElement])
      if (!known.has(one ?? "")) complain(one ?? "", "is named and is not there");
  if (!relationships.some(({ relationshipType }) => relationshipType === "DESCRIBES"))
    complain("relationships", "say nothing of what is described");
  return problems;
}

function matching(pattern: RegExp): Rule {
  return (value, path, complain) => {
    if (typeof value !== "string" || !pattern.test(value)) complain(path, `is ${JSON.stringify(value)}`);
  };
}

function oneOf(...values: readonly unknown[]): Rule {
  return (value, path, complain) => {
    if (!values.includes(value)) complain(path, `is ${JSON.stringify(value)}`);
  };
}

function listOf(rule: Rule, least = 0): Rule {
  return (value, path, complain) => {
    if (!Array.isArray(value) || value.length < least) return complain(path, "is no such list");
    value.forEach((one, at) => rule(one, `${path}[${at}]`, complain));
  };
}

function object(members: Readonly<Record<string, Member>>): Rule {
  return (value, path, complain) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return complain(path, "is no object");
    const given = new Map(Object.entries(value));
    for (const key of given.keys())
      if (!Object.hasOwn(members, key)) complain(`${path}.${key}`, "is unknown");
    for (const [key, [rule, need]] of Object.entries(members)) {
      if (given.has(key)) rule(given.get(key), `${path}.${key}`, complain);
      else if (need === "needed") complain(`${path}.${key}`, "is missing");
    }
  };
}
