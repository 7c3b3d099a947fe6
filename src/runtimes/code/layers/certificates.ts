import { readFile, writeFile } from "node:fs/promises";
import { getCACertificates } from "node:tls";

const pemCertificate = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED )?CERTIFICATE-----/g;

/**
 * Writes one file with every authority that is trusted on this machine: by Node, which includes `NODE_EXTRA_CA_CERTS`, and
 * in the files that the installers are configured with. One that cannot be read is passed over, as they do.
 */
export async function writeCertificates(path: string, files: readonly string[]): Promise<void> {
  const found = new Set(getCACertificates("default").map((text) => text.trim()));
  for (const file of new Set(files)) {
    const text = await readFile(file, "latin1").catch(() => "");
    for (const [certificate] of text.matchAll(pemCertificate)) found.add(certificate);
  }
  await writeFile(path, `${[...found].join("\n")}\n`, { mode: 0o644 });
}
