import { X509Certificate, createPrivateKey, randomUUID, sign } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { contentsOf, type Certificate } from "./certificates.ts";

/** A token server as distribution's token specification has it: gives its user the rights that are asked for. */
export class TokenServer implements AsyncDisposable {
  /** What was asked for, a line for each token. */
  readonly asked: string[] = [];
  /** `user:password` of who may push; all others may pull. */
  readonly #user: string;
  readonly #server: Server;
  readonly #signer: Certificate;

  private constructor(signer: Certificate, user: string) {
    this.#signer = contentsOf(signer);
    this.#user = user;
    this.#server = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? "", "http://token");
      const scopes = searchParams.getAll("scope");
      this.asked.push(scopes.join(" "));
      if (request.headers.authorization !== undefined && !this.#isUser(request)) {
        return void response.writeHead(401).end('{"errors":[{"code":"UNAUTHORIZED"}]}');
      }
      const token = this.#token(searchParams.get("service") ?? "", scopes, this.#isUser(request));
      response.end(JSON.stringify({ token, expires_in: 300 }));
    });
  }

  static async start(signer: Certificate, user: string): Promise<TokenServer> {
    const server = new TokenServer(signer, user);
    await new Promise<void>((resolve) => {
      server.#server.listen(0, "127.0.0.1", resolve);
    });
    return server;
  }

  get realm(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/token`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  #isUser({ headers }: IncomingMessage): boolean {
    return headers.authorization === `Basic ${Buffer.from(this.#user).toString("base64")}`;
  }

  #token(audience: string, scopes: readonly string[], mayPush: boolean): string {
    const now = Math.floor(Date.now() / 1000);
    const { key, cert } = this.#signer;
    const access = scopes.map((scope) => {
      const [type, name, actions = ""] = scope.split(":");
      return { type, name, actions: actions.split(",").filter((action) => mayPush || action === "pull") };
    });
    const times = { iat: now - 10, nbf: now - 10, exp: now + 300 };
    const claims = { iss: "test", sub: "somebody", aud: audience, jti: randomUUID(), access, ...times };
    const header = { typ: "JWT", alg: "ES256", x5c: [new X509Certificate(cert).raw.toString("base64")] };
    const text = [header, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const signature = sign("sha256", Buffer.from(text), {
      key: createPrivateKey(key),
      dsaEncoding: "ieee-p1363",
    });
    return `${text}.${signature.toString("base64url")}`;
  }
}
