import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { z } from "zod";

const head = `Libraries whose code is in the files of this folder, each with its license and notices.
`;
const rule = "=".repeat(80);
const modules = `${sep}node_modules${sep}`;
/** Code that the bundler itself adds is named like this; it is the bundler's. */
const bundlerModule = "\0";
/** The file that a license asks to be passed on, whatever its ending and spelling. */
const licenseFile = /^(licen[cs]e|notice|copying)([.-]|$)/i;
/** Some packages have the text in their README alone: to the next heading, or to the end. */
const licenseSection = /^#+ *licen[cs]e\s*\n([^#]+)/im;

const personSchema = z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]);
const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.string(),
  author: personSchema.optional(),
});

/**
 * What has to lie beside a bundle: name, version, license, author and license texts of each package of which a module is in it, by
 * name and version. The same packages give the same text, wherever they were installed.
 *
 * @param moduleIds of the bundle's modules: paths, and the names of what the bundler added
 */
export async function thirdPartyLicenses(moduleIds: Iterable<string>): Promise<string> {
  const folders = new Set(Array.from(moduleIds, packageFolder).filter((folder) => folder !== undefined));
  const entries = new Set(await Promise.all(Array.from(folders, describePackage)));
  return [head, ...[...entries].sort()].join(`\n${rule}\n`);
}

function packageFolder(moduleId: string): string | undefined {
  if (moduleId.startsWith(bundlerModule)) return join("node_modules", "rolldown");
  const start = moduleId.lastIndexOf(modules);
  if (start === -1) return undefined;
  const inside = moduleId.slice(start + modules.length).split(sep);
  const name = inside.slice(0, inside[0]?.startsWith("@") === true ? 2 : 1);
  return join(moduleId.slice(0, start), modules, ...name);
}

async function describePackage(folder: string): Promise<string> {
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, "package.json"), "utf8")));
  const { name, version, license, author } = manifest;
  const facts = [`${name} ${version}`, `License: ${license}`, ...(author === undefined ? [] : [`Author: ${author}`])];
  return [facts.join("\n"), ...(await licenseTexts(folder))].join("\n\n") + "\n";
}

async function licenseTexts(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  const read = async (name: string): Promise<string> =>
    (await readFile(join(folder, name), "utf8")).replaceAll("\r\n", "\n").trim();
  const texts = await Promise.all(
    names
      .filter((name) => licenseFile.test(name))
      .sort()
      .map(read),
  );
  if (texts.length > 0) return texts;
  const readme = names.find((name) => name.toLowerCase() === "readme.md");
  const section = readme === undefined ? undefined : licenseSection.exec(await read(readme))?.[1];
  return section === undefined ? [] : [section.trim()];
}
