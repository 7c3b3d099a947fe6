import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates } from "node:tls";
import { expect, test } from "vitest";
import { writeCertificates } from "./certificates.ts";

test("the file has what Node trusts and what installers are configured with, each once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "runyard-certificates-"));
  try {
    const ours = "-----BEGIN CERTIFICATE-----\nb3Vycw==\n-----END CERTIFICATE-----";
    const [known = ""] = getCACertificates("default");
    await writeFile(join(folder, "extra.pem"), `# a comment\n${ours}\n${known.trim()}\n`);
    const path = join(folder, "all.pem");
    await writeCertificates(path, [join(folder, "extra.pem"), join(folder, "missing.pem"), join(folder, "extra.pem")]);
    const text = await readFile(path, "utf8");
    expect(text.split(ours)).toHaveLength(2);
    expect(text.split(known.trim())).toHaveLength(2);
    expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(new Set(getCACertificates("default")).size + 1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
