import { allSettings, settingsSchema } from "./settings.ts";
import type { Setting } from "./setting.ts";

/** The settings as a Markdown page, which `docs/settings.md` holds. */
export function describeSettings(): string {
  const defaults: unknown = settingsSchema.parse({});
  const rows = allSettings.map((setting) =>
    [
      code(setting.path.join(".")),
      (setting.env ?? []).map(code).join(" or "),
      setting.flag === undefined ? "" : code(setting.flag),
      setting.expected,
      defaultOf(setting, defaults),
      `${setting.about}${setting.secret === true ? " Secret." : ""}`,
    ]
      .map((cell) => cell.replaceAll("|", "\\|"))
      .join(" | "),
  );
  return `<!-- Generated from src/config/settings.ts by scripts/write-settings-doc.ts. Do not edit. -->

# Settings

A flag wins over the environment, the environment over the file, the file over the default. The file is named by \`--config\`
or \`RUNYARD_CONFIG\`; without either it is \`runyard.yaml\`, \`runyard.yml\` or \`runyard.json\` in the working directory. Keys of the
file are nested at each dot. A name that is not in this table is refused, in the file, among the flags, and among
variables that begin with \`RUNYARD_\`. A variable without text counts as not set. In variables and flags a list is written
with commas, and pairs as \`name=value,name=value\`.

| setting | environment | flag | expected | default | what it does |
|---|---|---|---|---|---|
${rows.map((row) => `| ${row} |`).join("\n")}
`;
}

function defaultOf(setting: Setting, defaults: unknown): string {
  let value = defaults;
  for (const key of setting.path) {
    value =
      typeof value === "object" && value !== null
        ? Object.entries(value).find(([name]) => name === key)?.[1]
        : undefined;
  }
  if (value === undefined) return "";
  if (value === null) return "no limit";
  return code(typeof value === "string" ? value : JSON.stringify(value));
}

function code(text: string): string {
  return `\`${text}\``;
}
