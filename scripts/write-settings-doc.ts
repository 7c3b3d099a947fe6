// Writes docs/settings.md from the settings schema. Run it after a change of a setting: node scripts/write-settings-doc.ts
import { writeFileSync } from "node:fs";
import { describeSettings } from "../src/config/describe-settings.ts";

writeFileSync(new URL("../docs/settings.md", import.meta.url), describeSettings());
