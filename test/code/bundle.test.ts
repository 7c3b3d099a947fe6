import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, readlink, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BundleLimits, defaultBundleLimits } from "../../src/runtimes/code/bundle/bundle-limits.ts";
import { inspectBundle } from "../../src/runtimes/code/bundle/inspect-bundle.ts";
import { unpackBundle } from "../../src/runtimes/code/bundle/unpack-bundle.ts";
import { type BundleEntry, makeBundle, makeTar } from "../support/make-bundle.ts";

let folder: string;
let target: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "runyard-bundle-"));
  target = join(folder, "project");
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const manifest = { name: "charm.yaml", content: "version: 0.4.2\n" };
const small: BundleLimits = {
  ...defaultBundleLimits,
  compressedBytes: 64 * 1024,
  totalBytes: 256 * 1024,
  fileBytes: 128 * 1024,
  entries: 20,
  ratioFromBytes: 16 * 1024,
};

/** In pieces of odd sizes, as a socket would give them. */
function stream(bytes: Uint8Array): Readable {
  const pieces = [];
  for (let start = 0; start < bytes.length; start += 1_013) pieces.push(bytes.subarray(start, start + 1_013));
  return Readable.from(pieces);
}

/** Both ways to read a bundle have to refuse it with the same words, and leave nothing. */
async function expectRefusal(bytes: Uint8Array, words: string | RegExp, limits?: BundleLimits): Promise<void> {
  const refusal = { code: "bundle_invalid", message: expect.stringMatching(words) };
  await expect(unpackBundle(stream(bytes), target, { limits })).rejects.toMatchObject(refusal);
  await expect(inspectBundle(stream(bytes), ["charm.yaml"], { limits })).rejects.toMatchObject(refusal);
  expect(await readdir(folder)).toEqual([]);
}

async function tree(path: string): Promise<string[]> {
  return (await readdir(path, { recursive: true })).toSorted();
}

describe("what is no archive", () => {
  test.each([
    ["nothing", () => Buffer.alloc(0), /cut off/],
    ["text", () => Buffer.from("version: 0.4.2\n".repeat(99)), /no gzip/],
    ["a tar archive that is not packed", () => makeTar([manifest]), /no gzip/],
    ["a packed text", () => gzipSync("version: 0.4.2\n".repeat(99)), /no tar archive/],
    ["a packed nothing", () => gzipSync(""), /is empty/],
    ["random bytes, packed", () => gzipSync(randomBytes(5_000)), /no tar archive/],
    ["the start of an archive", async () => (await makeBundle([manifest])).subarray(0, 60), /cut off/],
    ["an archive without its last byte", async () => (await makeBundle([manifest])).subarray(0, -1), /cut off/],
    [
      "a tar archive without its end, packed",
      async () => gzipSync((await makeTar([manifest])).subarray(0, 700)),
      /cut off/,
    ],
    [
      "an archive with text behind it",
      async () => Buffer.concat([await makeBundle([manifest]), Buffer.from("x")]),
      /no gzip|behind (?:the|its) end/,
    ],
    [
      "an archive with zeros behind it",
      async () => Buffer.concat([await makeBundle([manifest]), Buffer.alloc(4_096)]),
      /behind the end/,
    ],
    [
      "two archives",
      async () => Buffer.concat([await makeBundle([manifest]), await makeBundle([manifest])]),
      /twice|behind the end/,
    ],
    [
      "an archive and a hidden second one",
      async () => Buffer.concat([await makeBundle([manifest]), gzipSync(Buffer.alloc(1_024))]),
      /behind the end/,
    ],
  ])("%s is refused", async (_name, make, words) => {
    await expectRefusal(await make(), words);
  });

  test("a damaged byte is found by the checksum", async () => {
    const bytes = await makeBundle([manifest, { name: "data.bin", content: randomBytes(20_000) }]);
    bytes.writeUInt8(bytes.readUInt8(9_000) ^ 0xff, 9_000);
    await expectRefusal(bytes, /damaged/);
  });
});

describe("names", () => {
  test.each([
    ["../outside", "\\.\\."],
    ["a/../../outside", "\\.\\."],
    ["a/..", "\\.\\."],
    ["..", "\\.\\."],
    ["/etc/passwd", "absolute"],
    ["//etc/passwd", "absolute"],
    ["C:/windows", "absolute"],
    ["..\\outside", "backslash"],
    ["a\\b", "backslash"],
    ["a\nb", "control character"],
    [`${"a/".repeat(40)}b`, "40 folders|41 folders"],
    ["é".repeat(200), "255 bytes"],
    [`${`${"n".repeat(200)}/`.repeat(6)}n`, "1024 bytes"],
  ])("the name %j is refused", async (name, words) => {
    await expectRefusal(await makeBundle([manifest, { name, content: "x" }]), words);
  });

  test("a NUL in a long name is refused instead of ending it", async () => {
    const name = `charm.yaml\0${"x".repeat(150)}`;
    await expectRefusal(await makeBundle([{ name, content: "x" }]), "control character");
  });

  test.each<[string, BundleEntry[], RegExp]>([
    [
      "a file twice",
      [
        { name: "a", content: "1" },
        { name: "./a", content: "2" },
      ],
      /"\.\/a" is there twice/,
    ],
    [
      "a file that becomes a link",
      [
        { name: "a", content: "1" },
        { name: "a", type: "symlink", linkname: "b" },
      ],
      /twice/,
    ],
    [
      "a folder that becomes a link",
      [
        { name: "a/b", content: "1" },
        { name: "a", type: "symlink", linkname: "." },
      ],
      /twice/,
    ],
    [
      "a link that becomes a folder",
      [
        { name: "a", type: "symlink", linkname: "b" },
        { name: "a/", type: "directory" },
      ],
      /twice/,
    ],
    [
      "a file below a file",
      [
        { name: "a", content: "1" },
        { name: "a/b", content: "2" },
      ],
      /"a", which is a file/,
    ],
    [
      "a file below a link",
      [
        { name: "b/", type: "directory" },
        { name: "a", type: "symlink", linkname: "b" },
        { name: "a/c", content: "2" },
      ],
      /"a", which is a link/,
    ],
    ["the root as a file", [{ name: "./", type: "symlink", linkname: "b" }], /project's folder/],
  ])("%s is refused", async (_name, entries, words) => {
    await expectRefusal(await makeBundle([manifest, ...entries]), words);
  });
});

describe("links and things that are no files", () => {
  test.each<[string, BundleEntry[], RegExp]>([
    ["a link to an absolute path", [{ name: "a", type: "symlink", linkname: "/etc/passwd" }], /absolute path/],
    ["a link out", [{ name: "a", type: "symlink", linkname: "../outside" }], /leads out/],
    ["a deep link out", [{ name: "a/b/c", type: "symlink", linkname: "../../../outside" }], /leads out/],
    ["a link out by a way that does not exist", [{ name: "a", type: "symlink", linkname: "no/../../x" }], /leads out/],
    [
      "a link out through an earlier one",
      [
        { name: "d/up", type: "symlink", linkname: ".." },
        { name: "e", type: "symlink", linkname: "d/up/../x" },
      ],
      /"e" is a link to "d\/up\/\.\.\/x", which leads out/,
    ],
    [
      "a link out through a later one",
      [
        { name: "e", type: "symlink", linkname: "d/up/../x" },
        { name: "d/up", type: "symlink", linkname: ".." },
      ],
      /leads out/,
    ],
    [
      "links in a circle",
      [
        { name: "a", type: "symlink", linkname: "b" },
        { name: "b", type: "symlink", linkname: "a" },
      ],
      /circle/,
    ],
    ["a link to itself", [{ name: "a", type: "symlink", linkname: "a/x" }], /circle/],
    ["a link with a backslash", [{ name: "a", type: "symlink", linkname: "..\\x" }], /backslash/],
    [
      "a hard link out",
      [{ name: "a", type: "link", linkname: "../../etc/passwd" }],
      /"\.\.\/\.\.\/etc\/passwd" has ".."/,
    ],
    ["a hard link to an absolute path", [{ name: "a", type: "link", linkname: "/etc/passwd" }], /absolute/],
    ["a hard link to nothing", [{ name: "a", type: "link", linkname: "missing" }], /no file that stands before/],
    [
      "a hard link to a link",
      [
        { name: "l", type: "symlink", linkname: "charm.yaml" },
        { name: "a", type: "link", linkname: "l" },
      ],
      /no file that stands before/,
    ],
    [
      "a hard link to a folder",
      [
        { name: "d/", type: "directory" },
        { name: "a", type: "link", linkname: "d" },
      ],
      /no file/,
    ],
    ["a character device", [{ name: "a", type: "character-device", devmajor: 1, devminor: 3 }], /character-device/],
    ["a block device", [{ name: "a", type: "block-device", devmajor: 8, devminor: 0 }], /block-device/],
    ["a named pipe", [{ name: "a", type: "fifo" }], /fifo/],
  ])("%s is refused", async (_name, entries, words) => {
    await expectRefusal(await makeBundle([manifest, ...entries]), words);
  });

  test("an entry of an unknown type is refused", async () => {
    const tar = await makeTar([{ name: "a", content: "" }]);
    tar.write("S", 156, "latin1");
    const sum = tar.subarray(0, 512).reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
    tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    await expectRefusal(gzipSync(tar), "unknown type");
  });

  test("a link that stays in the archive but leaves the project's folder is refused", async () => {
    const bytes = await makeBundle([
      { name: "project/charm.yaml", content: "x" },
      { name: "project/link", type: "symlink", linkname: "../note.txt" },
      { name: "note.txt", content: "x" },
    ]);
    await expectRefusal(bytes, "leads out of the project");
  });

  test("links inside are kept as they are", async () => {
    const bytes = await makeBundle([
      manifest,
      { name: "src/", type: "directory" },
      { name: "src/main.py", content: "print()" },
      { name: "lib", type: "symlink", linkname: "src" },
      { name: "src/again.py", type: "symlink", linkname: "../lib/./main.py" },
      { name: "src/same.py", type: "link", linkname: "src/main.py" },
      { name: "dangling", type: "symlink", linkname: "src/none" },
    ]);
    await unpackBundle(stream(bytes), target);
    expect(await readlink(join(target, "src/again.py"))).toBe("../lib/./main.py");
    expect(await readFile(join(target, "lib/same.py"), "utf8")).toBe("print()");
    expect(await readlink(join(target, "dangling"))).toBe("src/none");
  });
});

describe("sizes", () => {
  test("an archive over the limit is refused", async () => {
    await expectRefusal(
      await makeBundle([manifest, { name: "a", content: randomBytes(70_000) }]),
      "65536 bytes",
      small,
    );
  });

  test("a bomb is refused by its ratio, long before its end", async () => {
    const bytes = gzipSync(
      Buffer.concat([await makeTar([manifest]).then((tar) => tar.subarray(0, 1024)), Buffer.alloc(64 * 1024 * 1024)]),
    );
    await expectRefusal(bytes, "200 times its size");
  });

  test("a file over the limit is refused by what its header says", async () => {
    await expectRefusal(
      await makeBundle([manifest, { name: "a", content: Buffer.alloc(200_000) }]),
      '"a" has 200000 bytes',
      small,
    );
  });

  test("many files are refused by their sum", async () => {
    const files = ["a", "b", "c"].map((name) => ({ name, content: Buffer.alloc(100_000) }));
    await expectRefusal(await makeBundle([manifest, ...files]), "together", { ...small, ratio: 10_000 });
  });

  test("too many entries are refused, folders that are only implied included", async () => {
    const files = Array.from({ length: 21 }, (_, index) => ({ name: `f${index}`, content: "" }));
    await expectRefusal(await makeBundle([manifest, ...files]), "more than 20 entries", small);
    const deep = Array.from({ length: 3 }, (_, index) => ({ name: `${`d${index}/`.repeat(9)}f`, content: "" }));
    await expectRefusal(await makeBundle([manifest, ...deep]), "more than 20 entries", small);
  });

  test("a tarball of headers that belong to no file ends at the total", async () => {
    const pax = { name: "x".repeat(2_000), content: "" };
    await expectRefusal(await makeBundle([pax]), "1024 bytes|255 bytes", small);
  });
});

describe("what is unpacked", () => {
  test("files and folders with reduced rights, whatever the archive and the process say", async () => {
    const before = process.umask(0o077);
    try {
      const bytes = await makeBundle([
        { name: "./", type: "directory", mode: 0o000 },
        { name: "./charm.yaml", content: "v", mode: 0o000, uid: 4_000, gid: 4_000 },
        { name: "./run.sh", content: "#!", mode: 0o4777 },
        { name: "./empty/", type: "directory", mode: 0o700 },
        { name: "./deep/er/file", content: "", mode: 0o666 },
      ]);
      await unpackBundle(stream(bytes), target);
    } finally {
      process.umask(before);
    }
    expect(await tree(target)).toEqual(["charm.yaml", "deep", "deep/er", "deep/er/file", "empty", "run.sh"]);
    const modes = await Promise.all(
      ["", "charm.yaml", "run.sh", "empty", "deep/er", "deep/er/file"].map(async (name) => {
        const { mode, uid } = await stat(join(target, name));
        expect(uid).toBe(process.getuid?.());
        return (mode & 0o7777).toString(8);
      }),
    );
    expect(modes).toEqual(["755", "644", "755", "755", "755", "644"]);
    expect(await readdir(folder)).toEqual(["project"]);
  });

  test("long names of both kinds, and names that are not ASCII", async () => {
    const long = `${"segment-".repeat(20)}/${"file-".repeat(30)}.txt`;
    const bytes = await makeBundle([manifest, { name: long, content: "1" }, { name: "größe/ü.txt", content: "2" }]);
    await unpackBundle(stream(bytes), target);
    expect(await readFile(join(target, long), "utf8")).toBe("1");
    expect(await readFile(join(target, "größe/ü.txt"), "utf8")).toBe("2");
  });

  test.each<[string, Record<string, string>, string[]]>([
    ["the manifest lies at the top", { "charm.yaml": "m", "a/charm.yaml": "n" }, ["a", "a/charm.yaml", "charm.yaml"]],
    [
      "one folder has everything, as a project",
      { "p/main.py": "m", "p/package.json": "{}" },
      ["main.py", "package.json"],
    ],
    ["one folder has everything, as a package", { "p/main.py": "m" }, ["p", "p/main.py"]],
    ["one folder has the manifest", { "p/charm.yaml": "m", "README.md": "r" }, ["charm.yaml"]],
    ["the only folder has no manifest", { "main.py": "m", "lib/a.py": "a" }, ["lib", "lib/a.py", "main.py"]],
    ["there are two folders", { "p/charm.yaml": "m", "q/a": "a" }, ["p", "p/charm.yaml", "q", "q/a"]],
  ])("the project's folder is found when %s", async (_name, files, expected) => {
    await unpackBundle(stream(await makeBundle(files)), target);
    expect(await tree(target)).toEqual(expected);
  });

  test("bytes that have another hash than they were stored under are not unpacked", async () => {
    const unpacking = unpackBundle(stream(await makeBundle([manifest])), target, { sha256: "0".repeat(64) });
    await expect(unpacking).rejects.toMatchObject({ code: "bundle_invalid" });
    expect(await readdir(folder)).toEqual([]);
  });

  test("an abort in the middle leaves nothing", async () => {
    const bytes = await makeBundle([manifest, { name: "a", content: randomBytes(100_000) }]);
    const aborter = new AbortController();
    const content = Readable.from(
      (function* () {
        yield bytes.subarray(0, 50_000);
        aborter.abort(new Error("enough"));
        yield bytes.subarray(50_000);
      })(),
    );
    await expect(unpackBundle(content, target, { signal: aborter.signal })).rejects.toThrow("enough");
    expect(await readdir(folder)).toEqual([]);
  });

  test("content that breaks off fails with its own error", async () => {
    const content = Readable.from(
      (function* () {
        yield gzipSync("x").subarray(0, 12);
        throw new Error("the disk is gone");
      })(),
    );
    await expect(unpackBundle(content, target)).rejects.toThrow("the disk is gone");
  });

  test("a target that is there is left as it is", async () => {
    await unpackBundle(stream(await makeBundle({ "charm.yaml": "first" })), target);
    await expect(unpackBundle(stream(await makeBundle({ "charm.yaml": "second" })), target)).rejects.toThrow();
    expect(await readFile(join(target, "charm.yaml"), "utf8")).toBe("first");
  });
});

describe("what is looked at without unpacking", () => {
  test("the wanted files come as text, from within the project's folder", async () => {
    const bytes = await makeBundle([
      { name: "p/charm.yaml", content: "\uFEFFname: ü" },
      { name: "p/a/package.json", content: "{}" },
      { name: "p/big.bin", content: Buffer.alloc(2 * 1024 * 1024) },
    ]);
    const { entries, totalBytes, files } = await inspectBundle(stream(bytes), ["charm.yaml", "a/package.json", "none"]);
    expect([...files]).toEqual([
      ["charm.yaml", "name: ü"],
      ["a/package.json", "{}"],
    ]);
    expect(entries).toBe(5);
    expect(totalBytes).toBe(2 * 1024 * 1024 + Buffer.byteLength("\uFEFFname: ü") + 2);
  });

  test("a manifest that is too large or not UTF-8 is refused", async () => {
    const large = await makeBundle([{ name: "charm.yaml", content: " ".repeat(1024 * 1024 + 1) }]);
    await expect(inspectBundle(stream(large), ["charm.yaml"])).rejects.toThrow(
      '"charm.yaml" is read as text and may have',
    );
    const latin = await makeBundle([{ name: "charm.yaml", content: Buffer.from([0xe9, 0x20]) }]);
    await expect(inspectBundle(stream(latin), ["charm.yaml"])).rejects.toThrow("not in UTF-8");
  });
});
