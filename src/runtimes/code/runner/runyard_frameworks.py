"""How agents of the known frameworks are called. None of them is imported unless the agent's own code did."""

import sys

runner = sys.modules["__main__"]


def _with(target, inputs, method, names):
    """The object that has the method: the entry point itself, or what it holds under one of the names."""
    target = runner.instance(target, inputs)
    if hasattr(target, method):
        return target
    for name in names:
        inner = getattr(target, name, None)
        if inner is not None and not hasattr(inner, method) and callable(inner):
            inner = inner()  # a method that builds it
        if hasattr(inner, method):
            return inner
    raise TypeError(
        "the entry point is a %s, which has no '%s', and neither has anything under %s"
        % (type(target).__name__, method, ", ".join("'.%s'" % name for name in names))
    )


def _text_of(value):
    """Of a message its content; of anything else itself."""
    content = getattr(value, "content", None)
    return value if content is None else content


def langchain(target, inputs):
    target = _with(target, inputs, "invoke", ("chain", "agent", "runnable", "pipeline"))
    result = _text_of(runner.awaited(target.invoke(inputs)))
    if isinstance(result, dict) and "status" not in result and "_charm_render_type" not in result:
        for name in ("output", "text", "result", "answer"):
            if name in result:
                return _text_of(result[name])
    return result


def langgraph(target, inputs):
    target = runner.instance(target, inputs)
    if not hasattr(target, "invoke") and hasattr(target, "compile"):
        target = target.compile()
    graph = _with(target, inputs, "invoke", ("app", "graph"))
    given = dict(inputs)
    thread = given.pop("thread_id", None) or given.pop("__charm_thread_id__", None) or "default_thread"
    if "messages" not in given and "input" in given:
        given["messages"] = [_message(str(given.pop("input")))]
    if "messages" in given and not isinstance(given["messages"], list):
        given["messages"] = [given["messages"]]
    config = {"configurable": {"thread_id": thread}, "recursion_limit": 50}
    result = runner.awaited(graph.invoke(given, config))
    output = _output_of(result)
    waiting = _waiting(graph, config)
    if waiting:
        return {"status": "suspended", "thread_id": thread, "next_step": waiting, "output": output}
    return {"status": "success", "output": output}


def _message(text):
    messages = sys.modules.get("langchain_core.messages")
    return {"role": "user", "content": text} if messages is None else messages.HumanMessage(content=text)


def _output_of(result):
    if not isinstance(result, dict) or "_charm_render_type" in result:
        return _text_of(result)
    if result.get("messages"):
        last = result["messages"][-1]
        return last.get("content") if isinstance(last, dict) else _text_of(last)
    for name in ("generation", "output"):
        if name in result:
            return _text_of(result[name])
    return result


def _waiting(graph, config):
    """The nodes that a person has to release; nothing for a graph that keeps no state."""
    try:
        return list(graph.get_state(config).next)
    except Exception:
        return []


def crewai(target, inputs):
    crew = _with(target, inputs, "kickoff", ("crew",))
    given = {name: value for name, value in inputs.items() if name != "__charm_state__"}
    result = runner.awaited(crew.kickoff(inputs=given))
    raw = getattr(result, "raw", None)
    return result if raw is None else raw
