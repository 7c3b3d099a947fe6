import type { ChildProcess } from "node:child_process";
import { Server } from "node:net";
import { descriptors } from "../bubblewrap-arguments.ts";

/** On the loopback device of each program's own network namespace, so that it is always the same. */
const proxyPort = 3128;

/**
 * Runs inside, before the program: makes a listening socket, gives it to the server over the channel of Node's child
 * processes, and becomes the program. So the proxy runs in the server, and nothing has to run beside the program. The
 * modules are the interpreter's own, which are there at once; signals are set back to what a program expects.
 */
const script = `
import sys, os, _socket, _signal
listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
listener.bind(("127.0.0.1", ${proxyPort}))
listener.listen(64)
channel = _socket.socket(fileno=${descriptors.hand})
channel.sendmsg([b'{"cmd":"NODE_HANDLE","type":"net.Server","msg":{}}\\n'],
    [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, listener.fileno().to_bytes(4, sys.byteorder))])
channel.close()
listener.close()
_signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
_signal.signal(_signal.SIGXFSZ, _signal.SIG_DFL)
try:
    os.execvp(sys.argv[1], sys.argv[1:])
except OSError as error:
    sys.stderr.write("sandbox: cannot execute %s: %s\\n" % (sys.argv[1], error.strerror))
    sys.exit(127)
`;

/** @param python as it is inside */
export function handOverCommand(python: string, command: readonly string[]): string[] {
  return [python, "-I", "-S", "-c", script, ...command];
}

/** What makes programs use the proxy, in the spellings that they know. */
export function proxyEnvironment(): Record<string, string> {
  const url = `http://127.0.0.1:${proxyPort}`;
  const variables = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].flatMap((name) => [name, name.toLowerCase()]);
  return {
    ...Object.fromEntries(variables.map((name) => [name, url])),
    NO_PROXY: "",
    no_proxy: "",
    NODE_USE_ENV_PROXY: "1",
  };
}

/** Takes the listening socket of a program that is being started; the channel serves for nothing else. */
export function takeListener(child: ChildProcess, onListener: (listener: Server) => void): void {
  child.once("message", (_, handle) => {
    if (child.connected) child.disconnect();
    if (handle instanceof Server) onListener(handle);
  });
}
