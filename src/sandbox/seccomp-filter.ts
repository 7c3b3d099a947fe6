import { Buffer } from "node:buffer";

/**
 * The system-call filter of sandboxed programs, as a compiled BPF program: a list of what is refused. Namespaces already
 * make most of these harmless; the filter takes the kernel's less-tried parts out of reach, and what namespaces do not
 * hold, such as key rings and sockets to the host of a virtual machine.
 *
 * @param architecture as in `process.arch`
 * @returns undefined for an architecture whose numbers are not known here
 * @see https://docs.kernel.org/userspace-api/seccomp_filter.html
 */
export function compileSeccompFilter(architecture: string): Buffer | undefined {
  const numbers = callNumbers[architecture];
  if (numbers === undefined) return undefined;
  return Buffer.concat([
    load(offset.architecture),
    ...unlessEqual(numbers.audit, [answer(kill)]),
    load(offset.call),
    // The x32 calls of x86-64 have other numbers for the same things.
    ...(architecture === "x64" ? ifAtLeast(0x4000_0000, [answer(kill)]) : []),
    ...numbers.refused.flatMap((call) => ifEqual(call, [answer(fail(EPERM))])),
    ...refusedEverywhere.flatMap((call) => ifEqual(call, [answer(fail(EPERM))])),
    // Programs take these for a kernel that does not have them yet, and do without.
    ...[io_uring_setup, io_uring_enter, io_uring_register, clone3].flatMap((call) =>
      ifEqual(call, [answer(fail(ENOSYS))]),
    ),
    ...ifEqual(numbers.clone, [
      load(offset.firstArgument),
      ...ifAnyBit(newNamespaces, [answer(fail(EPERM))]),
      answer(allow),
    ]),
    ...ifEqual(numbers.socket, [
      load(offset.firstArgument),
      ...[AF_UNIX, AF_INET, AF_INET6, AF_NETLINK].flatMap((family) => ifEqual(family, [answer(allow)])),
      answer(fail(EAFNOSUPPORT)),
    ]),
    ...ifEqual(numbers.ioctl, [
      load(offset.secondArgument),
      ...[TIOCSTI, TIOCLINUX].flatMap((request) => ifEqual(request, [answer(fail(EPERM))])),
      answer(allow),
    ]),
    answer(allow),
  ]);
}

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
/** They type into the terminal that a server was started from. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. */
const newNamespaces = 0x7e02_0000;

// From 424 on the numbers are the same on all architectures.
const io_uring_setup = 425;
const io_uring_enter = 426;
const io_uring_register = 427;
const clone3 = 435;
/** open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, pidfd_getfd, mount_setattr, quotactl_fd. */
const refusedEverywhere = [428, 429, 430, 431, 432, 433, 438, 442, 443];

interface CallNumbers {
  /** AUDIT_ARCH_… */
  audit: number;
  clone: number;
  socket: number;
  ioctl: number;
  refused: readonly number[];
}

/**
 * Refused, in this order: ptrace, process_vm_readv, process_vm_writev, kcmp; add_key, request_key, keyctl; bpf,
 * perf_event_open, userfaultfd; mount, umount2, pivot_root, chroot, unshare, setns; name_to_handle_at,
 * open_by_handle_at, fanotify_init; init_module, finit_module, delete_module, kexec_load, kexec_file_load, reboot;
 * swapon, swapoff, acct, quotactl, syslog, vhangup; sethostname, setdomainname; settimeofday, clock_settime, adjtimex,
 * clock_adjtime; and on x86-64 iopl, ioperm, modify_ldt.
 */
const callNumbers: Record<string, CallNumbers> = {
  x64: {
    audit: 0xc000_003e,
    clone: 56,
    socket: 41,
    ioctl: 16,
    refused: [
      101, 310, 311, 312, 248, 249, 250, 321, 298, 323, 165, 166, 155, 161, 272, 308, 303, 304, 300, 175, 313, 176, 246,
      320, 169, 167, 168, 163, 179, 103, 153, 170, 171, 164, 227, 159, 305, 172, 173, 154,
    ],
  },
  arm64: {
    audit: 0xc000_00b7,
    clone: 220,
    socket: 198,
    ioctl: 29,
    refused: [
      117, 270, 271, 272, 217, 218, 219, 280, 241, 282, 40, 39, 41, 51, 97, 268, 264, 265, 262, 105, 273, 106, 104, 294,
      142, 224, 225, 89, 60, 116, 58, 161, 162, 170, 112, 171, 266,
    ],
  },
};

/** Where things are in `struct seccomp_data`; of an argument the lower half, which comes first on both architectures. */
const offset = { call: 0, architecture: 4, firstArgument: 16, secondArgument: 24 };
const allow = 0x7fff_0000;
const kill = 0x8000_0000;
const fail = (errno: number) => 0x0005_0000 | errno;

/** One `struct sock_filter`: code, how many to pass over when true and when false, value. */
function instruction(code: number, whenTrue: number, whenFalse: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(whenTrue, 2);
  bytes.writeUInt8(whenFalse, 3);
  bytes.writeUInt32LE(value >>> 0, 4);
  return bytes;
}

const load = (at: number) => instruction(0x20, 0, 0, at);
const answer = (value: number) => instruction(0x06, 0, 0, value);
const ifEqual = (value: number, then: Buffer[]) => [instruction(0x15, 0, then.length, value), ...then];
const unlessEqual = (value: number, then: Buffer[]) => [instruction(0x15, then.length, 0, value), ...then];
const ifAtLeast = (value: number, then: Buffer[]) => [instruction(0x35, 0, then.length, value), ...then];
const ifAnyBit = (bits: number, then: Buffer[]) => [instruction(0x45, 0, then.length, bits), ...then];
