"""The Jupyter Server extension: passes the browser through to the user's own engine.

Below ``{base_url}jupyter-capture/``: ``engine/<path>`` is the engine's ``<path>``, for HTTP and
websockets; ``health`` says whether an engine runs, or why none does.
"""
