import type { SandboxLimits } from "../../../src/sandbox/sandbox.ts";

/**
 * One way out of a sandbox, or over its limits: a script that prints `ESCAPED` when it works. What it aims at comes in
 * variables (see `targets.ts`): `SECRET`, `DATA`, `OTHER`, `PORT`, `VICTIM`, … The same script is run bare.
 */
export interface Probe {
  name: string;
  /** Python unless a shell is named. */
  language?: "python" | "sh";
  script: string;
  /** Without the sandbox it works for root alone. */
  root?: true;
  /** How the bare run is started, when not just so. */
  bare?: "unprivileged" | "own-network" | "with-descriptor";
  limits?: Partial<SandboxLimits>;
}

/** Before each Python script: system calls by name, and a way to say that they were let through. */
export const prelude = `
import ctypes, os, platform, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
x64 = platform.machine() == "x86_64"
E = os.environ
numbers = dict(ptrace=(101,117), process_vm_readv=(310,270), kcmp=(312,272), add_key=(248,217), request_key=(249,218),
  keyctl=(250,219), bpf=(321,280), perf_event_open=(298,241), userfaultfd=(323,282), mount=(165,40), chroot=(161,51),
  unshare=(272,97), setns=(308,268), name_to_handle_at=(303,264), open_by_handle_at=(304,265), fanotify_init=(300,262),
  reboot=(169,142), swapon=(167,224), acct=(163,89), syslog=(103,116),
  sethostname=(170,161), clone=(56,220), umount2=(166,39), adjtimex=(159,171), io_uring_setup=(425,425),
  open_tree=(428,428), fsopen=(430,430), clone3=(435,435), pidfd_open=(434,434), pidfd_getfd=(438,438))
def call(name, *arguments):
    ctypes.set_errno(0)
    made = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return libc.syscall(ctypes.c_long(numbers[name][0 if x64 else 1]), *made)
def escaped(when=True):
    if when: print("ESCAPED", flush=True)
def reaches(name, *arguments):
    # Whatever the kernel thinks of the arguments, it looked at them.
    escaped(call(name, *arguments) >= 0 or ctypes.get_errno() not in (1, 38))
def pids(): return [p for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid()]
def text(path): return open(path, "rb").read()
`;

const newUser = 0x1000_0000;

export const probes: readonly Probe[] = [
  // Files.
  { name: "read /etc/shadow", root: true, script: `escaped(b"root:" in text("/etc/shadow"))` },
  { name: "list root's home", root: true, script: `escaped(len(os.listdir("/root")) >= 0)` },
  { name: "read the data directory", script: `escaped(b"secret" in text(E["SECRET"]))` },
  { name: "list the data directory", script: `escaped("secret" in os.listdir(E["DATA"]))` },
  { name: "open a file of the data directory for writing", script: `open(E["SECRET"], "r+").close(); escaped()` },
  { name: "read another workspace", script: `escaped(b"other" in text(E["OTHER"] + "/file"))` },
  { name: "write another workspace", script: `open(E["OTHER"] + "/new", "w").write("x"); escaped()` },
  { name: "climb out by relative paths", script: `escaped(b"other" in text("../other/file"))` },
  {
    name: "climb out through a symbolic link",
    script: `os.symlink(E["SECRET"], "link"); escaped(b"secret" in text("link"))`,
  },
  { name: "hard-link a file of another workspace", script: `os.link(E["OTHER"] + "/file", "hard"); escaped()` },
  {
    name: "hard-link out of a folder that is mounted for reading",
    script: `os.link(E["READONLY"] + "/file", "hard2"); escaped()`,
  },
  {
    name: "move a file into another workspace",
    script: `open("mine","w"); os.rename("mine", E["OTHER"] + "/mine"); escaped()`,
  },
  { name: "change a folder that is mounted for reading", script: `open(E["READONLY"] + "/new", "w"); escaped()` },
  {
    name: "change a file that is mounted for reading",
    script: `open(E["READONLY"] + "/file", "a").write("x"); escaped()`,
  },
  {
    name: "change the mode of a file that is mounted for reading",
    script: `os.chmod(E["READONLY"] + "/file", 0o777); escaped()`,
  },
  {
    name: "write to /usr",
    root: true,
    script: `open("/usr/.runyard-probe", "w"); os.unlink("/usr/.runyard-probe"); escaped()`,
  },
  {
    name: "write to /etc",
    root: true,
    script: `open("/etc/.runyard-probe", "w"); os.unlink("/etc/.runyard-probe"); escaped()`,
  },
  { name: "write to /", root: true, script: `open("/.runyard-probe", "w"); os.unlink("/.runyard-probe"); escaped()` },
  { name: "read files that others left in /tmp", script: `escaped(b"shared" in text(E["TEMPORARY"]))` },
  { name: "read POSIX shared memory of others", script: `escaped(b"shared" in text(E["SHARED"]))` },
  {
    name: "see System V shared memory of others",
    language: "sh",
    script: `ipcs -m -i "$SHM" | grep -q bytes= && echo ESCAPED`,
  },
  {
    name: "make a device",
    root: true,
    script: `os.mknod("device", 0o20666, os.makedev(1, 5)); escaped(open("device","rb").read(1) == b"\\0")`,
  },
  { name: "read the kernel's log device", root: true, script: `os.open("/dev/kmsg", os.O_RDONLY); escaped()` },
  { name: "look into /sys", script: `escaped(os.path.exists("/sys/kernel"))` },
  {
    name: "use a file by its handle",
    root: true,
    script: `
class H(ctypes.Structure): _fields_ = [("bytes", ctypes.c_uint), ("type", ctypes.c_int), ("data", ctypes.c_ubyte * 128)]
open("handled", "w").write("x"); h = H(128); mount = ctypes.c_int()
call("name_to_handle_at", -100, ctypes.c_char_p(b"handled"), ctypes.byref(h), ctypes.byref(mount), 0)
escaped(call("open_by_handle_at", os.open(".", os.O_RDONLY), ctypes.byref(h), os.O_RDONLY) >= 0)`,
  },

  // Other processes.
  {
    name: "read a server's environment in /proc",
    script: `
for p in pids():
    try:
        if b"RUNYARD_PROBE_SECRET" in text("/proc/%s/environ" % p): escaped(); break
    except OSError: pass`,
  },
  { name: "find the server's variables in one's own environment", script: `escaped("RUNYARD_PROBE_SECRET" in E)` },
  {
    name: "see the command lines of others",
    script: `
for p in pids():
    try:
        if b"probe" + b"-victim" in text("/proc/%s/cmdline" % p): escaped(); break
    except OSError: pass`,
  },
  {
    name: "reach files through /proc/*/root",
    script: `
for p in pids():
    try:
        if b"secret" in text("/proc/%s/root%s" % (p, E["SECRET"])): escaped(); break
    except OSError: pass`,
  },
  {
    name: "reach files through /proc/*/cwd",
    script: `
for p in pids():
    try:
        if b"secret" in text("/proc/%s/cwd/secret" % p): escaped(); break
    except OSError: pass`,
  },
  {
    name: "reach open files through /proc/*/fd",
    script: `
for p in pids():
    try:
        for fd in os.listdir("/proc/%s/fd" % p):
            if os.readlink("/proc/%s/fd/%s" % (p, fd)) == E["SECRET"]: escaped(); sys.exit()
    except OSError: pass`,
  },
  {
    name: "use a descriptor that was left open",
    bare: "with-descriptor",
    script: `
for fd in range(3, 1024):
    try:
        if "secret" in os.listdir(fd): escaped()
    except OSError: pass`,
  },
  {
    name: "read another process's memory map",
    root: true,
    script: `escaped(len(text("/proc/%s/maps" % E["VICTIM"])) > 0)`,
  },
  { name: "signal the server", script: `os.kill(int(E["SERVER"]), 0); escaped()` },
  { name: "signal another process", script: `os.kill(int(E["VICTIM"]), 0); escaped()` },
  { name: "open a handle on another process", script: `escaped(call("pidfd_open", int(E["VICTIM"]), 0) >= 0)` },
  {
    name: "attach to a process by ptrace",
    script: `
pid = os.fork()
if pid == 0:
    import time; time.sleep(20); os._exit(0)
worked = call("ptrace", 16, pid, 0, 0) == 0
os.kill(pid, 9); escaped(worked)`,
  },
  {
    name: "read a process's memory",
    script: `
class V(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
a = ctypes.create_string_buffer(b"abc"); b = ctypes.create_string_buffer(3)
call("process_vm_readv", os.getpid(), ctypes.byref(V(ctypes.addressof(a), 3)), 1, ctypes.byref(V(ctypes.addressof(a), 3)), 1, 0)
escaped(ctypes.get_errno() == 0)`,
  },
  {
    name: "take a descriptor out of a process",
    script: `escaped(call("pidfd_getfd", call("pidfd_open", os.getpid(), 0), 0, 0) >= 0)`,
  },
  { name: "compare processes' insides", script: `escaped(call("kcmp", os.getpid(), os.getpid(), 0, 0, 0) == 0)` },

  // Network.
  { name: "connect to loopback", script: `socket.create_connection(("127.0.0.1", int(E["PORT"])), 2); escaped()` },
  {
    name: "connect to loopback by another of its addresses",
    script: `socket.create_connection(("127.9.8.7", int(E["PORT"])), 2); escaped()`,
  },
  {
    name: "connect to loopback as 0.0.0.0",
    script: `socket.create_connection(("0.0.0.0", int(E["PORT"])), 2); escaped()`,
  },
  {
    name: "connect to the metadata address",
    root: true,
    bare: "own-network",
    script: `socket.create_connection(("169.254.169.254", 8080), 2); escaped()`,
  },
  {
    name: "send a datagram over loopback",
    script: `
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2); s.connect(("127.0.0.1", int(E["UDP_PORT"]))); s.send(b"ping"); escaped(s.recv(9) == b"pong")`,
  },
  {
    name: "connect to the server's socket file",
    script: `s = socket.socket(socket.AF_UNIX); s.connect(E["SOCKET"]); escaped()`,
  },
  {
    name: "connect to an abstract socket",
    script: `s = socket.socket(socket.AF_UNIX); s.connect("\\0" + E["ABSTRACT"]); escaped()`,
  },
  { name: "see the machine's sockets", script: `escaped("%04X" % int(E["PORT"]) in open("/proc/net/tcp").read())` },
  { name: "see abstract sockets", script: `escaped(E["ABSTRACT"] in open("/proc/net/unix").read())` },
  {
    name: "open a packet socket",
    root: true,
    script: `socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 768); escaped()`,
  },
  { name: "open a raw socket", root: true, script: `socket.socket(socket.AF_INET, socket.SOCK_RAW, 1); escaped()` },
  {
    name: "talk to the host of a virtual machine",
    script: `socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM); escaped()`,
  },
  { name: "learn the machine's name", script: `escaped(socket.gethostname() == E["MACHINE"])` },

  // Namespaces, mounts, privileges.
  { name: "make a user namespace by unshare", script: `escaped(call("unshare", ${newUser}) == 0)` },
  {
    name: "make a user namespace by clone",
    script: `
r = call("clone", ${newUser} | 17, 0, 0, 0, 0)
if r == 0: os._exit(0)
escaped(r > 0)`,
  },
  {
    name: "make a user namespace by clone3",
    script: `
a = (ctypes.c_ulonglong * 11)(); a[0] = ${newUser}; a[4] = 17
r = call("clone3", ctypes.byref(a), 88)
if r == 0: os._exit(0)
escaped(r > 0)`,
  },
  { name: "make a mount namespace", root: true, script: `escaped(call("unshare", 0x20000) == 0)` },
  { name: "make a network namespace", root: true, script: `escaped(call("unshare", 0x40000000) == 0)` },
  {
    name: "enter another process's namespace",
    root: true,
    script: `escaped(call("setns", os.open("/proc/%s/ns/uts" % E["VICTIM"], os.O_RDONLY), 0) == 0)`,
  },
  {
    name: "mount a file system",
    root: true,
    script: `
os.mkdir("mountpoint"); r = call("mount", ctypes.c_char_p(b"none"), ctypes.c_char_p(b"mountpoint"), ctypes.c_char_p(b"tmpfs"), 0, None)
if r == 0: call("umount2", ctypes.c_char_p(b"mountpoint"), 2)
escaped(r == 0)`,
  },
  {
    name: "make /usr writable again",
    root: true,
    script: `reaches("mount", ctypes.c_char_p(b"none"), ctypes.c_char_p(b"/usr"), None, 32 | 4096 | 16, None)`,
  },
  { name: "take a mount away", root: true, script: `reaches("umount2", ctypes.c_char_p(b"/nowhere"), 2)` },
  { name: "open a new file system", root: true, script: `escaped(call("fsopen", ctypes.c_char_p(b"tmpfs"), 0) >= 0)` },
  { name: "clone a mount", root: true, script: `escaped(call("open_tree", -100, ctypes.c_char_p(b"/"), 1) >= 0)` },
  { name: "change the root folder", root: true, script: `escaped(call("chroot", ctypes.c_char_p(b".")) == 0)` },
  { name: "become root", root: true, script: `os.setuid(0); escaped(os.getuid() == 0)` },
  {
    name: "become root through a set-user-id program",
    root: true,
    bare: "unprivileged",
    language: "sh",
    script: `[ "$(./set-user-id -u)" = 0 ] && echo ESCAPED`,
  },
  {
    name: "have capabilities",
    root: true,
    script: `escaped(any(int(l.split()[1], 16) for l in open("/proc/self/status") if l.startswith("CapEff")))`,
  },
  {
    name: "own capabilities that a program could gain",
    root: true,
    script: `escaped(any(int(l.split()[1], 16) for l in open("/proc/self/status") if l.startswith("CapBnd")))`,
  },
  {
    name: "give a file to somebody else",
    root: true,
    script: `open("given", "w"); os.chown("given", 1, 1); escaped()`,
  },
  { name: "join another group", root: true, script: `os.setgroups([4]); escaped()` },
  { name: "raise the priority", root: true, script: `os.nice(-5); escaped()` },
  {
    name: "use 300 MB of memory, spared by the kernel",
    root: true,
    limits: { wallMs: 3000 },
    script: `
try: open("/proc/self/oom_score_adj", "w").write("-1000")
except OSError: pass
b = bytearray(300 << 20); b[::4096] = b"x" * len(b[::4096]); escaped()`,
  },
  {
    name: "leave the cgroup",
    root: true,
    script: `
import glob
for f in glob.glob("/sys/fs/cgroup/**/cgroup.procs", recursive=True):
    os.open(f, os.O_WRONLY); escaped(); break`,
  },

  // The kernel.
  {
    name: "change a kernel setting",
    root: true,
    script: `v = open("/proc/sys/kernel/core_pattern").read(); open("/proc/sys/kernel/core_pattern", "w").write(v); escaped()`,
  },
  { name: "read the kernel's log", root: true, script: `escaped(call("syslog", 10, 0, 0) >= 0)` },
  {
    name: "add a key to a key ring",
    script: `escaped(call("add_key", ctypes.c_char_p(b"user"), ctypes.c_char_p(b"probe"), ctypes.c_char_p(b"x"), 1, -2) > 0)`,
  },
  {
    name: "search the key rings",
    script: `reaches("request_key", ctypes.c_char_p(b"user"), ctypes.c_char_p(b"none"), None, -2)`,
  },
  { name: "look at the session's key ring", script: `escaped(call("keyctl", 0, -3, 1) > 0)` },
  {
    name: "load a BPF map",
    root: true,
    script: `
a = (ctypes.c_uint * 32)(); a[0] = 2; a[1] = 4; a[2] = 4; a[3] = 1
escaped(call("bpf", 0, ctypes.byref(a), 72) >= 0)`,
  },
  {
    name: "count the processor's events",
    root: true,
    script: `
a = (ctypes.c_uint * 32)(); a[0] = 1; a[1] = 112
escaped(call("perf_event_open", ctypes.byref(a), 0, -1, -1, 0) >= 0)`,
  },
  { name: "handle page faults", root: true, script: `escaped(call("userfaultfd", 0) >= 0)` },
  {
    name: "set up io_uring",
    script: `
a = (ctypes.c_uint * 30)()
escaped(call("io_uring_setup", 1, ctypes.byref(a)) >= 0)`,
  },
  { name: "watch a whole file system", root: true, script: `reaches("fanotify_init", 0, 0)` },
  { name: "restart the machine", root: true, script: `reaches("reboot", 0, 0, 0, None)` },
  { name: "swap to a file", root: true, script: `reaches("swapon", ctypes.c_char_p(b"/nowhere"), 0)` },
  {
    name: "rename the machine",
    root: true,
    script: `n = os.uname().nodename.encode(); escaped(call("sethostname", ctypes.c_char_p(n), len(n)) == 0)`,
  },
  {
    name: "read the clock's adjustment",
    script: `b = ctypes.create_string_buffer(512); escaped(call("adjtimex", b) >= 0)`,
  },
  {
    name: "type into a terminal",
    root: true,
    script: `
import fcntl, pty
m, s = pty.openpty(); fcntl.ioctl(s, 0x5412, b"x"); escaped()`,
  },
  {
    name: "call the kernel as a 32-bit program",
    script: `
import mmap
m = mmap.mmap(-1, 4096, prot=7); m.write(bytes.fromhex("b814000000cd80c3" if x64 else ""))
f = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m))); escaped(f() == os.getpid())`,
  },

  // More than its share. The bare runs are as bounded as these.
  {
    name: "start 200 processes",
    script: `
children = []
try:
    for _ in range(200):
        pid = os.fork()
        if pid == 0:
            import time; time.sleep(20); os._exit(0)
        children.append(pid)
    escaped()
finally:
    for pid in children: os.kill(pid, 9)`,
  },
  {
    name: "start 200 threads",
    script: `
import threading
done = threading.Event()
try:
    for _ in range(200): threading.Thread(target=done.wait, daemon=True).start()
    escaped()
finally: done.set()`,
  },
  { name: "use 300 MB of memory", script: `b = bytearray(300 << 20); b[::4096] = b"x" * len(b[::4096]); escaped()` },
  {
    name: "use 300 MB of memory in two processes",
    script: `
pid = os.fork()
b = bytearray(150 << 20); b[::4096] = b"x" * len(b[::4096])
if pid == 0:
    import time; time.sleep(1); os._exit(0)
os.waitpid(pid, 0)[1] == 0 and escaped()`,
  },
  {
    name: "fill /tmp",
    script: `
import tempfile
with tempfile.NamedTemporaryFile(dir="/tmp") as f:
    for _ in range(10): f.write(b"x" * (4 << 20))
    f.flush(); escaped()`,
  },
  {
    name: "fill /tmp with many files",
    script: `
import tempfile
with tempfile.TemporaryDirectory(dir="/tmp") as d:
    for n in range(10): open("%s/%d" % (d, n), "wb").write(b"x" * (4 << 20))
    escaped()`,
  },
  {
    name: "fill the shared memory",
    script: `
import tempfile
with tempfile.NamedTemporaryFile(dir="/dev/shm") as f:
    for _ in range(10): f.write(b"x" * (4 << 20))
    f.flush(); escaped()`,
  },
  {
    name: "write a large file into the workspace",
    script: `
f = open("large", "wb")
for _ in range(10): f.write(b"x" * (4 << 20))
f.flush(); os.unlink("large"); escaped()`,
  },
  {
    name: "fill the workspace with many files",
    script: `
import time
for n in range(40): open("part%d" % n, "wb").write(b"x" * (2 << 20)); time.sleep(0.05)
escaped()`,
  },
  {
    name: "fill the workspace with deleted files",
    script: `
import time
held = []
for n in range(40):
    f = open("held", "wb"); os.unlink("held"); f.write(b"x" * (2 << 20)); f.flush(); held.append(f); time.sleep(0.05)
escaped()`,
  },
  {
    name: "print 4 MB",
    script: `
for _ in range(64): sys.stdout.write("x" * 65536)
sys.stdout.flush(); escaped()`,
  },
  {
    name: "print 4 MB of errors",
    script: `
for _ in range(64): sys.stderr.write("x" * 65536)
escaped()`,
  },
  { name: "open 300 files", script: `files = [open("/dev/null") for _ in range(300)]; escaped()` },
  {
    name: "use 2 s of processor time",
    limits: { cpuSeconds: 1 },
    script: `
import time
while time.process_time() < 2: pass
escaped()`,
  },
  {
    name: "use 2 s of processor time in pieces",
    limits: { cpuSeconds: 1 },
    script: `
import time
for _ in range(8):
    pid = os.fork()
    if pid == 0:
        while time.process_time() < 0.25: pass
        os._exit(0)
    os.waitpid(pid, 0)
escaped()`,
  },
];
