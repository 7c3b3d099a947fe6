import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { RunyardError } from "../../../contract/errors.ts";
import { writeCertificates } from "./certificates.ts";
import { findPythonRegistry, type Registry, type RegistrySettings } from "./find-registries.ts";
import type { Installer } from "./installer.ts";
import { once } from "./once.ts";
import { prepareDraft } from "./prepare-draft.ts";
import { readVersion } from "./read-version.ts";
import { certificatePath, installFolder, type InstallerParts, keepResult, runInstaller } from "./run-installer.ts";

/** The folder of a layer that goes on `PYTHONPATH`. */
export const pythonPackages = "packages";

const askVersion = "import sys, sysconfig; print(sys.version.replace(chr(10), ' '), sysconfig.get_platform())";
const askPipToo = `${askVersion}; import pip; print('pip', pip.__version__)`;
const target = ["--target", `${installFolder}/${pythonPackages}`];

/** Installs Python packages with uv where the server has it, else with pip. */
export function createPythonInstaller(
  parts: InstallerParts,
  options: { certificateFile: string; registries: RegistrySettings },
): Installer {
  const { sandbox } = parts;
  const hasUv = sandbox.tools.some(({ name, source }) => name === "uv" && source !== undefined);
  const ready = once(async () => {
    if (!sandbox.tools.some(({ name, source }) => name === "python3" && source !== undefined)) {
      throw new RunyardError("preparation_failed", "The agent needs Python, which this server has none of.");
    }
    const registry = await findPythonRegistry(sandbox.tools, options.registries);
    const interpreter = await readVersion(sandbox, ["python3", "-c", hasUv ? askVersion : askPipToo]);
    const installer = hasUv ? await readVersion(sandbox, ["uv", "--version"]) : "pip";
    await writeCertificates(options.certificateFile, registry.certificateFiles);
    return { registry, identity: JSON.stringify([interpreter, installer, registry.url, registry.extraUrls]) };
  });
  return {
    async identity() {
      const { identity } = await ready();
      return identity;
    },
    async install(plan, draft, { projectDirectory, signal, onProgress }) {
      const { registry } = await ready();
      await prepareDraft(draft, plan, projectDirectory);
      await mkdir(join(draft, pythonPackages));
      await runInstaller(parts, {
        ...(hasUv ? withUv(registry, plan.wishes) : withPip(registry, plan.wishes)),
        manifest: plan.manifest,
        certificateFile: options.certificateFile,
        registry,
        draft,
        signal,
        onProgress,
      });
      await keepResult(draft, [pythonPackages], pythonPackages);
    },
  };
}

/** Addresses go by environment: they may hold a password, and pip hands them on to the builds that it starts. */
function withPip({ url, extraUrls }: Registry, wishes: readonly string[]) {
  const insecure = [url, ...extraUrls].filter((index) => index.startsWith("http:")).map((index) => new URL(index).host);
  return {
    installer: "pip",
    command: ["python3", "-m", "pip", "install", ...target, "--progress-bar", "off", ...wishes],
    environment: {
      PIP_INDEX_URL: url,
      PIP_EXTRA_INDEX_URL: extraUrls.join(" "),
      PIP_TRUSTED_HOST: insecure.join(" "),
      PIP_CERT: certificatePath,
      PIP_CONFIG_FILE: "/dev/null",
      // What is refused stays refused, and pip waits longer before each.
      PIP_RETRIES: "2",
      PIP_NO_INPUT: "1",
      PIP_NO_CACHE_DIR: "1",
      PIP_NO_WARN_SCRIPT_LOCATION: "1",
      PIP_DISABLE_PIP_VERSION_CHECK: "1",
      PIP_ROOT_USER_ACTION: "ignore",
    },
  };
}

/** @see https://docs.astral.sh/uv/reference/environment/ */
function withUv({ url, extraUrls }: Registry, wishes: readonly string[]) {
  const insecure = [url, ...extraUrls].filter((index) => index.startsWith("http:")).map((index) => new URL(index).host);
  return {
    installer: "uv",
    command: ["uv", "pip", "install", ...target, "--python", "python3", "--compile-bytecode", ...wishes],
    environment: {
      UV_DEFAULT_INDEX: url,
      UV_INDEX: extraUrls.join(" "),
      UV_INSECURE_HOST: insecure.join(" "),
      UV_NO_CONFIG: "1",
      UV_NO_CACHE: "1",
      UV_NO_PROGRESS: "1",
      UV_PYTHON_DOWNLOADS: "never",
      UV_LINK_MODE: "copy",
    },
  };
}
