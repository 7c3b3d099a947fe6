import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { planPython } from "./plan-python.ts";
import { ProjectFiles } from "./project-files.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "runyard-plan-"));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

async function plan(files: Record<string, string>, importsCharm = false) {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  const found = await planPython(new ProjectFiles(directory), importsCharm);
  return found === undefined ? undefined : { ...found, files: [...found.files.keys()] };
}

test("a project without manifests, or with empty ones, needs nothing", async () => {
  expect(await plan({})).toBeUndefined();
  expect(
    await plan({ "requirements.txt": "# none\n\n--no-binary :all:\n", "pyproject.toml": "[tool.x]\n" }),
  ).toBeUndefined();
});

test("requirements are taken with the files that they name, in a circle as well", async () => {
  const found = await plan({
    "requirements.txt":
      "-r req/a.txt\n--constraint=req/c.txt\none==1 \\\n  --hash=sha256:00\n-r https://lists.example/x.txt\n",
    "req/a.txt": "-rb.txt\n",
    "req/b.txt": "-r ../requirements.txt\ntwo\n",
    "req/c.txt": "three<4\n",
  });
  expect(found).toEqual({
    manifest: "requirements.txt",
    files: ["requirements.txt", "req/a.txt", "req/b.txt", "req/c.txt"],
    wholeProject: false,
    wishes: ["-r", "requirements.txt"],
  });
});

test.each(["-e .", "./lib", "lib/wheel.whl", "name @ file:lib", "--find-links wheels\nx", "file:lib"])(
  "the requirement %j needs the rest of the project",
  async (line) => {
    expect(await plan({ "requirements.txt": `${line}\n` })).toMatchObject({ wholeProject: true });
  },
);

test.each([
  "name",
  "name[extra]>=1",
  "name @ https://files.example/n.whl",
  "git+https://git.example/a/b",
  'x; python_version < "3/4"',
])("the requirement %j does not", async (line) => {
  expect(await plan({ "requirements.txt": `${line}\n` })).toMatchObject({ wholeProject: false });
});

test("a pyproject's dependencies come before the requirements, which come where it has none", async () => {
  const requirements = { "requirements.txt": "other\n" };
  expect(
    await plan({ ...requirements, "pyproject.toml": '[project]\nname="x"\ndependencies=["one>1","two"]\n' }),
  ).toEqual({
    manifest: "pyproject.toml",
    files: ["pyproject.toml"],
    wholeProject: false,
    wishes: ["one>1", "two"],
  });
  expect(await plan({ "pyproject.toml": '[project]\nname="x"\n' })).toMatchObject({ manifest: "requirements.txt" });
});

test.each([
  '[project]\nname="x"\ndynamic=["dependencies"]\n',
  '[tool.poetry.dependencies]\npython = "^3.11"\nrequests = "^2"\n',
])("dependencies that only the project's own build can tell are told by it", async (text) => {
  expect(await plan({ "pyproject.toml": text })).toMatchObject({ wholeProject: true, wishes: ["."] });
});

test("charmos is added for an import, unless the project asks for it", async () => {
  expect(await plan({}, true)).toMatchObject({ wishes: ["charmos"] });
  expect(await plan({ "requirements.txt": "one\n" }, true)).toMatchObject({
    wishes: ["-r", "requirements.txt", "charmos"],
  });
  expect(await plan({ "requirements.txt": "charmos-extra\n" }, true)).toMatchObject({
    wishes: ["-r", "requirements.txt", "charmos"],
  });
  expect(await plan({ "requirements.txt": "CharmOS[x]~=0.5\n" }, true)).toMatchObject({
    wishes: ["-r", "requirements.txt"],
  });
});

test.each([
  [{ "pyproject.toml": "[project\n" }, "cannot be read, at line 1"],
  [{ "pyproject.toml": "[project]\ndependencies = 5\n" }, "project.dependencies is not as it should be"],
  [{ "pyproject.toml": '[project]\ndependencies = ["--index-url=x"]\n' }, "is no dependency"],
  [{ "requirements.txt": "-r missing.txt\n" }, "missing.txt, which is not in the project"],
  [{ "requirements.txt": "-r ../../etc/passwd\n" }, "not a file of the project"],
  [{ "requirements.txt": "-c /etc/passwd\n" }, "not a file of the project"],
])("%j is refused in words", async (files, words) => {
  await expect(plan(files)).rejects.toMatchObject({
    code: "preparation_failed",
    message: expect.stringContaining(words),
  });
});

test("a link out of the project is not read", async () => {
  await symlink("/etc/passwd", join(directory, "requirements.txt"));
  await expect(plan({})).rejects.toThrow("not a file of the project");
});

test("a folder in the place of a manifest is none", async () => {
  expect(await plan({ "requirements.txt/a": "", "pyproject.toml/a": "" })).toBeUndefined();
});
