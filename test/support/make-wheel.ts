import { crc32 } from "node:zlib";

export interface WheelContent {
  name: string;
  version: string;
  /** Text by path, such as `greeting/__init__.py`. */
  files: Record<string, string>;
  /** Like `other>=1`. */
  requires?: readonly string[];
}

/** @returns the file name and the bytes of a wheel of Python sources */
export function makeWheel({ name, version, files, requires = [] }: WheelContent): { name: string; bytes: Buffer } {
  const info = `${name}-${version}.dist-info`;
  const metadata = ["Metadata-Version: 2.1", `Name: ${name}`, `Version: ${version}`].concat(
    requires.map((requirement) => `Requires-Dist: ${requirement}`),
  );
  const all: Record<string, string> = {
    ...files,
    [`${info}/METADATA`]: `${metadata.join("\n")}\n`,
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
  };
  const record = [...Object.keys(all), `${info}/RECORD`].map((path) => `${path},,\n`).join("");
  return { name: `${name}-${version}-py3-none-any.whl`, bytes: makeZip({ ...all, [`${info}/RECORD`]: record }) };
}

/** A zip archive without compression. @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
function makeZip(files: Record<string, string>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, text] of Object.entries(files)) {
    const name = Buffer.from(path);
    const content = Buffer.from(text);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    // The earliest date that the format has.
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), common, name, content]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(0o100644 * 2 ** 16, 6);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\u0001\u0002\u0014\u0003"), common, place, name]));
    parts.push(local);
    offset += local.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, ...directory, Buffer.from("PK\u0005\u0006"), end]);
}
