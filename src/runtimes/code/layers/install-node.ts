import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { RunyardError } from "../../../contract/errors.ts";
import { writeCertificates } from "./certificates.ts";
import { findNpmRegistry, type RegistrySettings } from "./find-registries.ts";
import type { Installer } from "./installer.ts";
import { once } from "./once.ts";
import { prepareDraft } from "./prepare-draft.ts";
import { readVersion } from "./read-version.ts";
import { certificatePath, installFolder, type InstallerParts, keepResult, runInstaller } from "./run-installer.ts";

/** The folder of a layer that goes beside the code. */
export const nodeModules = "node_modules";

const askVersion = "[process.version, process.platform, process.arch, process.versions.modules].join(' ')";

/** Installs npm packages. Their scripts run: they are in the sandbox, as they will be later. */
export function createNodeInstaller(
  parts: InstallerParts,
  options: { certificateFile: string; registries: RegistrySettings },
): Installer {
  const { sandbox } = parts;
  const ready = once(async () => {
    if (!sandbox.tools.some(({ name, source }) => name === "npm" && source !== undefined)) {
      throw new RunyardError("preparation_failed", "The agent needs npm, which this server has none of.");
    }
    const registry = await findNpmRegistry(sandbox.tools, options.registries);
    const interpreter = await readVersion(sandbox, ["node", "-p", askVersion]);
    const installer = await readVersion(sandbox, ["npm", "--version"]);
    await writeCertificates(options.certificateFile, registry.certificateFiles);
    return { registry, identity: JSON.stringify([interpreter, installer, registry.url]) };
  });
  return {
    async identity() {
      const { identity } = await ready();
      return identity;
    },
    async install(plan, draft, { projectDirectory, signal, onProgress }) {
      const { registry } = await ready();
      await prepareDraft(draft, plan, projectDirectory);
      await runInstaller(parts, {
        installer: "npm",
        command: ["npm", ...plan.wishes, "--omit=dev", "--no-audit", "--no-fund"],
        environment: {
          npm_config_registry: registry.url,
          npm_config_cache: `${installFolder}/tmp/npm`,
          npm_config_cafile: certificatePath,
          npm_config_update_notifier: "false",
          // Otherwise nothing is said before the end.
          npm_config_loglevel: "http",
        },
        manifest: plan.manifest,
        certificateFile: options.certificateFile,
        registry,
        draft,
        signal,
        onProgress,
      });
      const kept = await keepResult(draft, ["project", nodeModules], nodeModules);
      // A project whose dependencies are all for other platforms gets none.
      if (kept === undefined) await mkdir(join(draft, nodeModules));
    },
  };
}
