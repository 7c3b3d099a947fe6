"""Runs one agent in the sandbox: loads its entry point, calls it with the input and prints what comes of it as events.

Started as `python3 -I -S runner.py` with one JSON object on standard input (`pythonJob` in run-program.ts), or with `--serve` to stay
and take one job after the other (runyard_serve.py). Python 3.9 and newer, nothing but the standard library. A start of the
interpreter is most of what a small agent costs, so whatever takes milliseconds to import (json, inspect, asyncio,
traceback) is imported where it is needed and nowhere else.
"""

import os
import sys

PREFIX = "__CHARM_EVENT__"


class LoadError(Exception):
    """The entry point cannot be had."""


# JSON. The accelerator of the json package does all of it; the package itself takes longer to import than Python to start.


class _Plain:
    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def read_json(text):
    try:
        from _json import make_scanner

        scan = make_scanner(_Plain)
    except Exception:
        import json

        return json.loads(text)
    return scan(text.strip(), 0)[0]


def write_json(value):
    """Always valid JSON: what has no form in it becomes one that has (NaN null, a set a list, an unknown object its text)."""
    try:
        try:
            from _json import encode_basestring_ascii, make_encoder

            encode = make_encoder({}, in_plain_words, encode_basestring_ascii, None, ":", ",", False, False, False)
        except (ImportError, TypeError):
            import json

            return json.dumps(value, default=in_plain_words, allow_nan=False)
        return "".join(encode(value, 0))
    except (TypeError, ValueError, RecursionError):
        import json

        return json.dumps(cleaned(value, 0), allow_nan=False)


def in_plain_words(value):
    for name in ("model_dump", "to_dict", "dict"):
        method = getattr(value, name, None)
        if callable(method) and not isinstance(value, type):
            try:
                return method()
            except Exception:
                pass
    if isinstance(value, (set, frozenset)):
        return list(value)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    fields = getattr(value, "__dataclass_fields__", None)
    if fields is not None and not isinstance(value, type):
        return {name: getattr(value, name) for name in fields}
    return str(value)


def cleaned(value, depth):
    if depth > 100:
        return str(type(value))
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else None  # not a number, or endless
    if isinstance(value, dict):
        return {str(key): cleaned(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [cleaned(item, depth + 1) for item in value]
    return cleaned(in_plain_words(value), depth + 1)


# Output.


def write_line(text):
    """In one piece where the system allows it, so that lines of threads and children do not mix."""
    rest = memoryview(text.encode("utf-8", "replace"))
    while rest:
        rest = rest[os.write(1, rest) :]


def emit(event):
    flush()
    # The line break in front ends what the agent printed without one; an empty line is not shown.
    write_line("\n" + PREFIX + write_json(event) + "\n")


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


def format_of(value):
    if isinstance(value, dict) and "_charm_render_type" in value:
        return "rich_component"
    return "json" if isinstance(value, (dict, list, tuple)) else "markdown"


def emit_result(result):
    """An object with a `status` says how it went; anything else is the output."""
    if not (isinstance(result, dict) and "status" in result):
        result = {"status": "success", "output": result}
    status = result["status"]
    state = result.get("charm_state")
    if state and status in ("success", "suspended"):
        emit({"type": "state_update", "content": state if isinstance(state, str) else write_json(state)})
    if status == "success":
        emit_final(result.get("output"))
    elif status == "suspended":
        thread, step = result.get("thread_id"), result.get("next_step")
        emit({"type": "control", "status": "suspended", "thread_id": thread, "next_step": step})
        if "output" in result:
            emit_final(result["output"])
    else:
        emit({"type": "error", "content": str(result.get("message") or "Unknown error")})


def emit_final(output):
    emit({"type": "final", "content": output, "format": format_of(output)})


# The entry point.


def load(entry_point):
    """`module:attribute`, both with dots if need be; the module may be written as a file."""
    if not entry_point:
        raise LoadError("The agent names no entry point; expected module:attribute.")
    name, _, attribute = entry_point.partition(":")
    if not name or not attribute:
        raise LoadError("The entry point '%s' is not of the form module:attribute." % entry_point)
    if name.endswith(".py"):
        name = name[:-3].replace("/", ".").lstrip(".")
    try:
        __import__(name)
        target = sys.modules[name]
    except Exception as error:
        print_traceback()
        raise LoadError("Could not load '%s': %s: %s" % (entry_point, type(error).__name__, error)) from error
    for part in attribute.split("."):
        if not hasattr(target, part):
            raise LoadError("The module '%s' has no '%s'." % (name, attribute))
        target = getattr(target, part)
    return target


def instance(target, inputs):
    """A class is made an object of: without arguments, else with the inputs."""
    if not isinstance(target, type):
        return target
    try:
        return target()
    except TypeError:
        return target(inputs)


def parameters(call):
    """(names that may come by position only, other names, names with a default, whether `**` takes the rest), or None."""
    function = getattr(call, "__func__", call)
    code = getattr(function, "__code__", None)
    if code is None or hasattr(function, "__wrapped__"):
        return inspected(call)
    positional = list(code.co_varnames[: code.co_argcount])
    keyword = list(code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount])
    defaults = function.__defaults__ or ()
    optional = set(positional[len(positional) - len(defaults) :]) | set(function.__kwdefaults__ or {})
    only = positional[: code.co_posonlyargcount]
    others = positional[code.co_posonlyargcount :] + keyword
    if function is not call:  # bound: its first one is given
        (only or others).pop(0)
    return only, others, optional, bool(code.co_flags & 0x08)


def inspected(call):
    import inspect

    try:
        found = inspect.signature(call).parameters.values()
    except (TypeError, ValueError):
        return None
    only = [one.name for one in found if one.kind is one.POSITIONAL_ONLY]
    others = [one.name for one in found if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    optional = {one.name for one in found if one.default is not one.empty}
    return only, others, optional, any(one.kind is one.VAR_KEYWORD for one in found)


def call_by_name(call, inputs):
    """Each parameter gets the input field of its name, `inputs` all of them, `callbacks` a list, `**` the rest."""
    known = parameters(call)
    if known is None:
        return call(inputs)
    only, others, optional, takes_rest = known
    given = {"callbacks": [], **inputs, "inputs": inputs}
    missing = [name for name in only + others if name not in given and name not in optional]
    if missing:
        raise TypeError("missing a required argument: '%s'" % missing[0])
    args = [given[name] for name in only if name in given]
    kwargs = {name: given[name] for name in others if name in given}
    if takes_rest:
        kwargs.update({name: value for name, value in inputs.items() if name not in only})
        kwargs.update({name: given[name] for name in others if name in given})
    return call(*args, **kwargs)


def awaited(result):
    if not hasattr(result, "__await__"):
        return result
    import asyncio

    async def wait():
        return await result

    return asyncio.run(wait())


def custom(target, inputs):
    target = instance(target, inputs)
    call = getattr(target, "invoke", None) or getattr(target, "run", None) or target
    if not callable(call):
        return {
            "status": "error",
            "message": "The entry point is a %s; expected a function, or an object with invoke or run."
            % type(target).__name__,
        }
    try:
        return awaited(call_by_name(call, inputs))
    except TypeError as error:
        print_traceback()
        name = getattr(call, "__name__", type(target).__name__)
        return {"status": "error", "message": "Function signature mismatch for '%s': %s" % (name, error)}


def adapter_of(name):
    if name in ("python", "custom"):
        return custom
    return getattr(beside("frameworks"), name)


def beside(name):
    """A module of ours, which must not be found by the agent's own imports."""
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, folder)
    try:
        return __import__("runyard_" + name)
    finally:
        sys.path.remove(folder)


def call_agent(target, adapter, inputs):
    """Never raises because of the agent, unless the agent asks to exit."""
    try:
        emit_result(adapter_of(adapter)(target, inputs))
    except Exception as error:
        print_traceback()
        emit({"type": "error", "content": "Agent Execution Failed: %s" % error})


def print_traceback():
    import traceback

    traceback.print_exc()


# The job.


def copy_tree(source, target):
    """Copies a folder over another, with times and modes: by its times the server knows what the agent has changed."""
    with os.scandir(source) as entries:
        for entry in entries:
            path = target + "/" + entry.name
            if entry.is_dir(follow_symlinks=False):
                if os.path.islink(path) or not os.path.isdir(path):
                    remove(path)
                    os.mkdir(path)
                copy_tree(entry.path, path)
                continue
            remove(path)
            if entry.is_symlink():
                os.symlink(os.readlink(entry.path), path)
            else:
                copy_file(entry, path)


def remove(path):
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def copy_file(entry, path):
    info = entry.stat()
    source = os.open(entry.path, os.O_RDONLY)
    output = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        while True:
            block = os.read(source, 1 << 20)
            if not block:
                break
            while block:
                block = block[os.write(output, block) :]
        os.fchmod(output, (info.st_mode & 0o777) | 0o600)
        os.utime(output, ns=(info.st_atime_ns, info.st_mtime_ns))
    finally:
        os.close(source)
        os.close(output)


def prepare(job):
    for source in job.get("copies", []):
        copy_tree(source, os.getcwd())
    sys.dont_write_bytecode = True  # the copy goes away with the run
    sys.path[:0] = [os.getcwd(), *job.get("paths", [])]
    sys.argv = [job.get("entryPoint") or "agent"]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace", line_buffering=True)
    # Normally given by the module site, which `-S` leaves out.
    import builtins

    builtins.exit = builtins.quit = sys.exit


def read_all():
    blocks = []
    while True:
        block = os.read(0, 1 << 16)
        if not block:
            break
        blocks.append(block)
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return b"".join(blocks).decode("utf-8")


def run_job(job):
    prepare(job)
    if job.get("charm"):
        return beside("charm").run(job["input"])
    try:
        target = load(job.get("entryPoint"))
    except LoadError as error:
        emit({"type": "error", "content": str(error)})
        return 1
    call_agent(target, job["adapter"], job["input"])
    return 0


def exit_code(error):
    code = error.code
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def leave(code):
    """Ends like the interpreter does, without the time that it takes to clear away all modules."""
    if "threading" in sys.modules:
        sys.modules["threading"]._shutdown()
    import atexit

    atexit._run_exitfuncs()
    flush()
    os._exit(code)


def main():
    if "--serve" in sys.argv:
        code = beside("serve").serve(sys.modules[__name__])
    else:
        try:
            code = run_job(read_json(read_all()))
        except SystemExit as error:
            code = exit_code(error)
    leave(code)


if __name__ == "__main__":
    main()
