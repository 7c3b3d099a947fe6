import { expect, test } from "vitest";
import { cgroupFolder, ownCgroup, parseCgroupMounts } from "./cgroup-folder.ts";

const mountInfo = `31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
33 31 0:30 /docker/abc /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;

test("cgroup mounts are read with their controllers", () => {
  expect(parseCgroupMounts(mountInfo)).toEqual([
    { version: 1, root: "/docker/abc", point: "/sys/fs/cgroup/cpu,cpuacct", controllers: ["rw", "cpu", "cpuacct"] },
    { version: 2, root: "/", point: "/sys/fs/cgroup/unified", controllers: [] },
  ]);
});

test("one's own cgroup is found by controller, or as that of version 2", () => {
  const text = "5:cpu,cpuacct:/docker/abc/x:y\n0::/user.slice\n";
  expect(ownCgroup(text, "cpuacct")).toBe("/docker/abc/x:y");
  expect(ownCgroup(text, undefined)).toBe("/user.slice");
  expect(ownCgroup(text, "memory")).toBeUndefined();
});

test("in a container the mount shows only a part of the tree", () => {
  const [mount] = parseCgroupMounts(mountInfo);
  if (mount === undefined) throw new Error("no mount");
  expect(cgroupFolder(mount, "/docker/abc/x")).toBe("/sys/fs/cgroup/cpu,cpuacct/x");
});
