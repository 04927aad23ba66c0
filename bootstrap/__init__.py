"""From a bare machine to a running city: packages, environment, private cluster, server and worker.

Everything that runs before the virtual environment exists uses only the standard library; modules that need
more say so in their first line.
"""
