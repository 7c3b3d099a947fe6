// The input is the JSON file that CHARM_INPUT_FILE names; what is printed is the result. A line that begins with
// __CHARM_EVENT__ is an event and no part of it.
import { readFileSync } from "node:fs";

const { title } = JSON.parse(readFileSync(process.env.CHARM_INPUT_FILE, "utf8"));
console.log(`__CHARM_EVENT__${JSON.stringify({ type: "status", content: "Making a slug" })}`);
console.log(
  title
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, ""),
);
