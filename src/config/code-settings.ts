import { z } from "zod";
import { setting } from "./setting.ts";
import { baseUrlSchema } from "./setting-types.ts";

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/);
const hostWithPort = z.string().regex(/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i);

/** What concerns agents of user code: their sandbox, their packages, and what they are given. */
export const codeSettingsSchema = z
  .strictObject({
    environment: setting(z.record(variableName, z.string().max(65_536)).default({}), {
      env: ["RUNYARD_CODE_ENVIRONMENT"],
      text: "pairs",
      expected: "pairs of a variable's name and its value",
      about: "Variables (keys of models and tools, say) for those code agents whose version names them.",
      secret: true,
    }),
    pythonIndexUrl: setting(baseUrlSchema.optional(), {
      env: ["RUNYARD_PYTHON_INDEX_URL"],
      text: "text",
      expected: "an http or https URL",
      about: "Where Python packages of code agents come from. Not set: as pip is configured on this machine.",
    }),
    npmRegistryUrl: setting(baseUrlSchema.optional(), {
      env: ["RUNYARD_NPM_REGISTRY_URL"],
      text: "text",
      expected: "an http or https URL",
      about: "Where Node packages of code agents come from. Not set: as npm is configured on this machine.",
    }),
    packageHosts: setting(z.array(hostWithPort).default([]), {
      env: ["RUNYARD_PACKAGE_HOSTS"],
      text: "list",
      expected: "a list of host or host:port",
      about: "Further hosts that an installation of packages may reach, private ones included.",
    }),
    keepBundles: setting(z.int().min(1).max(100_000).default(200), {
      env: ["RUNYARD_KEEP_BUNDLES"],
      text: "number",
      expected: "a whole number from 1 to 100000",
      about: "How many unpacked bundles stay on disk; the least recently used go first.",
    }),
    keepLayers: setting(z.int().min(1).max(100_000).default(50), {
      env: ["RUNYARD_KEEP_LAYERS"],
      text: "number",
      expected: "a whole number from 1 to 100000",
      about: "How many installed sets of dependencies stay on disk; the least recently used go first.",
    }),
    daemonIdleMinutes: setting(z.number().min(0.01).max(525_600).default(15), {
      env: ["RUNYARD_DAEMON_IDLE_MINUTES"],
      text: "number",
      expected: "minutes, a number from 0.01",
      about: "A daemon that has had nothing to do for this long is stopped; its next run starts it again.",
    }),
    daemonRunSeconds: setting(z.int().min(1).max(604_800).default(3600), {
      env: ["RUNYARD_DAEMON_RUN_SECONDS"],
      text: "number",
      expected: "seconds, a whole number from 1 to 604800",
      about: "The longest that one run in a daemon may take.",
    }),
    sandboxUid: setting(z.int().min(1).max(4_294_967_294).default(61_184), {
      env: ["RUNYARD_SANDBOX_UID"],
      text: "number",
      expected: "a user id, a whole number from 1",
      about:
        "As whom programs run when the server is started as root; it needs no entry anywhere and should own nothing.",
    }),
    pythonPath: setting(z.string().min(1).optional(), {
      env: ["RUNYARD_PYTHON_PATH"],
      text: "text",
      expected: "a path",
      about: "The Python that code agents run on. Not set: `python3` of this machine.",
    }),
  })
  .prefault({});
