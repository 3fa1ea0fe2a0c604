"""A project of four light nodes that say something, ask something or fail, as variables tell."""

NODES = """
import logging
import os
import subprocess
import sys
import time

logger = logging.getLogger("my_iris.nodes")


def deeper(x):
    raise ValueError("the node's own [red]error[/red]")


def first(x):
    print("a line of the node")
    logger.warning("a warning of the node")
    logger.info("an info of the node")
    return x


def second(x):
    do = os.environ.get("NODE_DOES", "")
    if do == "raise":
        deeper(x)
    elif do == "recurse":
        second(x)
    elif do == "program":
        time.sleep(1.5)
        subprocess.run(["echo", "a program's line"], check=True)
        time.sleep(1)
    elif do == "chain":
        try:
            deeper(x)
        except ValueError as error:
            raise RuntimeError("what came of it") from error
    elif do == "exit":
        sys.exit(7)
    elif do == "ask":
        time.sleep(1.2)
        print("hello", input("your name? "))
    elif do == "read":
        print("which?")
        print("read", sys.stdin.readline().strip(), "of", type(sys.stdin).__name__)
    elif do == "password":
        from getpass import getpass

        print("got", getpass("Password: "))
    elif do == "debug":
        time.sleep(1.2)
        breakpoint()
    elif do == "half":
        sys.stdout.write("half ")
        sys.stdout.flush()
        time.sleep(1.5)
        print("and half")
    elif do == "dots":
        for _ in range(8):
            print(".", end="", flush=True)
            time.sleep(0.3)
        print()
    elif do == "rich":
        from rich.progress import track

        sum(track(range(3)))
    time.sleep(float(os.environ.get("NODE_SLEEPS", 0)))
    return x


def third(x):
    time.sleep(1.6)
    return x, 0.5


def fourth(x, y):
    return [x, y]
"""
PIPELINE = """[
    node(n.first, "params:target", "a", name="first"),
    node(n.second, "a", "b", name="second"),
    node(n.third, "params:target", ["c", "share"], name="third"),
    node(n.fourth, ["b", "c"], "joined", name="fourth"),
]"""
CATALOG = '{"share": MLflowDataSet(dataset="m"), "joined": MLflowDataSet(dataset="json")}'
# How Kedro's console begins a line of the log that is no warning.
INFO = "INFO "
