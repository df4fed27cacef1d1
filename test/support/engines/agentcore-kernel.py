"""What a session of AgentCore has inside, for the stand-in: one Python context, asked by lines of JSON, answering on descriptor 3.

As in the service the two outputs come back apart, whole and at the end, and the context is kept.
"""
import io
import json
import os
import sys
import threading
import traceback

answers = os.fdopen(3, "w")
context = {"__name__": "__main__", "__builtins__": __builtins__}
# What a child process writes goes nowhere, unless the code sees to it.
nowhere = os.open(os.devnull, os.O_RDWR)
os.set_inheritable(3, False)
exec(sys.argv[1], context)
answers.write("begun\n")
answers.flush()


def run(code):
    global failed
    try:
        exec(compile(code, "<stdin>", "exec"), context)
    except BaseException:
        failed = True
        traceback.print_exc(file=said[1])


for line in sys.stdin:
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    said, failed = [io.StringIO(), io.StringIO()], False
    sys.stdout, sys.stderr = said
    if sys.argv[2] == "aside":
        beside = threading.Thread(target=run, args=[json.loads(line)["code"]])
        beside.start()
        beside.join()
    else:
        run(json.loads(line)["code"])
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    answers.write(json.dumps({"stdout": said[0].getvalue(), "stderr": said[1].getvalue(), "failed": failed}) + "\n")
    answers.flush()
