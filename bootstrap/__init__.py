"""From a bare machine to a running city: packages, environment, private cluster, server and worker.

Everything that runs before the virtual environment exists is written with the standard library alone; modules that
need more say so in their first line.
"""
