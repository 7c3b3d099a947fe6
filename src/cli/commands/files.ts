import { createWriteStream, openAsBlob } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import type { StoredFile } from "../../../client/src/index.ts";
import type { Cli } from "../cli.ts";
import { CommandError, exitCodes } from "../exit-code.ts";
import { type PageOptions, printPage, withPageOptions } from "../page-options.ts";
import { renderFields } from "../table.ts";

/** `runyard files …` */
export function defineFiles(command: Command, cli: Cli): void {
  command
    .command("upload <path>")
    .description("upload a file")
    .option("--name <name>", "its name on the server (default: the file's own)")
    .option("--type <type>", "its media type, such as text/csv")
    .action(async (path: string, options: { name?: string; type?: string }) => {
      const content = await openContent(path, options.type ?? "");
      cli.print(await cli.client().files.upload(content, options.name ?? basename(path)), renderFile);
    });

  withPageOptions(command.command("list").description("list files, newest first")).action(
    async (options: PageOptions) => {
      printPage(
        cli,
        await cli.client().files.list(options),
        ["id", "name", "type", "bytes", "created"],
        rowOf,
        options,
      );
    },
  );

  command
    .command("download <file>")
    .description("write a file's content to stdout, or to --output")
    .option("-o, --output <path>", "where to write; must not exist")
    .action(async (id: string, options: { output?: string }) => {
      const { body } = await cli.client().files.download(id);
      if (body === null) return;
      const content = Readable.fromWeb(body);
      if (options.output === undefined) await pipeline(content, cli.terminal.stdout, { end: false });
      else await writeNewFile(content, options.output);
    });

  command
    .command("delete <file>")
    .description("delete a file")
    .action(async (id: string) => {
      cli.print(await cli.client().files.delete(id), (deleted) => `Deleted ${deleted.id}.`);
    });
}

/** The size is needed before the content is sent, so it must be a plain file. */
async function openContent(path: string, type: string): Promise<Blob> {
  let isFile = false;
  try {
    isFile = (await stat(path)).isFile();
    if (isFile) return await openAsBlob(path, { type });
  } catch (cause) {
    throw new CommandError(exitCodes.usage, `${path} cannot be read.`, { cause });
  }
  throw new CommandError(exitCodes.usage, `${path} is not a file.`);
}

/** Writes a file that is not there yet, and leaves nothing when that breaks off. */
async function writeNewFile(content: Readable, path: string): Promise<void> {
  const target = createWriteStream(path, { flags: "wx" });
  let wasMade = false;
  target.once("open", () => (wasMade = true));
  try {
    await pipeline(content, target);
  } catch (cause) {
    if (wasMade) await rm(path, { force: true });
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(exitCodes.failure, `${path} could not be written: ${detail}.`, { cause });
  }
}

function renderFile(file: StoredFile): string {
  return renderFields({
    id: file.id,
    name: file.name,
    type: file.type,
    bytes: file.size,
    sha256: file.sha256,
    created: file.createdAt,
  });
}

function rowOf(file: StoredFile): string[] {
  return [file.id, file.name, file.type, String(file.size), file.createdAt];
}
