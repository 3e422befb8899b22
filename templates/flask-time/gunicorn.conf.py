"""Settings of gunicorn, which reads this file by its name."""

import os

from gunicorn.glogging import Logger


class QuietLogger(Logger):
    """The access log without Kubernetes' probes, which ask every second."""

    def access(self, resp, req, environ, request_time):
        if req.path != "/healthz":
            super().access(resp, req, environ, request_time)


bind = f"0.0.0.0:{os.environ.get('PORT', '8080')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
threads = 8
# Heartbeats in memory: the root file system is read-only.
worker_tmp_dir = "/dev/shm"
# Nobody controls it from inside of the container, and there is nowhere to put the socket.
control_socket_disable = True
accesslog = "-"
logger_class = QuietLogger
# Below Kubernetes' 30 s, so that a rolling update never cuts a request.
graceful_timeout = 20
