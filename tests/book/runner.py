"""Runs lists of cells, one list a line of JSON on stdin, each in a fork of this process that has everything imported:
a fresh process as a Jupyter kernel is, without the seconds that a kernel takes to begin and to import what all chapters do.
Answers with a line of JSON: for each cell its error, if any, and what it wrote to stdout and stderr."""

import json
import os
import sys
import warnings

sys.path[0] = os.getcwd()  # as in a kernel, in place of this file's folder
errors: list[str] = []  # of the cell that is running


def shell():
    """IPython as Jupyter has it: figures in line, and every format of a value is made, not only its text."""
    from IPython.core.history import HistoryManager
    from IPython.core.interactiveshell import InteractiveShell

    class Shell(InteractiveShell):
        def enable_gui(self, gui=None):
            """There is no window."""

        def init_history(self):
            """Nothing is kept: a thread would write it, and threads don't survive a fork."""
            self.history_manager = HistoryManager(shell=self, parent=self, enabled=False)

        def _showtraceback(self, etype, evalue, stb):
            """Of a cell's code, or of a value that fails when it is shown."""
            errors.append(f"{etype.__name__}: {evalue}")

    made = Shell.instance()
    made.display_formatter.active_types = made.display_formatter.format_types
    made.enable_matplotlib("inline")
    return made


def executed(codes):
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    found = []
    for code in codes:
        errors.clear()
        with capture_output() as told:
            InteractiveShell.instance().run_cell(code)
        found.append({"error": errors[0] if errors else None, "stdout": told.stdout, "stderr": told.stderr})
    return found


def main():
    warnings.filterwarnings("error", module=r"superposition(\.|$)")  # as a chapter's set-up does, before it imports
    # What chapters import, all parts with it.
    import matplotlib.pyplot  # noqa: F401
    import scipy.stats  # noqa: F401
    import torch  # noqa: F401

    from superposition import book, claims, figures  # noqa: F401

    claims.registry()
    shell()
    for line in sys.stdin:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            answer = json.dumps(executed(json.loads(line)))
            with os.fdopen(write, "w") as out:
                out.write(answer)
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
        print(answer or "null", flush=True)


if __name__ == "__main__":
    main()
