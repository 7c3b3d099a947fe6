"""Stays alive and takes one job after the other: how daemons run.

Standard input brings JSON lines. The first is {"token", "entryPoint", "adapter", "charm", "copies", "paths"}; then come
{"job": id, "input", "environment", "workingDirectory", "copies"} and {"ping": any}. What we say ourselves are lines of standard
output that begin with the token, which no agent can say by accident: {"ready": true} or {"ready": false, "error"},
{"started": id}, {"done": id, "exitCode"}, {"pong": any}. What stands between `started` and `done` belongs to that job.
Pings are answered while a job runs.
"""

import os
import sys
import threading


def serve(runner):
    lines = read_lines()
    first = next(lines, None)
    if first is None:
        return 0
    settings = runner.read_json(first)
    token = settings["token"]
    lock = threading.Lock()

    def say(what):
        with lock:
            runner.flush()
            runner.write_line("\n" + token + " " + runner.write_json(what) + "\n")

    runner.prepare(settings)
    target = None
    if not settings.get("charm"):
        try:
            target = runner.load(settings.get("entryPoint"))
            if isinstance(target, type):
                target = kept_instance(target)
        except runner.LoadError as error:
            say({"ready": False, "error": str(error)})
            return 1
        except SystemExit as error:
            say({"ready": False, "error": "The agent ended while it was loaded (%s)." % error})
            return 1
    import queue

    jobs = queue.SimpleQueue()
    threading.Thread(target=listen, args=(runner, lines, jobs, say), daemon=True).start()
    say({"ready": True})
    while True:
        job = jobs.get()
        if job is None:
            return 0
        say({"started": job["job"]})
        code = one_job(runner, settings, target, job)
        say({"done": job["job"], "exitCode": code})


def kept_instance(target):
    """One object for all jobs, unless it wants to be made of the inputs."""
    try:
        return target()
    except TypeError:
        return target


def listen(runner, lines, jobs, say):
    for line in lines:
        message = runner.read_json(line)
        if "ping" in message:
            say({"pong": message["ping"]})
        elif "job" in message:
            jobs.put(message)
    jobs.put(None)


def read_lines():
    # Read below the layer that the agent could touch; the agent's own standard input is empty.
    source = os.fdopen(os.dup(0), "rb")
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    for line in source:
        if line.strip():
            yield line.decode("utf-8")


def one_job(runner, settings, target, job):
    before = dict(os.environ)
    folder = os.getcwd()
    own = None
    try:
        os.environ.update(job.get("environment") or {})
        if job.get("workingDirectory"):
            os.chdir(job["workingDirectory"])
        if job.get("copies"):
            own = own_folder(runner, job["copies"])
        if settings.get("charm"):
            return in_child(lambda: runner.beside("charm").run(job["input"]), runner)
        runner.call_agent(target, settings["adapter"], job["input"])
        return 0
    except SystemExit as error:
        return runner.exit_code(error)
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)
        os.chdir(folder)
        if own is not None:
            remove(own)
        runner.flush()


def own_folder(runner, sources):
    """A job that brings files has a working directory of its own."""
    import tempfile

    folder = tempfile.mkdtemp(prefix="job-")
    os.chdir(folder)
    for source in sources:
        runner.copy_tree(source, folder)
    return folder


def remove(folder):
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def in_child(work, runner):
    """A command line is made for one call a process."""
    runner.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = work()
        except SystemExit as error:
            code = runner.exit_code(error)
        except BaseException:
            runner.print_traceback()
        runner.flush()
        os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
